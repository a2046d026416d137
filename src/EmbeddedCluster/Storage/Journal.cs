using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// An append-only file of writes with group commit: whatever arrives while one batch is written becomes the next batch. A batch is
/// acknowledged once the operating system has it, and synced to the disk within a fraction of a second. A batch that does not fit
/// onto the disk is kept, and nothing new is taken until it does. When the journal outgrows the data a snapshot replaces it.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    private const long MinSizeBeforeSnapshot = 32 * 1024 * 1024;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SyncAfter = TimeSpan.FromMilliseconds(100);
    private readonly string directory;
    private readonly DirectoryLock directoryLock;
    private readonly Lock gate = new();
    private readonly Queue<Work> queue = new();
    private readonly SemaphoreSlim signal = new(0);
    private readonly SemaphoreSlim unsynced = new(0);
    private readonly Lock fileGate = new();
    private readonly Task writer;
    private readonly Task syncer;
    private SafeFileHandle file;
    private long length;
    private Batch? open;
    private long size;
    private long snapshotSize;
    private bool snapshotting;
    private Task snapshotTask = Task.CompletedTask;
    private bool stopping;
    private volatile StorageException? blocked;

    private Journal(string directory, DirectoryLock directoryLock, SafeFileHandle file, long size, long snapshotSize)
    {
        this.directory = directory;
        this.directoryLock = directoryLock;
        this.file = file;
        this.size = size;
        this.snapshotSize = snapshotSize;
        length = RandomAccess.GetLength(file);
        writer = Task.Run(WriteAsync);
        syncer = Task.Run(SyncAsync);
    }

    public bool WantsSnapshot => size > Math.Max(MinSizeBeforeSnapshot, snapshotSize) && !snapshotting;

    /// <summary>Goes on after what was recovered, in a file of its own.</summary>
    public static Journal Start(string directory, DirectoryLock directoryLock, long revision)
    {
        long Size(string pattern) => Directory.GetFiles(directory, pattern).Sum(path => new FileInfo(path).Length);
        return new Journal(directory, directoryLock, OpenFile(directory, revision + 1), Size("journal-*.log"), Size("snapshot-*.db"));
    }

    /// <exception cref="StorageException">Nothing can be written at the moment; nobody may change what is in memory then.</exception>
    public void ThrowIfBlocked()
    {
        if (blocked is { } why)
        {
            throw new StorageException(why.Message, why.IsFull, why);
        }
    }

    /// <summary>Queues a record; the task completes when the record would survive this process, and fails when it does not for now.</summary>
    public Task Append(JournalEntry entry, string collection, StoredObject item)
    {
        lock (gate)
        {
            if (open is null)
            {
                open = new Batch();
                queue.Enqueue(open);
                signal.Release();
            }

            int before = open.Bytes.WrittenCount;
            JournalFormat.Write(open.Bytes, entry, item.Revision, collection, item.Namespace, item.Name, entry == JournalEntry.Put ? item.Json : []);
            size += open.Bytes.WrittenCount - before;
            return open.Written.Task;
        }
    }

    /// <summary>Writes the given state to a snapshot in the background, and all later records to a new file.</summary>
    public void BeginSnapshot(long revision, IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> state)
    {
        lock (gate)
        {
            snapshotting = true;
            open = null;
            size = 0;
            queue.Enqueue(new Rotation(revision, state));
            signal.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            stopping = true;
        }

        signal.Release();
        await writer.ConfigureAwait(false);
        unsynced.Release();
        await syncer.ConfigureAwait(false);

        // The directory is free for the next only when nothing of this one writes or deletes in it any more.
        await snapshotTask.ConfigureAwait(false);
        file.Dispose();
        directoryLock.Dispose();
        signal.Dispose();
        unsynced.Dispose();
    }

    private static SafeFileHandle OpenFile(string directory, long firstRevision) =>
        File.OpenHandle(Recovery.JournalPath(directory, firstRevision), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);

    private async Task WriteAsync()
    {
        while (true)
        {
            await signal.WaitAsync().ConfigureAwait(false);
            while (Take() is { } work)
            {
                if (!await CarryAsync(work).ConfigureAwait(false))
                {
                    return;
                }
            }

            lock (gate)
            {
                if (stopping && queue.Count == 0)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Does the work, however often that takes; false when the journal is closed before it could be done.</summary>
    private async Task<bool> CarryAsync(Work work)
    {
        while (true)
        {
            try
            {
                Carry(work);
                blocked = null;
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Block(work, e);
            }

            if (stopping)
            {
                return false;
            }

            await Task.Delay(RetryAfter, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private void Carry(Work work)
    {
        if (work is Batch batch)
        {
            // At its place, so that a write that was cut short is written over.
            RandomAccess.Write(file, batch.Bytes.WrittenSpan, length);
            length += batch.Bytes.WrittenCount;
            batch.Written.TrySetResult();
            unsynced.Release();
            return;
        }

        Rotation rotation = (Rotation)work;
        SafeFileHandle next = OpenFile(directory, rotation.Revision + 1);
        lock (fileGate)
        {
            RandomAccess.FlushToDisk(file);
            file.Dispose();
            file = next;
            length = RandomAccess.GetLength(next);
        }

        snapshotTask = Task.Run(() => WriteSnapshot(rotation));
    }

    /// <summary>Everyone who waits is told now: their writes may still come to be, as after any answer that got lost.</summary>
    private void Block(Work work, Exception e)
    {
        bool isFull = (e.HResult & 0xffff) is 28 or 27 or 122;
        StorageException why = new(isFull ? $"no space left in {directory}: writes are refused until there is" : $"{directory} cannot be written: {e.Message}", isFull, e);
        lock (gate)
        {
            blocked = why;
            open = null;
            foreach (Batch waiting in queue.Append(work).OfType<Batch>())
            {
                waiting.Written.TrySetException(why);
            }
        }
    }

    private Work? Take()
    {
        lock (gate)
        {
            if (!queue.TryDequeue(out Work? work))
            {
                return null;
            }

            if (ReferenceEquals(work, open))
            {
                open = null;
            }

            return work;
        }
    }

    private async Task SyncAsync()
    {
        while (true)
        {
            await unsynced.WaitAsync().ConfigureAwait(false);
            if (!stopping)
            {
                await Task.Delay(SyncAfter, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            }

            while (unsynced.Wait(0))
            {
                // One sync serves all that was written before it.
            }

            try
            {
                lock (fileGate)
                {
                    RandomAccess.FlushToDisk(file);
                }
            }
            catch (IOException e)
            {
                // What the disk lost between two syncs cannot be known; the next write would only pretend.
                blocked = new StorageException($"{directory}: the disk failed to keep what was written: {e.Message}", false, e);
            }

            if (writer.IsCompleted)
            {
                return;
            }
        }
    }

    private void WriteSnapshot(Rotation rotation)
    {
        long written = 0;
        try
        {
            written = Recovery.WriteSnapshot(directory, rotation.Revision, rotation.State);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The journals that the snapshot would have replaced are still there; nothing is lost, and a later one will do.
        }

        lock (gate)
        {
            snapshotting = false;
            snapshotSize = written > 0 ? written : snapshotSize;
        }
    }

    private abstract class Work;

    private sealed class Batch : Work
    {
        public ArrayBufferWriter<byte> Bytes { get; } = new(1024);

        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Rotation(long revision, IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> state) : Work
    {
        public long Revision => revision;

        public IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> State => state;
    }
}

/// <summary>One process per state directory: held from before recovery reads it until the journal is closed.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream file;

    private DirectoryLock(FileStream file) => this.file = file;

    /// <exception cref="StorageException">Another process has it.</exception>
    public static DirectoryLock Take(string directory)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "lock");
        try
        {
            FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            return new DirectoryLock(file);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new StorageException($"{directory} is in use by another process", false, e);
        }
    }

    public void Dispose() => file.Dispose();
}
