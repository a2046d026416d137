using Bowline.Cluster.Http;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Tests.Http;

public sealed class DiscoveryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kinds_are_found_by_either_protocol(bool legacy)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Legacy = legacy;
        using HttpCluster cluster = api.Connect();
        KindCatalogue catalogue = await cluster.DiscoverAsync(default);
        Assert.Equal(["/v1 ConfigMap", "apps/v1 Deployment", "apps/v1beta1 Old"], catalogue.Kinds.Select(kind => $"{kind.Kind.Group}/{kind.Kind.Version} {kind.Kind.Kind}"));
        Assert.Equal(["metrics.k8s.io/v1beta1"], catalogue.Failed.Keys);
        Assert.Equal(["scale", "status"], catalogue.Kinds[1].Subresources.Order());
        int requests = api.Requests.Count;
        Assert.Equal("bindings", (await cluster.FindKindAsync(new ResourceKind("", "v1", "Binding"), default))!.Plural);
        Assert.Equal("v1", (await cluster.FindKindAsync(new ResourceKind("apps", "", "Deployment"), default))!.Kind.Version);
        Assert.Equal(["cm"], (await cluster.FindKindAsync(new ResourceKind("", "v1", "ConfigMap"), default))!.ShortNames);
        Assert.Equal(requests, api.Requests.Count);
    }

    [Fact]
    public async Task A_kind_that_came_later_is_found_with_one_more_request()
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpCluster cluster = api.Connect();
        await cluster.DiscoverAsync(default);
        int requests = api.Requests.Count;
        Assert.Equal("lates", (await cluster.FindKindAsync(new ResourceKind("late.example.com", "v1", "Late"), default))!.Plural);
        Assert.NotNull(await cluster.FindKindAsync(new ResourceKind("late.example.com", "v1", "Late"), default));
        Assert.Equal(requests + 1, api.Requests.Count);
        Assert.Contains(await cluster.DiscoverAsync(default) is { } all ? all.Kinds : [], kind => kind.Plural == "lates");
    }
}
