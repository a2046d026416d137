using Bowline.Cluster.Http;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Tests.Http;

public sealed class ProxyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_is_reached_through_a_proxy_that_asks_for_a_password_by_the_name_that_only_the_proxy_knows(bool socks)
    {
        await using TestApi api = await TestApi.StartAsync(new TestCertificates("api.cluster.example"));
        await using TestProxy proxy = new(socks);
        Uri server = new UriBuilder(api.Connection.Server) { Host = "api.cluster.example" }.Uri;
        using HttpCluster cluster = api.Connect(connection => connection with { Server = server, Proxy = proxy.Address("p%40ss") });
        await cluster.DiscoverAsync(default);
        Assert.Contains($"api.cluster.example:{server.Port}", proxy.Targets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_certificates_name_is_the_expected_one_behind_a_proxy_too(bool socks)
    {
        await using TestApi api = await TestApi.StartAsync(new TestCertificates("kubernetes.example"));
        await using TestProxy proxy = new(socks);
        using HttpCluster told = api.Connect(connection => connection with { Proxy = proxy.Address("p%40ss"), TlsServerName = "kubernetes.example" });
        await told.DiscoverAsync(default);
        using HttpCluster strict = api.Connect(connection => connection with { Proxy = proxy.Address("p%40ss"), TlsServerName = "other.example" });
        Assert.Contains("for another name (kubernetes.example", (await Assert.ThrowsAsync<ClusterException>(() => strict.DiscoverAsync(default))).Message);
    }

    [Theory]
    [InlineData(false, "it asks for a user and a password")]
    [InlineData(true, "it refuses")]
    public async Task A_proxy_that_refuses_is_named_and_its_password_is_not(bool socks, string expected)
    {
        await using TestApi api = await TestApi.StartAsync();
        await using TestProxy proxy = new(socks);
        using HttpCluster cluster = api.Connect(connection => connection with { Proxy = proxy.Address("wrong") });
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default));
        Assert.Contains($"through the proxy 127.0.0.1:{proxy.Address("x").Port}: {expected}", error.Message);
        Assert.DoesNotContain("wrong", error.Message);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task It_is_the_proxy_that_nothing_listens_at()
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpCluster cluster = api.Connect(connection => connection with { Proxy = new Uri("http://127.0.0.1:9") });
        Assert.Contains("through the proxy 127.0.0.1:9: connection refused", (await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default))).Message);
    }
}
