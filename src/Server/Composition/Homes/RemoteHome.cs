using Bowline.Applications.ArgoCd;
using Bowline.Applications.Sourcing;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Up;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition.Homes;

/// <summary>A repository on a server, <c>URL[//PATH]</c>; the poller sees when its branch moves.</summary>
internal sealed class RemoteHome : IHome
{
    private readonly GitFetcher fetcher;
    private readonly string revision;
    private readonly string url;
    private readonly Func<CancellationToken, Task<IReadOnlyList<MapNode>>> settings;

    public RemoteHome(UpOptions options, GitFetcher fetcher, Func<CancellationToken, Task<IReadOnlyList<MapNode>>> settings)
    {
        this.fetcher = fetcher;
        this.settings = settings;
        revision = options.Revision;
        (url, SearchPath) = Split(options.Path);
        Name = NameOf(options);
    }

    public string Name { get; }

    public string SearchPath { get; }

    public static string NameOf(UpOptions options)
    {
        string url = Split(options.Path).Url;
        string name = url.TrimEnd('/').Split('/', ':')[^1];
        return BowlineHome.NameFor(name.EndsWith(".git", StringComparison.OrdinalIgnoreCase) ? name[..^4] : name, RepositoryUrl.Normalise(url));
    }

    public static bool IsRemote(string path) => RepositoryUrl.LocalPath(Split(path).Url) is null && !Directory.Exists(path);

    public async Task<HomeRepository> OpenAsync(CancellationToken cancellationToken)
    {
        // The repository itself belongs to no project: only Secrets that are open to all of them count.
        SourceRef reference = new(url, revision)
        {
            Access = ArgoCdSettings.Read(await settings(cancellationToken).ConfigureAwait(false)).Repositories.For(url, project: string.Empty),
        };
        SourceSnapshot snapshot = await fetcher.FetchAsync(reference, cancellationToken).ConfigureAwait(false);
        return new HomeRepository(url, snapshot, [url])
        {
            Reference = reference,
            PinnedAsync = async (asked, token) => asked == revision ? null : await fetcher.FetchAsync(reference with { Revision = asked }, token).ConfigureAwait(false),
            VerifyAsync = (asked, meant, keys, token) =>
                fetcher.FetchAsync(reference with { Revision = asked.Length > 0 ? asked : meant.Revision.Commit, TrustedKeys = keys }, token),
        };
    }

    public void BeginWatching()
    {
        // The poller does.
    }

    public IAsyncEnumerable<IReadOnlyCollection<string>?> ChangesAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<IReadOnlyCollection<string>?>();

    public void Dispose()
    {
        // Nothing is held but the fetcher, which is shared.
    }

    /// <summary>The first double slash after the host ends the repository's address, as in kustomize's and Terraform's.</summary>
    private static (string Url, string Path) Split(string path)
    {
        int scheme = path.IndexOf("://", StringComparison.Ordinal);
        int slashes = path.IndexOf("//", scheme < 0 ? 0 : scheme + 3, StringComparison.Ordinal);
        return slashes < 0 ? (path, string.Empty) : (path[..slashes], path[(slashes + 2)..].Trim('/'));
    }
}
