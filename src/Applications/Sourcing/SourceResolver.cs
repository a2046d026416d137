using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Requests;
using Bowline.Sources.Archives;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using Bowline.Sources.Oci;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>The repository being delivered, at one moment.</summary>
/// <param name="Folder">Absolute path of its root.</param>
public sealed record HomeRepository(string Folder, SourceSnapshot Snapshot, IReadOnlyList<string> Remotes)
{
    /// <summary>Where it lies in the Git repository around it, when it is only kept there; empty when it is that repository.</summary>
    public string Below { get; init; } = string.Empty;

    /// <summary>The folder that was given, from this one's root, when this one reaches beyond it; empty when they are the same.</summary>
    public string Above { get; init; } = string.Empty;

    /// <summary>The snapshot of a revision that names one commit (a tag, a commit id); null for branches, which the working tree stands for.</summary>
    public Func<string, CancellationToken, Task<SourceSnapshot?>> PinnedAsync { get; init; } = (_, _) => Task.FromResult<SourceSnapshot?>(null);

    /// <summary>There is none: applications come from a hub alone, and every source is another repository.</summary>
    public bool IsNone { get; init; }

    /// <summary>How it was fetched; null for a folder of this machine.</summary>
    public SourceRef? Reference { get; init; }

    /// <summary>A path of the Git repository as one of what is delivered of it; null when it lies outside.</summary>
    public string? Within(string path)
    {
        string prefix = Below.Length == 0 ? string.Empty : Below + "/";
        return path.StartsWith(prefix, StringComparison.Ordinal) ? (Above.Length == 0 ? string.Empty : Above + "/") + path[prefix.Length..] : null;
    }

    /// <summary>Throws a <see cref="SourceException"/> unless a trusted key signed what a revision means; null where signatures are not checked.</summary>
    public Func<string, SourceSnapshot, TrustedKeys, CancellationToken, Task>? VerifyAsync { get; init; }
}

/// <summary>Finds the files behind an application's source: this repository's, a mapped folder's, or a fetched repository's, or a chart from a repository of charts.</summary>
/// <param name="charts">By project: what one project's logins fetched is not handed to another.</param>
public sealed class SourceResolver(HomeRepository home, RepositoryMap map, Func<string, CancellationToken, Task<SourceSnapshot>> openFolder, ISourceFetcher fetcher, Func<string, ChartRepositories> charts, ArgoCdSettings settings)
{
    public HomeRepository Home => home;

    public bool IsHome(ApplicationSource source) => source.RepoUrl == home.Folder || map.IsHome(source.RepoUrl);

    /// <exception cref="ApplicationException">The repository cannot be had or has no such path.</exception>
    public async Task<SourceSnapshot> ResolveAsync(ApplicationSource source, string project, CancellationToken cancellationToken)
    {
        if (source.Chart.Length > 0)
        {
            return await FetchChartAsync(source, project, cancellationToken).ConfigureAwait(false);
        }

        SourceSnapshot snapshot = await OpenAsync(source, project, cancellationToken).ConfigureAwait(false);
        if (source.Path.Length > 0 && !snapshot.Files.DirectoryExists(source.Path) && !snapshot.Files.FileExists(source.Path))
        {
            throw new ApplicationException($"path {source.Path} is not in the repository {RepositoryUrl.Redact(source.RepoUrl)} at {snapshot.Revision.Short}");
        }

        return snapshot;
    }

    /// <summary>The files with the charts that one of them depends on and does not bring (<c>helm dependency build</c>).</summary>
    /// <exception cref="ApplicationException">They cannot be had.</exception>
    public async Task<FileTree> WithDependenciesAsync(FileTree files, string chart, string project, CancellationToken cancellationToken)
    {
        try
        {
            DependencyBuild build = new(charts(project), RepositoryConfig.Of(settings.Repositories.NamedCharts(project)));
            BuiltDependencies built = await build.BuildAsync(files, chart, cancellationToken).ConfigureAwait(false);
            string folder = TreePath.Join(TreePath.Clean(chart), "charts");
            MemoryTree fetched = new(built.Charts.Select(archive => KeyValuePair.Create<string, ReadOnlyMemory<byte>>(TreePath.Join(folder, archive.Key), archive.Value)));
            return new OverlayTree(files, fetched, built.Outdated.Select(name => TreePath.Join(folder, name)).ToHashSet(StringComparer.Ordinal));
        }
        catch (Exception unavailable) when (unavailable is SourceException or RenderException)
        {
            throw new ApplicationException($"dependencies of the chart{(chart.Length > 0 ? $" {chart}" : string.Empty)}: {unavailable.Message}", unavailable);
        }
    }

    private async Task<SourceSnapshot> FetchChartAsync(ApplicationSource source, string project, CancellationToken cancellationToken)
    {
        if (map.FolderOf(source.RepoUrl) is { } folder)
        {
            SourceSnapshot local = await openFolder(folder, cancellationToken).ConfigureAwait(false);
            return local.Files.DirectoryExists(source.Chart)
                ? local with { Files = local.Files.Below(source.Chart) }
                : throw new ApplicationException($"chart {source.Chart} is not in the folder that {RepositoryUrl.Redact(source.RepoUrl)} is mapped to");
        }

        // Argo CD writes registries without a scheme.
        string repository = source.RepoUrl.Contains("://", StringComparison.Ordinal) ? source.RepoUrl : OciReference.Scheme + source.RepoUrl;
        try
        {
            FetchedChart chart = await charts(project).FetchAsync(repository, source.Chart, source.TargetRevision, cancellationToken).ConfigureAwait(false);
            MemoryTree files = new(TarGz.ReadChart(chart.Archive).Select(file => KeyValuePair.Create<string, ReadOnlyMemory<byte>>(file.Name, file.Data)));
            return new SourceSnapshot(files, new SourceRevision(string.Empty, WorkingTree: false) { Version = chart.Version });
        }
        catch (Exception unavailable) when (unavailable is SourceException or RenderException)
        {
            throw new ApplicationException($"chart {source.Chart} {source.TargetRevision}: {unavailable.Message}", unavailable);
        }
    }

    /// <summary>Whether a repository is another than the one that is delivered, and no folder stands for it.</summary>
    public bool IsElsewhere(string url) => !map.IsHome(url) && map.FolderOf(url) is null;

    /// <summary>A repository's files, whatever of them the source names.</summary>
    public async Task<SourceSnapshot> OpenAsync(ApplicationSource source, string project, CancellationToken cancellationToken)
    {
        if (map.FolderOf(source.RepoUrl) is { } folder)
        {
            return await openFolder(folder, cancellationToken).ConfigureAwait(false);
        }

        if (IsHome(source))
        {
            SourceSnapshot? pinned = source.TargetRevision is "" or "HEAD" ? null : await home.PinnedAsync(source.TargetRevision, cancellationToken).ConfigureAwait(false);
            SourceSnapshot meant = pinned ?? home.Snapshot;
            if (home.VerifyAsync is { } verify && settings.TrustedKeysOf(project) is { } keys)
            {
                await VerifyAsync(() => verify(pinned is null ? string.Empty : source.TargetRevision, meant, keys, cancellationToken)).ConfigureAwait(false);
            }

            return meant;
        }

        // A manifest must not name folders of the machine that happens to deliver it.
        if (RepositoryUrl.LocalPath(source.RepoUrl) is not null)
        {
            throw new ApplicationException($"repository {source.RepoUrl} is a path on this machine, which a manifest may not name; if you mean it: --repo-map {source.RepoUrl}=FOLDER");
        }

        SourceRef reference = new(source.RepoUrl, source.TargetRevision)
        {
            Access = settings.Repositories.For(source.RepoUrl, project),
            TrustedKeys = settings.TrustedKeysOf(project),
        };
        try
        {
            return await fetcher.FetchAsync(reference, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException untrusted) when (untrusted.IsUntrusted)
        {
            throw new ApplicationException(untrusted.Message, untrusted);
        }
        catch (SourceException unreachable)
        {
            string way = home.IsNone ? string.Empty : $" (a local copy can stand in: --repo-map {RepositoryUrl.Redact(source.RepoUrl)}=FOLDER)";
            throw new ApplicationException(unreachable.Message + way, unreachable);
        }
    }

    private static async Task VerifyAsync(Func<Task> verify)
    {
        try
        {
            await verify().ConfigureAwait(false);
        }
        catch (SourceException untrusted)
        {
            throw new ApplicationException(untrusted.Message, untrusted);
        }
    }
}
