using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition;

/// <summary>Fetches what kustomizations name in other repositories.</summary>
public sealed class RemoteBases : IDisposable
{
    private readonly ISourceFetcher fetcher;
    private readonly IReadOnlyList<RepositoryMapping> mappings;
    private readonly bool allowLocal;
    private readonly IDisposable? owned;

    /// <summary>For a repository that is delivered: the user's mappings hold, and a manifest may not name folders of this machine.</summary>
    internal RemoteBases(ISourceFetcher fetcher, IReadOnlyList<RepositoryMapping> mappings)
    {
        this.fetcher = fetcher;
        this.mappings = mappings;
    }

    private RemoteBases(GitFetcher fetcher)
    {
        this.fetcher = fetcher;
        owned = fetcher;
        mappings = [];
        allowLocal = true;
    }

    /// <summary>For a command that builds what the user may read himself, <c>file://</c> repositories among it.</summary>
    public static RemoteBases OfThisUser(TimeProvider time) => new(new GitFetcher(Path.Combine(BowlineHome.Folder, "mirrors"), time));

    /// <exception cref="SourceException">It cannot be had.</exception>
    public FileTree? Fetch(SourceRef reference, CancellationToken cancellationToken)
    {
        if (mappings.FirstOrDefault(mapping => RepositoryUrl.Same(mapping.Url, reference.Url)) is { } mapped)
        {
            return new DirectoryTree(mapped.Folder);
        }

        if (!allowLocal && RepositoryUrl.LocalPath(reference.Url) is not null)
        {
            throw new SourceException($"{reference.Url} is a path on this machine, which a manifest may not name; if you mean it: --repo-map {reference.Url}=FOLDER");
        }

        // Rendering is synchronous by design; only this one step of it ever waits for something.
        return fetcher.FetchAsync(reference, cancellationToken).GetAwaiter().GetResult().Files;
    }

    public void Dispose() => owned?.Dispose();
}
