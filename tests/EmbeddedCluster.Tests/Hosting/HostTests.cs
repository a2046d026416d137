using System.Diagnostics;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

public sealed class HostTests
{
    [Fact]
    public async Task A_warm_host_starts_quickly_and_serves_its_bootstrap_objects()
    {
        await using (await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default))
        {
        }

        Stopwatch watch = Stopwatch.StartNew();
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "one" }, default);
        Assert.True(watch.ElapsedMilliseconds < 1500, $"{watch.ElapsedMilliseconds} ms");
        KindInfo namespaces = (await host.Cluster.FindKindAsync(new ResourceKind("", "v1", "Namespace"), default))!;
        ObjectList list = await host.Cluster.ListAsync(namespaces, "", ListOptions.All, default);
        Assert.Contains(list.Items, item => item["metadata"]!["name"]!.AsString() == "kube-system");
    }
}
