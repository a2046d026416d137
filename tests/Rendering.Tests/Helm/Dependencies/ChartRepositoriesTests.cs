using System.Text;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Requests;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm.Dependencies;

public sealed class ChartRepositoriesTests : IAsyncLifetime
{
    private const string Secret = "Basic dXNlcjpwYXNz";

    private ChartServer server = null!;
    private ChartServer other = null!;

    public async Task InitializeAsync()
    {
        server = await ChartServer.StartAsync();
        other = await ChartServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await other.DisposeAsync();
    }

    [Theory]
    [InlineData("^1.0.0", "1.10.0")]
    [InlineData("~1.2.0", "1.2.3")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("*", "2.0.0")]
    [InlineData("", "2.0.0")]
    [InlineData(">=3.0.0-0", "3.0.0-rc.1")]
    public async Task A_range_means_the_newest_version_that_satisfies_it(string range, string expected)
    {
        server.ServeRepository("web", "1.2.3", "2.0.0", "1.10.0", "3.0.0-rc.1", "1.9.0");
        using ChartClient client = new();
        Assert.Equal(expected, (await client.FetchAsync(server.Address, "web", range)).Version);
    }

    [Theory]
    [InlineData("^9", "chart \"web\" version \"^9\" not found")]
    [InlineData("not a range", "invalid version/constraint format")]
    public async Task A_version_that_is_not_there_is_an_error(string range, string expected)
    {
        server.ServeRepository("web", "1.0.0");
        using ChartClient client = new();
        Assert.Contains(expected, (await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync(server.Address, "web", range))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Null_and_empty_entries_of_an_index_are_passed_over()
    {
        server.Serve("/web-1.0.0.tgz", ChartServer.Chart("web", "1.0.0"));
        server.Serve("/index.yaml", "apiVersion: v1\nentries:\n  gone: null\n  odd: text\n  web: [null, {}, {version: 9.0.0}, {version: 8.0.0, urls: []}, {version: 7.0.0, urls: [null]}, {version: x, urls: [a]}, {version: 1.0.0, urls: [web-1.0.0.tgz]}]\n");
        using ChartClient client = new();
        Assert.Equal("1.0.0", (await client.FetchAsync(server.Address, "web", "*")).Version);
        await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync(server.Address, "gone", "*"));
    }

    [Theory]
    [InlineData("", "empty index.yaml file")]
    [InlineData("entries: {}", "no API version specified")]
    [InlineData("[", "index.yaml")]
    [InlineData("- a", "cannot unmarshal")]
    public async Task What_is_no_index_is_an_error(string index, string expected)
    {
        server.Serve("/index.yaml", index);
        using ChartClient client = new();
        Assert.Contains(expected, (await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync(server.Address, "web", "*"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_that_is_not_what_the_index_promises_is_refused()
    {
        server.ServeRepository("web", "1.0.0");
        server.Serve("/web-1.0.0.tgz", ChartServer.Chart("web", "1.0.0", "swapped: true"));
        using ChartClient client = new();
        Assert.Contains("digest mismatch", (await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(server.Address, "web", "*"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_of_another_chart_is_refused()
    {
        server.Serve("/index.yaml", "apiVersion: v1\nentries: {web: [{version: 1.0.0, urls: [a.tgz]}]}");
        server.Serve("/a.tgz", ChartServer.Chart("evil", "1.0.0"));
        using ChartClient client = new();
        Assert.Contains("holds evil 1.0.0", (await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync(server.Address, "web", "*"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_go_to_the_repository_and_to_no_other_host()
    {
        byte[] archive = ChartServer.Chart("web", "1.0.0");
        server.RequiredAuthorization = Secret;
        server.Serve("/index.yaml", $"apiVersion: v1\nentries: {{web: [{{version: 1.0.0, urls: [\"{other.Address}/absolute.tgz\"]}}, {{version: 2.0.0, urls: [redirected.tgz]}}]}}");
        server.Redirect("/redirected.tgz", other.Address + "/target.tgz");
        other.Serve("/absolute.tgz", archive);
        other.Serve("/target.tgz", ChartServer.Chart("web", "2.0.0"));
        using ChartClient client = new(address => WebAddress.SameOrigin(address, server.Uri) ? new HostCredentials("user", "pass") : null);
        await client.FetchAsync(server.Address, "web", "1.0.0");
        await client.FetchAsync(server.Address, "web", "2.0.0");
        Assert.Equal(["/absolute.tgz", "/target.tgz"], other.Requests.Select(request => request.Path));
        Assert.All(other.Requests, request => Assert.Empty(request.Authorization));
        Assert.All(server.Requests, request => Assert.Equal(Secret, request.Authorization));
    }

    [Fact]
    public async Task Credentials_written_in_an_address_are_used_and_never_shown()
    {
        server.RequiredAuthorization = Secret;
        server.ServeRepository("web", "1.0.0");
        using ChartClient client = new();
        await client.FetchAsync($"http://user:pass@{server.Host}", "web", "*");
        Exception missing = await Assert.ThrowsAsync<RenderException>(() => client.FetchAsync($"http://user:pass@{server.Host}", "web", "^7"));
        Exception refused = await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync($"http://user:wrong@{server.Host}/x", "web", "*"));
        Assert.DoesNotContain("pass", missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.com/a.tgz")]
    public async Task An_index_may_name_web_addresses_only(string address)
    {
        server.Serve("/index.yaml", $"apiVersion: v1\nentries: {{web: [{{version: 1.0.0, urls: [\"{address}\"]}}]}}");
        using ChartClient client = new();
        Assert.Contains("neither http nor https", (await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(server.Address, "web", "*"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_without_end_end()
    {
        server.Redirect("/index.yaml", "/index.yaml");
        using ChartClient client = new();
        Assert.Contains("more than 10 redirects", (await Assert.ThrowsAsync<SourceException>(() => client.FetchAsync(server.Address, "web", "*"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_larger_than_allowed_is_cut_off(bool announced)
    {
        server.Serve("/large", new byte[10_000], response => response.ContentLength = announced ? 10_000 : null);
        using ChartClient client = new();
        DownloadRequest request = new(new Uri(server.Uri, "/large"), MaxBytes: 9_999);
        Assert.Contains("larger than 9999 bytes", (await Assert.ThrowsAsync<SourceException>(() => client.Downloads.GetAsync(request, CancellationToken.None))).Message, StringComparison.Ordinal);
        Assert.Equal(10_000, (await client.Downloads.GetAsync(request with { MaxBytes = 10_000 }, CancellationToken.None)).Content.Length);
    }

    [Fact]
    public async Task A_known_digest_is_taken_from_the_cache_and_a_forged_file_there_is_not()
    {
        server.ServeRepository("web", "1.0.0");
        using ChartClient client = new();
        await client.FetchAsync(server.Address, "web", "*");
        await client.FetchAsync(server.Address, "web", "*");
        Assert.Single(server.Requests, request => request.Path == "/web-1.0.0.tgz");
        string kept = Assert.Single(Directory.GetFiles(client.CacheFolder, "*", SearchOption.AllDirectories));
        await File.WriteAllBytesAsync(kept, ChartServer.Chart("web", "1.0.0", "forged: true"));
        FetchedChart again = await client.FetchAsync(server.Address, "web", "*");
        Assert.Equal(ContentDigest.Of(ChartServer.Chart("web", "1.0.0")).ToString(), again.Digest);
        Assert.Equal(2, server.Requests.Count(request => request.Path == "/web-1.0.0.tgz"));
    }

    [Fact]
    public void Repositories_yaml_gives_names_and_credentials_to_their_own_path()
    {
        RepositoryConfig config = RepositoryConfig.Parse(Encoding.UTF8.GetBytes("repositories: [null, {name: a, url: https://h/one, username: u, password: p}]"), "repositories.yaml");
        Assert.Equal("https://h/one", config.AddressOf("@a"));
        Assert.Equal("https://h/one", config.AddressOf("alias:a"));
        Assert.Null(config.AddressOf("@b"));
        Assert.Equal("u", config.CredentialsFor(new Uri("https://h/one/x"))?.Username);
        Assert.Null(config.CredentialsFor(new Uri("https://h/onerous")));
        Assert.Null(config.CredentialsFor(new Uri("http://h/one")));
        Assert.Null(config.CredentialsFor(new Uri("https://h:444/one")));
    }
}
