using System.Text;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Plain;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Applications.Tests.Sourcing;

/// <summary>A commit that does not touch an application is the one that it is compared with from then on, all the same.</summary>
public sealed class MovedRevisionTests
{
    private const string Elsewhere = "https://example.com/elsewhere.git";
    private static readonly string Before = new('a', 40);
    private static readonly string After = new('b', 40);

    [Fact]
    public async Task Applications_that_a_commit_does_not_touch_are_at_that_commit_without_being_rendered()
    {
        Fetcher fetcher = new() { Commit = Before };
        Workspace workspace = Open(fetcher);
        WorkspaceState state = await workspace.LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None);
        Assert.Equal(["one aaaaaaa", "two aaaaaaa"], state.Rendered.Select(application => $"{application.Spec.Name} {application.Revision}"));

        fetcher.Commit = After;
        List<string> rendered = [];
        SourceChange change = new(Elsewhere, "main", string.Empty, ["one/a.yaml"]) { Resolved = After };
        state = await workspace.LoadAsync(state, new WorkspaceChange { HomeFiles = [], Sources = [change] }, spec => rendered.Add(spec.Name), CancellationToken.None);
        Assert.Equal(["one"], rendered);
        Assert.Equal(["one bbbbbbb", "two bbbbbbb"], state.Rendered.Select(application => $"{application.Spec.Name} {application.Revision}"));
        // Whoever watches the repository knows that this commit was looked at, whichever application it asks about.
        Assert.All(state.Elsewhere, source => Assert.Equal(After, source.Resolved));
    }

    [Fact]
    public async Task An_application_that_says_its_commit_is_rendered_anew_for_every_commit()
    {
        Fetcher fetcher = new() { Commit = Before };
        Workspace workspace = Open(fetcher, "helm: {parameters: [{name: commit, value: $ARGOCD_APP_REVISION}]},");
        WorkspaceState state = await workspace.LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None);

        fetcher.Commit = After;
        List<string> rendered = [];
        SourceChange change = new(Elsewhere, "main", string.Empty, []) { Resolved = After };
        state = await workspace.LoadAsync(state, new WorkspaceChange { HomeFiles = [], Sources = [change] }, spec => rendered.Add(spec.Name), CancellationToken.None);
        Assert.Equal(["one", "two"], rendered.Order(StringComparer.Ordinal));
        Assert.Empty(state.Faults);
    }

    [Fact]
    public void Only_what_reads_that_branch_moves_and_a_source_that_comes_second_does_not_give_the_name()
    {
        RenderedSource Source(string url, string revision) => new(url, revision, string.Empty, Before, IsHome: false, _ => false);
        RenderedApplication application = new(null!, "ccccccc", []) { Sources = [Source("https://example.com/first.git", "main") with { Resolved = new string('c', 40) }, Source(Elsewhere, "main"), Source(Elsewhere, "stable")] };
        RenderedApplication moved = new SourceChange(Elsewhere, "main", string.Empty, []) { Resolved = After }.Move(application);
        Assert.Equal("ccccccc", moved.Revision);
        Assert.Equal([new string('c', 40), After, Before], moved.Sources.Select(source => source.Resolved));
        Assert.False(moved.IsAt(application));
        Assert.Same(application, new SourceChange(Elsewhere, "main", string.Empty, null).Move(application));
    }

    private static Workspace Open(ISourceFetcher fetcher, string more = "")
    {
        HttpDownloads downloads = new(TimeProvider.System, _ => null);
        ContentCache cache = new(Directory.CreateTempSubdirectory("bowline-test-").FullName);
        ChartRepositories charts = new(new HelmRepositoryClient(downloads, cache), new OciRegistryClient(downloads, cache, plainHttp: false), TimeProvider.System);
        Dictionary<string, ReadOnlyMemory<byte>> files = ((string[])["one", "two"]).ToDictionary(name => $"{name}.yaml", name => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes($$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: {{name}} }
            spec:
              source: { {{more}} repoURL: "{{Elsewhere}}", path: {{name}}, targetRevision: main}
              destination: {server: https://kubernetes.default.svc, namespace: {{name}} }
            """));
        return new Workspace(
            new WorkspaceOptions(string.Empty, [], "default") { AssumesProjects = true },
            new PlainRenderer(),
            fetcher,
            _ => charts,
            _ => Task.FromResult(new HomeRepository("/home", new SourceSnapshot(new MemoryTree(files), new SourceRevision(new string('0', 40), WorkingTree: false)), ["https://example.com/home.git"])),
            (folder, _) => throw new SourceException($"nobody asked for {folder}"));
    }

    private sealed class Fetcher : ISourceFetcher
    {
        public required string Commit { get; set; }

        public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken)
        {
            MemoryTree tree = new(((string[])["one", "two"]).Select(name => KeyValuePair.Create($"{name}/a.yaml", (ReadOnlyMemory<byte>)"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"u8.ToArray())));
            return Task.FromResult(new SourceSnapshot(tree, new SourceRevision(Commit, WorkingTree: false)));
        }

        public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) => Task.FromResult(Commit);

        public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>?>(null);
    }
}
