using Bowline.Applications.Sourcing;
using Bowline.Server.Composition.Homes;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Server.Composition.Fetching;

/// <summary>Fetches what kustomizations name in other repositories.</summary>
public sealed class RemoteBases : IDisposable
{
    private readonly ISourceFetcher fetcher;
    private readonly IReadOnlyList<RepositoryMapping> mappings;
    private readonly Func<string, RepositoryAccess?> access;
    private readonly bool allowLocal;
    private readonly IDisposable? owned;

    /// <summary>For a repository that is delivered: the user's mappings hold, and a manifest may not name folders of this machine.</summary>
    /// <param name="access">The way into a repository where the user's own Git does not know one.</param>
    internal RemoteBases(ISourceFetcher fetcher, IReadOnlyList<RepositoryMapping> mappings, Func<string, RepositoryAccess?> access)
    {
        this.fetcher = fetcher;
        this.mappings = mappings;
        this.access = access;
    }

    private RemoteBases(GitFetcher fetcher)
    {
        this.fetcher = fetcher;
        owned = fetcher;
        mappings = [];
        access = _ => null;
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
        return fetcher.FetchAsync(reference with { Access = AccessTo(reference.Url) }, cancellationToken).GetAwaiter().GetResult().Files;
    }

    private RepositoryAccess? AccessTo(string url)
    {
        try
        {
            return access(url);
        }
        catch (ApplicationException unsupported)
        {
            throw new SourceException(unsupported.Message, url, unsupported);
        }
    }

    public void Dispose() => owned?.Dispose();
}
