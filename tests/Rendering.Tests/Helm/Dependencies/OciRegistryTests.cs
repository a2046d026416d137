using Bowline.Rendering.Requests;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.Oci;

namespace Bowline.Tests.Helm.Dependencies;

public sealed class OciRegistryTests : IAsyncLifetime
{
    private ChartServer server = null!;

    private string Repository => $"oci://{server.Host}/charts";

    public async Task InitializeAsync() => server = await ChartServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task A_range_is_resolved_over_every_page_of_tags()
    {
        server.Serve("/v2/charts/web/tags/list", """{"tags":["1.0.0","latest",null]}""", response => response.Headers.Link = "</v2/charts/web/tags/list?last=1.0.0>; rel=\"next\"");
        server.Serve("/v2/charts/web/tags/list?last=1.0.0", """{"tags":["1.4.0_build.7","2.0.0"]}""");
        server.ServeOci("charts/web", "1.4.0+build.7", ChartServer.Chart("web", "1.4.0+build.7"));
        using ChartClient client = new();
        Assert.Equal("1.4.0+build.7", (await client.FetchAsync(Repository, "web", "^1.0.0")).Version);
    }

    [Fact]
    public async Task A_plain_version_needs_no_list_of_tags()
    {
        server.ServeOci("charts/web", "1.0.0", ChartServer.Chart("web", "1.0.0"));
        using ChartClient client = new();
        await client.FetchAsync(Repository, "web", "1.0.0");
        await client.FetchAsync(Repository, "web", "1.0.0");
        Assert.DoesNotContain(server.Requests, request => request.Path.EndsWith("/tags/list", StringComparison.Ordinal));
        Assert.Single(server.Requests, request => request.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_blob_that_is_not_its_digest_is_refused()
    {
        server.ServeOci("charts/web", "1.0.0", ChartServer.Chart("web", "1.0.0"), layerDigest: ContentDigest.Of([1]).ToString());
        using ChartClient client = new();
        Assert.Contains("digest mismatch", (await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(Repository, "web", "1.0.0"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_that_is_not_its_digest_is_refused()
    {
        server.Serve("/v2/charts/web/manifests/1.0.0", """{"layers":[]}""", response => response.Headers["Docker-Content-Digest"] = ContentDigest.Of([1]).ToString());
        using ChartClient client = new();
        Assert.Contains("digest mismatch", (await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(Repository, "web", "1.0.0"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"layers":[]}""")]
    [InlineData("""{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:00","size":1}]}""")]
    [InlineData("""{"layers":null}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task What_is_no_chart_is_an_error(string manifest)
    {
        server.Serve("/v2/charts/web/manifests/1.0.0", manifest);
        using ChartClient client = new();
        await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(Repository, "web", "1.0.0"));
    }

    [Fact]
    public async Task A_challenge_is_answered_with_a_token_of_the_registrys_own_service()
    {
        server.RequiredAuthorization = "Bearer t0ken";
        server.Challenge = "Bearer realm=\"{0}/token\",service=\"registry\",scope=\"repository:charts/web:pull\"";
        server.Serve("/token", """{"token":"t0ken"}""");
        server.ServeOci("charts/web", "1.0.0", ChartServer.Chart("web", "1.0.0"));
        using ChartClient client = new(_ => new HostCredentials("user", "pass"));
        await client.FetchAsync(Repository, "web", "1.0.0");
        Assert.Equal("Basic dXNlcjpwYXNz", Assert.Single(server.Requests, request => request.Path == "/token").Authorization);
    }

    [Fact]
    public async Task A_token_service_on_another_host_gets_no_credentials_and_blobs_elsewhere_get_no_token()
    {
        await using ChartServer other = await ChartServer.StartAsync();
        byte[] archive = ChartServer.Chart("web", "1.0.0");
        server.RequiredAuthorization = "Bearer t0ken";
        server.ServeOci("charts/web", "1.0.0", archive);
        server.Redirect($"/v2/charts/web/blobs/{ContentDigest.Of(archive)}", other.Address + "/blob");
        other.Serve("/blob", archive);
        other.Serve("/token", """{"access_token":"t0ken"}""");
        server.Challenge = $"Bearer realm=\"http://localhost:{other.Uri.Port}/token\"";
        using ChartClient client = new(_ => new HostCredentials("user", "pass"));
        await client.FetchAsync(Repository, "web", "1.0.0");
        Assert.Equal(["/token", "/blob"], other.Requests.Select(request => request.Path));
        Assert.All(other.Requests, request => Assert.Empty(request.Authorization));
    }

    [Theory]
    [InlineData("oci://h/a/../b")]
    [InlineData("oci://h/a b")]
    [InlineData("oci://h/a\n")]
    [InlineData("oci://user@h/a")]
    [InlineData("oci://h/A?x=1")]
    [InlineData("oci:///a")]
    public void What_is_no_reference_is_refused(string text) => Assert.Throws<SourceException>(() => OciReference.Parse(text));

    [Fact]
    public void A_reference_has_host_path_tag_and_digest()
    {
        string digest = ContentDigest.Of([]).ToString();
        Assert.Equal(new OciReference("h:5000", "a/b-c", "1.0_x", digest), OciReference.Parse($"oci://h:5000/a/b-c:1.0_x@{digest}"));
        Assert.Equal("oci://h/web", OciReference.Parse("oci://h").Below("web").ToString());
    }

    [Fact]
    public async Task A_lock_cannot_smuggle_a_path_in_as_a_version()
    {
        using ChartClient client = new();
        await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync(Repository, "web", "../../x"));
        Assert.Empty(server.Requests);
    }
}
