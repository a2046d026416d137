using System.Buffers;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// An append-only file of writes with group commit: whatever arrives while one batch is written becomes the next batch. A
/// batch is acknowledged once the operating system has it, and synced to the disk as soon as the writer has a moment.
/// When the journal outgrows the data a snapshot replaces it.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    private const long MinSizeBeforeSnapshot = 32 * 1024 * 1024;
    private readonly string directory;
    private readonly FileStream directoryLock;
    private readonly Lock gate = new();
    private readonly Queue<Work> queue = new();
    private readonly SemaphoreSlim signal = new(0);
    private readonly Task writer;
    private FileStream file;
    private Batch? open;
    private long size;
    private bool snapshotting;
    private bool stopping;
    private Exception? failure;

    private Journal(string directory, FileStream directoryLock, FileStream file)
    {
        this.directory = directory;
        this.directoryLock = directoryLock;
        this.file = file;
        size = file.Length;
        writer = Task.Run(WriteAsync);
    }

    public bool WantsSnapshot => size > MinSizeBeforeSnapshot && !snapshotting;

    public static Journal Start(string directory, long revision)
    {
        FileStream directoryLock = new(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        return new Journal(directory, directoryLock, OpenFile(directory, revision + 1));
    }

    /// <summary>Queues a record; the task completes when the record would survive this process.</summary>
    public Task Append(JournalEntry entry, string collection, StoredObject item)
    {
        lock (gate)
        {
            if (failure is not null)
            {
                return Task.FromException(failure);
            }

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
        await file.DisposeAsync().ConfigureAwait(false);
        await directoryLock.DisposeAsync().ConfigureAwait(false);
        signal.Dispose();
    }

    private static FileStream OpenFile(string directory, long firstRevision)
    {
        FileStream file = new(Recovery.JournalPath(directory, firstRevision), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            await signal.WaitAsync().ConfigureAwait(false);
            while (Take() is { } work)
            {
                try
                {
                    Carry(work);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Fail(work, e);
                }
            }

            file.Flush(flushToDisk: true);
            lock (gate)
            {
                if (stopping && queue.Count == 0)
                {
                    return;
                }
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

    private void Carry(Work work)
    {
        if (work is Batch batch)
        {
            file.Write(batch.Bytes.WrittenSpan);
            batch.Written.TrySetResult();
            return;
        }

        Rotation rotation = (Rotation)work;
        file.Flush(flushToDisk: true);
        file.Dispose();
        file = OpenFile(directory, rotation.Revision + 1);
        _ = Task.Run(() => WriteSnapshot(rotation));
    }

    private void WriteSnapshot(Rotation rotation)
    {
        try
        {
            Recovery.WriteSnapshot(directory, rotation.Revision, rotation.State);
        }
        catch (IOException)
        {
            // The journals that the snapshot would have replaced are still there; nothing is lost, and a later one will do.
        }

        lock (gate)
        {
            snapshotting = false;
        }
    }

    private void Fail(Work work, Exception e)
    {
        lock (gate)
        {
            failure = e;
        }

        (work as Batch)?.Written.TrySetException(e);
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
