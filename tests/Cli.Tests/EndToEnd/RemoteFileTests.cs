using Bowline.Tests.Helm.Dependencies;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Kustomizations that name single files by URL, through the whole program and from a server in this process.</summary>
public sealed class RemoteFileTests : IAsyncLifetime
{
    private const string Flag = "--allow-remote-files";
    private const string ConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\ndata: {a: far}\n";
    private readonly Scratch scratch = new();
    private ChartServer server = null!;
    private ChartServer other = null!;

    public async Task InitializeAsync()
    {
        server = await ChartServer.StartAsync();
        other = await ChartServer.StartAsync();
        scratch.Write("kustomization.yaml", $"resources: ['{server.Address}/cm.yaml']\n");
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await other.DisposeAsync();
        scratch.Dispose();
    }

    [Theory]
    [InlineData("render")]
    [InlineData("up")]
    public async Task A_file_is_downloaded_only_where_the_flag_allows_it(string command)
    {
        server.Serve("/cm.yaml", ConfigMap);
        string[] arguments = command == "up" ? [command, scratch.Repository, "--once"] : [command, scratch.Repository];
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, arguments);
        Assert.Equal(1, exit);
        Assert.Contains(Flag, output + errors);
        Assert.Empty(server.Requests);
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, [.. arguments, Flag]);
        Assert.True(exit == 0, output + errors);
        Assert.Contains(server.Requests, request => request.Path == "/cm.yaml");
    }

    [Fact]
    public async Task What_was_downloaded_is_what_is_printed()
    {
        server.Serve("/cm.yaml", ConfigMap);
        server.Serve("/patch.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\ndata: {a: patched}\n");
        scratch.Write("kustomization.yaml", $"resources: ['{server.Address}/cm.yaml']\npatches: [{{path: '{server.Address}/patch.yaml'}}]\nnamePrefix: p-\n");
        (int exit, string output, string errors) = await RenderAsync();
        Assert.True(exit == 0, errors);
        Assert.Equal("apiVersion: v1\ndata:\n  a: patched\nkind: ConfigMap\nmetadata:\n  name: p-far", output.TrimEnd());
    }

    [Fact]
    public async Task A_redirect_to_another_server_is_followed_without_the_credentials_of_the_url()
    {
        server.Redirect("/cm.yaml", $"{other.Address}/there.yaml");
        other.Serve("/there.yaml", ConfigMap);
        scratch.Write("kustomization.yaml", $"resources: ['{server.Address.Replace("://", "://user:hunter2@", StringComparison.Ordinal)}/cm.yaml']\n");
        (int exit, string output, string errors) = await RenderAsync();
        Assert.True(exit == 0, errors);
        Assert.Contains("name: far", output);
        Assert.NotEmpty(Assert.Single(server.Requests).Authorization);
        Assert.Empty(Assert.Single(other.Requests).Authorization);
    }

    [Fact]
    public async Task An_answer_that_is_no_file_is_refused_with_its_status()
    {
        server.RequiredAuthorization = "Basic nobody";
        await RefusedAsync("/cm.yaml answers 401");
        server.RequiredAuthorization = null;
        await RefusedAsync("/cm.yaml answers 404");
    }

    [Theory]
    [InlineData("file:///etc/passwd", "neither http nor https")]
    [InlineData("/cm.yaml", "more than 10 redirects")]
    public async Task A_redirect_that_leads_nowhere_good_is_refused(string to, string reason)
    {
        server.Redirect("/cm.yaml", to);
        await RefusedAsync(reason);
    }

    [Fact]
    public async Task An_answer_without_end_is_refused()
    {
        server.Serve("/cm.yaml", new byte[(64 * 1024 * 1024) + 1]);
        await RefusedAsync("larger than 67108864 bytes");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_without_the_password()
    {
        scratch.Write("kustomization.yaml", "resources: ['http://user:hunter2@127.0.0.1:9/cm.yaml?token=hunter2']\n");
        await RefusedAsync("http://127.0.0.1:9/cm.yaml");
    }

    private async Task RefusedAsync(string reason)
    {
        (int exit, string output, string errors) = await RenderAsync();
        Assert.Equal(1, exit);
        Assert.Equal(string.Empty, output.Trim());
        Assert.Contains("kustomization.yaml", errors);
        Assert.Contains(reason, errors);
        Assert.DoesNotContain("hunter2", errors);
    }

    private Task<(int Exit, string Output, string Errors)> RenderAsync() => Bowline.RunAsync(scratch.Home, "render", scratch.Repository, Flag);
}
