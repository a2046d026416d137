using System.Text;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm.Dependencies;

public sealed class DependencyBuildTests : IAsyncLifetime
{
    private readonly ChartClient client = new();
    private ChartServer server = null!;

    public async Task InitializeAsync() => server = await ChartServer.StartAsync();

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_lock_ranges_are_resolved_and_a_lock_is_made_that_holds()
    {
        server.ServeRepository("web", "1.0.0", "1.5.0", "2.0.0");
        server.ServeOci("charts/db", "3.0.0", ChartServer.Chart("db", "3.0.0"));
        ChartFiles chart = Chart($"{{name: web, version: ^1.0.0, repository: \"{server.Address}\"}}", $"{{name: db, version: 3.0.0, repository: \"oci://{server.Host}/charts\"}}", "{name: lib, version: '>=0.1.0', repository: 'file://../lib'}")
            .With("../lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 0.2.0\n").With("../lib/templates/x.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: from-lib}\n");
        BuiltDependencies built = await BuildAsync(chart);
        Assert.Equal(["db-3.0.0.tgz", "lib-0.2.0.tgz", "web-1.5.0.tgz"], built.Charts.Keys.Order());
        Assert.Equal("Chart.lock", built.LockFile);
        Assert.Contains("- name: web\n", built.LockText, StringComparison.Ordinal);
        Assert.Contains("\n  version: 1.5.0\n", built.LockText, StringComparison.Ordinal);

        // A newer version appears, and the lock keeps it out.
        server.ServeRepository("web", "1.0.0", "1.5.0", "1.6.0");
        using ChartClient later = new();
        BuiltDependencies again = await later.Build().BuildAsync(chart.With("Chart.lock", built.LockText!).Tree, "c", CancellationToken.None);
        Assert.Null(again.LockText);
        Assert.Equal(built.Charts.Keys.Order(), again.Charts.Keys.Order());
        Assert.Equal(built.Charts["lib-0.2.0.tgz"], again.Charts["lib-0.2.0.tgz"]);

        foreach ((string name, byte[] archive) in again.Charts)
        {
            chart.With($"charts/{name}", archive);
        }

        Assert.Equal(["from-db-3.0.0", "from-lib", "from-web-1.5.0"], chart.Render().Resources.Select(resource => resource.Name).Order());
    }

    [Fact]
    public async Task A_lock_out_of_step_is_refused()
    {
        ChartFiles chart = Chart("{name: web, version: ^1.0.0, repository: 'https://example.com'}").With("Chart.lock", "dependencies:\n- {name: web, repository: 'https://example.com', version: 1.0.0}\ndigest: sha256:00\n");
        RenderException error = await Assert.ThrowsAsync<RenderException>(() => BuildAsync(chart));
        Assert.Equal("the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies", error.Reason);
    }

    [Fact]
    public void The_digest_is_over_what_go_writes_as_json()
    {
        const string Json = """[[{"name":"a","version":"\u003e=1","repository":"https://r","condition":"a.enabled","tags":["t"],"import-values":[{"child":"x","parent":"p"}],"alias":"b"}],[{"name":"a","version":"1.0.0","repository":"https://r"}]]""";
        ChartLock declared = ChartLock.Read(Encoding.UTF8.GetBytes("dependencies: [{name: a, version: '>=1', repository: 'https://r', condition: a.enabled, tags: [t], import-values: [{parent: p, child: x}], alias: b}]"));
        ChartLock locked = ChartLock.Read(Encoding.UTF8.GetBytes("dependencies: [{name: a, version: 1.0.0, repository: 'https://r'}]"));
        Assert.Equal(Json, ChartLock.DigestedText(declared.Dependencies, locked.Dependencies));
    }

    [SharedFact]
    public void The_lock_that_helm_wrote_for_a_public_chart_is_in_step()
    {
        string folder = Path.Combine(SharedFolder.Goldens("helm"), "goldilocks-vpa-alias", "chart", "charts", "vpa");
        ChartLock locked = ChartLock.Read(File.ReadAllBytes(Path.Combine(folder, "Chart.lock")));
        ChartLock declared = ChartLock.Read(File.ReadAllBytes(Path.Combine(folder, "Chart.yaml")));
        Assert.Equal(locked.Digest, ChartLock.DigestOf(declared.Dependencies, locked.Dependencies));
    }

    [Theory]
    [InlineData("dependencies: [null]")]
    [InlineData("dependencies: text")]
    [InlineData("[")]
    [InlineData("null")]
    [InlineData("- a")]
    public async Task A_lock_that_is_none_is_an_error(string text) =>
        await Assert.ThrowsAsync<RenderException>(() => BuildAsync(Chart("{name: web, version: 1.0.0, repository: 'https://example.com'}").With("Chart.lock", text)));

    [Fact]
    public async Task A_lock_that_is_a_symlink_is_refused()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("bowline-lock-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "secret"), "dependencies: []");
            string chart = Directory.CreateDirectory(Path.Combine(folder.FullName, "c")).FullName;
            await File.WriteAllTextAsync(Path.Combine(chart, "Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n");
            File.CreateSymbolicLink(Path.Combine(chart, "Chart.lock"), "../secret");
            RenderException error = await Assert.ThrowsAsync<RenderException>(() => client.Build().BuildAsync(new DirectoryTree(folder.FullName), "c", CancellationToken.None));
            Assert.Contains("symlink", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("file://../../outside")]
    [InlineData("file:///../outside")]
    [InlineData("file://missing")]
    public async Task A_file_dependency_outside_the_tree_or_missing_is_an_error(string repository)
    {
        Exception? error = await Record.ExceptionAsync(() => BuildAsync(Chart($"{{name: x, version: '*', repository: '{repository}'}}")));
        Assert.True(error is RenderException or SourceException, error?.ToString());
    }

    [Fact]
    public async Task A_chart_that_depends_on_itself_is_packed_once()
    {
        BuiltDependencies built = await BuildAsync(Chart("{name: t, version: '*', repository: 'file://.'}"));
        Assert.Equal(["t-0.1.0.tgz"], built.Charts.Keys);
    }

    [Fact]
    public async Task Archives_that_nothing_names_any_more_are_outdated_and_other_files_are_not()
    {
        server.ServeRepository("web", "1.0.0");
        ChartFiles chart = Chart($"{{name: web, version: 1.0.0, repository: \"{server.Address}\"}}", "{name: own, version: '*'}")
            .With("charts/web-0.9.0.tgz", ChartServer.Chart("web", "0.9.0")).With("charts/own/Chart.yaml", "apiVersion: v2\nname: own\nversion: 1.0.0\n")
            .With("charts/own-1.0.0.tgz", ChartServer.Chart("own", "1.0.0")).With("charts/README.md", "text").With("charts/broken.tgz", "text");
        Assert.Equal(["web-0.9.0.tgz"], (await BuildAsync(chart)).Outdated);
    }

    [Fact]
    public async Task Every_range_without_a_version_is_named()
    {
        server.ServeRepository("web", "1.0.0");
        RenderException error = await Assert.ThrowsAsync<RenderException>(() => BuildAsync(Chart($"{{name: web, version: ^2, repository: \"{server.Address}\"}}", $"{{name: db, version: ^1, repository: \"{server.Address}\"}}")));
        Assert.StartsWith("can't get a valid version for 2 subchart(s): \"web\"", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_by_a_name_that_is_not_configured_is_an_error() =>
        Assert.Contains("no repository definition for @stable", (await Assert.ThrowsAsync<RenderException>(() => BuildAsync(Chart("{name: web, version: ^2, repository: '@stable'}")))).Message, StringComparison.Ordinal);

    private static ChartFiles Chart(params string[] dependencies) => new($"apiVersion: v2\nname: t\nversion: 0.1.0\ndependencies: [{string.Join(", ", dependencies)}]\n");

    private Task<BuiltDependencies> BuildAsync(ChartFiles chart) => client.Build().BuildAsync(chart.Tree, "c", CancellationToken.None);
}
