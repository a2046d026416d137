using Bowline.Applications.Model;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>The repository being delivered, at one moment.</summary>
/// <param name="Folder">Absolute path of its root.</param>
public sealed record HomeRepository(string Folder, SourceSnapshot Snapshot, IReadOnlyList<string> Remotes)
{
    /// <summary>Where it lies in the Git repository around it, when it is only kept there; empty when it is that repository.</summary>
    public string Below { get; init; } = string.Empty;

    /// <summary>The snapshot of a revision that names one commit (a tag, a commit id); null for branches, which the working tree stands for.</summary>
    public Func<string, CancellationToken, Task<SourceSnapshot?>> PinnedAsync { get; init; } = (_, _) => Task.FromResult<SourceSnapshot?>(null);
}

/// <summary>Finds the files behind an application's source: this repository's, a mapped folder's, or a fetched repository's.</summary>
public sealed class SourceResolver(HomeRepository home, RepositoryMap map, Func<string, CancellationToken, Task<SourceSnapshot>> openFolder, ISourceFetcher fetcher)
{
    public HomeRepository Home => home;

    public bool IsHome(ApplicationSource source) => source.RepoUrl == home.Folder || map.IsHome(source.RepoUrl);

    /// <exception cref="ApplicationException">The repository cannot be had or has no such path.</exception>
    public async Task<SourceSnapshot> ResolveAsync(ApplicationSource source, CancellationToken cancellationToken)
    {
        if (source.Chart.Length > 0)
        {
            throw new ApplicationException($"chart {source.Chart} {source.TargetRevision} from {source.RepoUrl}: charts from Helm repositories are not fetched yet; put the chart into the repository, or map its repository to a folder with --repo-map");
        }

        SourceSnapshot snapshot = await OpenAsync(source, cancellationToken).ConfigureAwait(false);
        if (source.Path.Length > 0 && !snapshot.Files.DirectoryExists(source.Path) && !snapshot.Files.FileExists(source.Path))
        {
            throw new ApplicationException($"path {source.Path} is not in the repository {RepositoryUrl.Redact(source.RepoUrl)} at {snapshot.Revision.Short}");
        }

        return snapshot;
    }

    private async Task<SourceSnapshot> OpenAsync(ApplicationSource source, CancellationToken cancellationToken)
    {
        if (map.FolderOf(source.RepoUrl) is { } folder)
        {
            return await openFolder(folder, cancellationToken).ConfigureAwait(false);
        }

        if (IsHome(source))
        {
            SourceSnapshot? pinned = source.TargetRevision is "" or "HEAD" ? null : await home.PinnedAsync(source.TargetRevision, cancellationToken).ConfigureAwait(false);
            return pinned ?? home.Snapshot;
        }

        // A manifest must not name folders of the machine that happens to deliver it.
        if (RepositoryUrl.LocalPath(source.RepoUrl) is not null)
        {
            throw new ApplicationException($"repository {source.RepoUrl} is a path on this machine, which a manifest may not name; if you mean it: --repo-map {source.RepoUrl}=FOLDER");
        }

        try
        {
            return await fetcher.FetchAsync(new SourceRef(source.RepoUrl, source.TargetRevision), cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException unreachable)
        {
            throw new ApplicationException($"{unreachable.Message} (a local copy can stand in: --repo-map {RepositoryUrl.Redact(source.RepoUrl)}=FOLDER)", unreachable);
        }
    }
}
