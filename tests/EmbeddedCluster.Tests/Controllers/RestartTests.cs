using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.Tests.Controllers;

public sealed class RestartTests
{
    [Fact]
    public async Task Controllers_that_start_again_on_the_same_state_make_nothing_twice()
    {
        string directory = Directory.CreateTempSubdirectory("bowline-restart").FullName;
        try
        {
            await using (RunningCluster first = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { StateDirectory = directory }))
            {
                await first.CreateAsync("""
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: web, namespace: default}
                    spec:
                      replicas: 5
                      selector: {matchLabels: {app: web}}
                      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: web}]}}
                    """);
                // Stopped in the middle of it.
                await first.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("observedGeneration") == 1);
            }

            await using RunningCluster second = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { StateDirectory = directory });
            await second.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 5);
            Assert.Equal(5, (await second.ListAsync("v1", "Pod")).Count);
            Assert.Equal(5, (await second.ListAsync("v1", "Pod")).Select(pod => pod.Status().Text("podIP")).Distinct().Count());
            Assert.Single(await second.ListAsync("apps/v1", "ReplicaSet"));
            Assert.Equal(3, (await second.ListAsync("v1", "Node", string.Empty)).Count);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
