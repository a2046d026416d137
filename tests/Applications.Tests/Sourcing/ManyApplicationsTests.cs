using System.Diagnostics;
using System.Text;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Plain;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Applications.Tests.Sourcing;

/// <summary>Repositories of thousands of applications: bounded time, and only what a commit touches is rendered again.</summary>
public sealed class ManyApplicationsTests
{
    private const string Url = "https://example.com/monorepo.git";

    [Fact]
    public async Task Ten_thousand_applications_in_one_commit_are_read_and_of_the_next_commit_only_what_it_touches()
    {
        Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal);
        for (int number = 0; number < 10_000; number++)
        {
            files[$"apps/app-{number}.yaml"] = Manifest($"app-{number}", $"src/{number}", number == 7 ? "/shared" : null);
            files[$"src/{number}/a.yaml"] = Encoding.UTF8.GetBytes("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        }

        Workspace workspace = Open(() => files);
        Stopwatch watch = Stopwatch.StartNew();
        WorkspaceState state = await workspace.LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None);
        Assert.Equal(10_000, state.Rendered.Count);
        Assert.Empty(state.Faults);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"took {watch.Elapsed}");

        Assert.Equal(["app-4711"], await TouchedAsync(workspace, state, ["src/4711/a.yaml"]));
        Assert.Equal(["app-12"], await TouchedAsync(workspace, state, ["src/12/new.yaml"]));
        Assert.Equal(["app-7"], await TouchedAsync(workspace, state, ["shared/anything.txt"]));
        Assert.Empty(await TouchedAsync(workspace, state, ["README.md"]));

        files["apps/app-5.yaml"] = Manifest("renamed", "src/5", null);
        Assert.Equal(["renamed"], await TouchedAsync(workspace, state, ["apps/app-5.yaml"]));
        files.Remove("apps/app-6.yaml");
        WorkspaceState without = await workspace.LoadAsync(state, new WorkspaceChange { HomeFiles = ["apps/app-6.yaml", "apps/app-5.yaml"] }, null, CancellationToken.None);
        Assert.DoesNotContain(without.Declared, spec => spec.Name is "app-6" or "app-5");
        Assert.Equal(9_999, without.Rendered.Count);
    }

    private static async Task<string[]> TouchedAsync(Workspace workspace, WorkspaceState state, string[] changed)
    {
        List<string> rendered = [];
        await workspace.LoadAsync(state, new WorkspaceChange { HomeFiles = changed }, spec =>
        {
            lock (rendered)
            {
                rendered.Add(spec.Name);
            }
        }, CancellationToken.None);
        return [.. rendered.Order(StringComparer.Ordinal)];
    }

    private static byte[] Manifest(string name, string path, string? generatePaths) => Encoding.UTF8.GetBytes($$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: {{name}}
          annotations: { {{(generatePaths is null ? string.Empty : $"argocd.argoproj.io/manifest-generate-paths: {generatePaths}")}} }
        spec:
          source: {repoURL: "{{Url}}", path: {{path}}}
          destination: {server: https://kubernetes.default.svc, namespace: {{name}}}
        """);

    private static Workspace Open(Func<Dictionary<string, ReadOnlyMemory<byte>>> files)
    {
        HttpDownloads downloads = new(TimeProvider.System, _ => null);
        ContentCache cache = new(Directory.CreateTempSubdirectory("bowline-test-").FullName);
        ChartRepositories charts = new(new HelmRepositoryClient(downloads, cache), new OciRegistryClient(downloads, cache, plainHttp: false), TimeProvider.System);
        return new Workspace(
            new WorkspaceOptions(string.Empty, [], "default"),
            new PlainRenderer(),
            new NoFetcher(),
            _ => charts,
            _ => Task.FromResult(new HomeRepository("/monorepo", new SourceSnapshot(new MemoryTree(files()), new SourceRevision("0123456789abcdef0123456789abcdef01234567", WorkingTree: false)), [Url])),
            (folder, _) => throw new SourceException($"nobody asked for {folder}"));
    }

}

/// <summary>For repositories that name no other.</summary>
internal sealed class NoFetcher : ISourceFetcher
{
    public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken) => throw new SourceException($"nobody asked for {reference.Url}");

    public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) => throw new SourceException($"nobody asked for {reference.Url}");

    public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) => throw new SourceException($"nobody asked for {reference.Url}");
}
