using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.Tests.Controllers;

/// <summary>Runs after all others: what is big would show in what they measure.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Crowd
{
    public const string Name = "crowd";
}

[Collection(Crowd.Name)]
public sealed class CrowdTests
{
    [Fact]
    public async Task Ten_thousand_pods_go_with_their_namespace()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { SimulateNodes = false });
        await cluster.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: crowd}");
        await cluster.WaitAsync("v1", "ServiceAccount", "default", _ => true, "crowd");
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: crowd}
            spec:
              replicas: 10000
              selector: {matchLabels: {app: web}}
              template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: web}]}}
            """);
        for (int i = 0; i < 3000 && (await cluster.GetAsync("apps/v1", "Deployment", "web", "crowd"))!.Status().Int("replicas") < 10_000; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Equal(10_000, (await cluster.ListAsync("v1", "Pod", "crowd")).Count);
        await cluster.DeleteAsync("v1", "Namespace", "crowd", string.Empty);
        for (int i = 0; i < 6000 && await cluster.GetAsync("v1", "Namespace", "crowd", string.Empty) is not null; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Null(await cluster.GetAsync("v1", "Namespace", "crowd", string.Empty));
        Assert.Empty(await cluster.ListAsync("v1", "Pod", "crowd"));
    }
}
