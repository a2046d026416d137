using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>ServiceCIDRs beside the server's own.</summary>
public sealed class ServiceRangeTests
{
    private const string Version = "networking.k8s.io/v1";

    [Fact]
    public async Task A_range_is_ready_at_once_and_goes_with_the_last_address_that_only_it_has()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync($$"""
            apiVersion: {{Version}}
            kind: ServiceCIDR
            metadata: {name: more}
            spec: {cidrs: [10.200.0.0/24]}
            """);
        MapNode range = await cluster.WaitAsync(Version, "ServiceCIDR", "more", range => Ready(range) == "True", string.Empty);
        Assert.True(range.HasFinalizer("networking.k8s.io/service-cidr-finalizer"));
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Service
            metadata: {name: s}
            spec: {clusterIP: 10.200.0.7, ports: [{port: 80}]}
            """);
        await cluster.DeleteAsync(Version, "ServiceCIDR", "more", string.Empty);
        range = await cluster.WaitAsync(Version, "ServiceCIDR", "more", range => Ready(range) == "False", string.Empty);
        Assert.Equal(
            "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
            range.Status()["conditions"].Maps().Single().Text("message"));
        await cluster.DeleteAsync("v1", "Service", "s");
        await cluster.WaitGoneAsync(Version, "ServiceCIDR", "more", string.Empty);
    }

    private static string Ready(MapNode range) => range.Status()["conditions"].Maps().FirstOrDefault(condition => condition.Text("type") == "Ready")?.Text("status") ?? string.Empty;
}
