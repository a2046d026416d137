using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition;

/// <summary>The path that was given: the Git repository around it, or the folder itself where there is none.</summary>
internal sealed class Repository : IDisposable
{
    private readonly string folder;
    private readonly GitRepository? git;
    private readonly GitFetcher fetcher;
    private readonly ChartSources charts;
    private readonly TimeProvider time;
    private readonly bool checkSignatures;
    private FolderWatcher? watcher;

    private Repository(string folder, GitRepository? git, UpOptions options, TimeProvider time)
    {
        this.folder = git?.Root ?? folder;
        this.git = git;
        this.time = time;
        checkSignatures = options.TargetsRealCluster || options.Strict;
        Name = $"{Path.GetFileName(folder)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..8]}";
        fetcher = new GitFetcher(Path.Combine(BowlineHome.Folder, "mirrors"), time);
        charts = new ChartSources(time, more: address => Workspace!.Settings.Repositories.LoginFor(address));
        string searchPath = Path.GetRelativePath(this.folder, folder) is var relative && relative == "." ? string.Empty : relative;
        WorkspaceOptions workspace = new(searchPath, options.RepositoryMappings, options.Namespace);
        Workspace = new Workspace(workspace, Engines.CreateRenderer(new RemoteBases(fetcher, options.RepositoryMappings).Fetch), fetcher, charts.Repositories, OpenHomeAsync, OpenFolderAsync);
    }

    /// <summary>The folder's name with a few digits of its path's hash, so that two of the same name do not meet.</summary>
    public string Name { get; }

    public Workspace Workspace { get; }

    /// <exception cref="UsageException">There is no such folder.</exception>
    public static async Task<Repository> OpenAsync(UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(options.Path).TrimEnd('/');
        if (!Directory.Exists(folder))
        {
            throw new UsageException(File.Exists(folder) ? $"{options.Path} is a file; give the repository's folder" : $"there is no folder {options.Path}");
        }

        GitRepository? git = await FindGitAsync(folder, time, cancellationToken).ConfigureAwait(false);
        return new Repository(folder, git is { IsBare: false } ? git : null, options, time);
    }

    /// <summary>Notes changes from now on; before the first load, so that none is missed between loading and following.</summary>
    public void BeginWatching() => watcher ??= new FolderWatcher(folder, time);

    /// <summary>Files that changed since <see cref="BeginWatching"/>, relative to the root, a breath at a time; null when anything may have.</summary>
    public async IAsyncEnumerable<IReadOnlyCollection<string>?> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BeginWatching();
        await foreach (FolderChange change in watcher!.ChangesAsync(cancellationToken).ConfigureAwait(false))
        {
            // A commit alone changes no file, only the revision that is reported.
            yield return change.Everything ? null : change.Paths;
        }
    }

    public void Dispose()
    {
        watcher?.Dispose();
        fetcher.Dispose();
        charts.Dispose();
    }


    private async Task<HomeRepository> OpenHomeAsync(CancellationToken cancellationToken)
    {
        SourceSnapshot snapshot = await OpenFolderAsync(folder, git, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<GitRemote> remotes = git is null ? [] : await git.RemotesAsync(cancellationToken).ConfigureAwait(false);
        ConcurrentDictionary<string, Lazy<Task<SourceSnapshot?>>> pinned = new(StringComparer.Ordinal);
        return new HomeRepository(folder, snapshot, [.. remotes.Select(remote => remote.Url)])
        {
            // Asked once for each revision, however many applications name it.
            VerifyAsync = checkSignatures ? VerifyAsync : null,
            PinnedAsync = (revision, token) => pinned.GetOrAdd(revision, name => new Lazy<Task<SourceSnapshot?>>(() => PinnedAsync(name, token))).Value,
        };
    }

    /// <summary>The commit behind a revision that can only mean one: a tag or a commit, not a branch, which the working tree stands for.</summary>
    private async Task<SourceSnapshot?> PinnedAsync(string revision, CancellationToken cancellationToken)
    {
        if (git is null || await git.PinnedAsync(revision, cancellationToken).ConfigureAwait(false) is not { } commit)
        {
            return null;
        }

        return new SourceSnapshot(await git.TreeAsync(commit, cancellationToken).ConfigureAwait(false), new SourceRevision(commit, WorkingTree: false));
    }

    private async Task VerifyAsync(string revision, SourceSnapshot snapshot, TrustedKeys keys, CancellationToken cancellationToken)
    {
        if (git is null || snapshot.Revision is { WorkingTree: true } or { Commit: "" })
        {
            throw new SourceException($"{folder}: the working tree has changes that no commit holds, so nobody has signed them; the project asks for signed commits", folder) { IsUntrusted = true };
        }

        await git.VerifyAsync(revision.Length > 0 ? revision : snapshot.Revision.Commit, snapshot.Revision.Commit, keys, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SourceSnapshot> OpenFolderAsync(string path, CancellationToken cancellationToken) =>
        await OpenFolderAsync(path, await FindGitAsync(path, time, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>A folder that Git will not speak of (no git on the machine, a repository of somebody else's) is a folder still, without a revision.</summary>
    private static async Task<GitRepository?> FindGitAsync(string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await GitRepository.FindAsync(folder, time, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException)
        {
            return null;
        }
    }

    private static async Task<SourceSnapshot> OpenFolderAsync(string path, GitRepository? repository, CancellationToken cancellationToken)
    {
        GitState state = repository is null ? new GitState(string.Empty, string.Empty, Dirty: true) : await repository.StateAsync(cancellationToken).ConfigureAwait(false);
        return new SourceSnapshot(new DirectoryTree(path), new SourceRevision(state.Commit, state.Dirty));
    }
}
