using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Tests.ApiServer;
using Bowline.Resources.Model;
using Bowline.Tests.Controllers;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>A laptop's clock jumps: it slept, or its time was set.</summary>
public sealed class ClockTests
{
    [Theory]
    [InlineData(365)]
    [InlineData(-30)]
    public async Task Work_goes_on_after_the_clock_jumped(int days)
    {
        SteppedTime time = new();
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Time = time }, default);
        await using ControllerManager manager = await ControllerManager.StartAsync(host.Cluster, time, ControllerManagerOptions.Default with { CertificateAuthority = host.CertificateAuthority }, default);
        using Rest admin = Rest.Admin(host);
        string before = (await admin.MadeAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: before}}")).At("metadata", "resourceVersion")!.AsString()!;
        time.Step(TimeSpan.FromDays(days));
        MapNode after = await admin.MadeAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: after}}");
        Assert.True(long.Parse(after.At("metadata", "resourceVersion")!.AsString()!) > long.Parse(before), "revisions follow no clock");
        await admin.MadeAsync("/apis/apps/v1/namespaces/default/deployments", "{metadata: {name: d}, spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
        for (int i = 0; i < 200; i++)
        {
            RestAnswer answer = await admin.GetAsync("/apis/apps/v1/namespaces/default/deployments/d");
            if (answer.Body.At("status", "readyReplicas")?.AsInteger() == 2)
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail("the deployment does not get ready");
    }
}
