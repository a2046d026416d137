using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Bowline.Sources.Files;

/// <summary>What happened below a watched folder within one breath.</summary>
/// <param name="Paths">Files and folders that changed, relative to the folder; empty when only a commit was made, or when too many to name.</param>
/// <param name="Repository">Whether HEAD, a branch or a tag moved.</param>
/// <param name="Everything">Whether more changed than is named; look at all of it.</param>
public sealed record FolderChange(IReadOnlySet<string> Paths, bool Repository, bool Everything);

public sealed record FolderWatcherOptions
{
    public static readonly FolderWatcherOptions Default = new();

    /// <summary>Quiet time that ends a breath, so that an editor's several writes are reported once.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest breath, under steady writing.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How often to look, where the system cannot notify.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Looks instead of being notified: for network folders, which send no notifications.</summary>
    public bool Poll { get; init; }
}

/// <summary>Reports that files below a folder changed, or that a commit was made in the repository it is in.</summary>
public sealed class FolderWatcher : IDisposable
{
    private const int MaxPaths = 10_000;
    private const int MaxWaiting = 100_000;

    private readonly Channel<string> events = Channel.CreateBounded<string>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly List<FileSystemWatcher> watchers = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly FolderWatcherOptions options;
    private readonly TimeProvider time;
    private readonly string root;
    private readonly GitFolders? git;
    private int overflowed;

    /// <summary>Watches from now on: what changes before the first step of <see cref="ChangesAsync"/> is reported by it.</summary>
    public FolderWatcher(string folder, TimeProvider time, FolderWatcherOptions? options = null)
    {
        root = new DirectoryTree(folder).Root;
        this.time = time;
        this.options = options ?? FolderWatcherOptions.Default;
        git = GitFolders.Find(root);
        IsPolling = this.options.Poll || !TryNotify();
        if (IsPolling)
        {
            StopNotifying();
            FolderPoll poll = new(root, git);
            _ = Task.Run(() => PollAsync(poll, stopping.Token));
        }
    }

    /// <summary>Whether the folder is looked through at intervals, for want of notifications.</summary>
    public bool IsPolling { get; private set; }

    /// <summary>Changes as they come, each breath once. For one reader.</summary>
    public async IAsyncEnumerable<FolderChange> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping.Token);
        while (await events.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false))
        {
            Collected collected = new(root, git);
            long began = time.GetTimestamp();
            while (collected.Drain(events.Reader) && time.GetElapsedTime(began) < options.Longest)
            {
                await Task.Delay(options.Quiet, time, either.Token).ConfigureAwait(false);
            }

            if (collected.Change is { } change)
            {
                yield return Interlocked.Exchange(ref overflowed, 0) == 0 ? change : change with { Everything = true };
            }
        }
    }

    public void Dispose()
    {
        if (!stopping.IsCancellationRequested)
        {
            stopping.Cancel();
            StopNotifying();
        }
    }

    private bool TryNotify()
    {
        try
        {
            Notify(root, "*", deep: true);
            foreach ((string folder, string filter, bool deep) in git?.Outside(root) ?? [])
            {
                Notify(folder, filter, deep);
            }

            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    private void Notify(string folder, string filter, bool deep)
    {
        FileSystemWatcher watcher = new(folder, filter)
        {
            IncludeSubdirectories = deep,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
            InternalBufferSize = 64 * 1024,
        };
        watchers.Add(watcher);
        watcher.Changed += (_, change) => Report(change.FullPath);
        watcher.Created += (_, change) => Report(change.FullPath);
        watcher.Deleted += (_, change) => Report(change.FullPath);
        watcher.Renamed += (_, change) =>
        {
            Report(change.OldFullPath);
            Report(change.FullPath);
        };
        watcher.Error += (_, lost) => OnLoss(lost.GetException());
        watcher.EnableRaisingEvents = true;
    }

    /// <summary>Too many at once are reported as everything; a folder that cannot be watched any more makes looking the safer way.</summary>
    private void OnLoss(Exception error)
    {
        Report(string.Empty);
        if (error is InternalBufferOverflowException || IsPolling || stopping.IsCancellationRequested)
        {
            return;
        }

        IsPolling = true;
        StopNotifying();
        FolderPoll poll = new(root, git);
        _ = Task.Run(() => PollAsync(poll, stopping.Token));
    }

    /// <summary>An empty path stands for everything; so does a queue that nobody has read for long.</summary>
    private void Report(string path)
    {
        if (!events.Writer.TryWrite(path))
        {
            Volatile.Write(ref overflowed, 1);
        }
    }

    private async Task PollAsync(FolderPoll poll, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.PollInterval, time, cancellationToken).ConfigureAwait(false);
                foreach (string path in poll.Look())
                {
                    Report(path);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void StopNotifying()
    {
        lock (watchers)
        {
            foreach (FileSystemWatcher watcher in watchers)
            {
                watcher.Dispose();
            }

            watchers.Clear();
        }
    }

    /// <summary>The events of one breath, sorted into files and the repository's own doings.</summary>
    private sealed class Collected(string root, GitFolders? git)
    {
        private readonly HashSet<string> paths = new(StringComparer.Ordinal);
        private bool repository;
        private bool everything;

        public FolderChange? Change => paths.Count > 0 || repository || everything ? new FolderChange(paths, repository, everything) : null;

        /// <summary>Whether anything that counts came.</summary>
        public bool Drain(ChannelReader<string> events)
        {
            bool any = false;
            while (events.TryRead(out string? full))
            {
                any |= Take(full);
            }

            return any;
        }

        private bool Take(string full)
        {
            if (full.Length == 0)
            {
                return everything = true;
            }

            if (git?.Says(full) is { } moved)
            {
                repository |= moved;
                return moved;
            }

            string relative = Path.GetRelativePath(root, full).Replace(Path.DirectorySeparatorChar, '/');
            if (relative.Split('/').Any(TreePath.IsGit))
            {
                return false;
            }

            if (paths.Count >= MaxPaths)
            {
                paths.Clear();
                everything = true;
            }

            if (!everything && relative != ".")
            {
                paths.Add(relative);
            }

            return true;
        }
    }
}
