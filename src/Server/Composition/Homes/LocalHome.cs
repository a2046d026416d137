using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Bowline.Applications.Sourcing;
using Bowline.Server.Composition.Up;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition.Homes;

/// <summary>A path on this machine: the Git repository around it, or the folder itself where there is none.</summary>
internal sealed class LocalHome : IHome
{
    private readonly string folder;
    private readonly GitRepository? git;
    private readonly TimeProvider time;
    private readonly bool checkSignatures;
    private FolderWatcher? watcher;

    private LocalHome(string folder, GitRepository? git, UpOptions options, TimeProvider time)
    {
        this.folder = git?.Root ?? folder;
        this.git = git;
        this.time = time;
        checkSignatures = options.ChecksSignatures;
        Name = NameOf(options);
        SearchPath = Path.GetRelativePath(this.folder, folder) is var relative && relative == "." ? string.Empty : relative;
    }

    public string Name { get; }

    public string SearchPath { get; }

    public static string NameOf(UpOptions options) => BowlineHome.NameFor(Path.GetFileName(Path.GetFullPath(options.Path).TrimEnd('/')), Path.GetFullPath(options.Path).TrimEnd('/'));

    /// <exception cref="UsageException">There is no such folder.</exception>
    public static async Task<LocalHome> OpenAsync(UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(options.Path).TrimEnd('/');
        if (!Directory.Exists(folder))
        {
            throw new UsageException(File.Exists(folder) ? $"{options.Path} is a file; give the repository's folder" : $"there is no folder {options.Path}");
        }

        GitRepository? git = await FindGitAsync(folder, time, cancellationToken).ConfigureAwait(false);
        return new LocalHome(folder, git is { IsBare: false } ? git : null, options, time);
    }

    public void BeginWatching() => watcher ??= new FolderWatcher(folder, time);

    public async IAsyncEnumerable<IReadOnlyCollection<string>?> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BeginWatching();
        await foreach (FolderChange change in watcher!.ChangesAsync(cancellationToken).ConfigureAwait(false))
        {
            // A commit alone changes no file, only the revision that is reported.
            yield return change.Everything ? null : change.Paths;
        }
    }

    public void Dispose() => watcher?.Dispose();

    public async Task<HomeRepository> OpenAsync(CancellationToken cancellationToken)
    {
        SourceSnapshot snapshot = await OpenFolderAsync(folder, git, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<GitRemote> remotes = git is null ? [] : await git.RemotesAsync(cancellationToken).ConfigureAwait(false);
        ConcurrentDictionary<string, Lazy<Task<SourceSnapshot?>>> pinned = new(StringComparer.Ordinal);
        return new HomeRepository(folder, snapshot, [.. remotes.Select(remote => remote.Url)])
        {
            VerifyAsync = checkSignatures ? VerifyAsync : null,

            // Asked once for each revision, however many applications name it.
            PinnedAsync = (revision, token) => pinned.GetOrAdd(revision, name => new Lazy<Task<SourceSnapshot?>>(() => PinnedAsync(name, token))).Value,
        };
    }

    /// <summary>Another folder of this machine, as it stands.</summary>
    public static async Task<SourceSnapshot> OpenFolderAsync(string path, TimeProvider time, CancellationToken cancellationToken) =>
        await OpenFolderAsync(path, await FindGitAsync(path, time, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

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
