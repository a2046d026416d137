using System.Collections.Concurrent;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>A write that happened in memory; <see cref="Durable"/> completes when it would survive a crash.</summary>
internal readonly record struct Committed(StoredObject Object, Task Durable);

/// <summary>
/// Every object of a cluster, with one revision that counts all writes. Writers compare and swap; readers take immutable
/// snapshots without locks; watchers follow each collection's log.
/// </summary>
internal sealed class ObjectStore : IAsyncDisposable
{
    private const int History = 8192;
    private readonly ConcurrentDictionary<string, CollectionState> collections = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly SharedParts parts = new();
    private readonly Journal? journal;
    private long revision;
    private long loaded;

    private ObjectStore(Journal? journal) => this.journal = journal;

    /// <summary>The revision of the newest write.</summary>
    public long Revision => Volatile.Read(ref revision);

    /// <summary>What recovery found and cut off; null when the journal was whole.</summary>
    public string? RecoveryNote { get; private set; }

    /// <summary>A store in memory, or one that lives in a directory and starts with what it finds there.</summary>
    public static ObjectStore Open(string? directory)
    {
        if (directory is null)
        {
            return new ObjectStore(null) { revision = 1, loaded = 1 };
        }

        // Nothing is read, let alone cut off, while another process may be writing it.
        DirectoryLock held = DirectoryLock.Take(directory);
        try
        {
            RecoveredState recovered = Recovery.Load(directory);
            ObjectStore store = new(Journal.Start(directory, held, recovered.Revision)) { RecoveryNote = recovered.Note };
            store.Load(recovered);
            return store;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public CollectionSnapshot Snapshot(string collection) => State(collection).Snapshot;

    public StoredObject? Get(string collection, string @namespace, string name) => State(collection).Snapshot.Get(@namespace, name);

    public EventLog Log(string collection) => State(collection).Log;

    public IEnumerable<string> Collections => collections.Where(pair => pair.Value.Snapshot.Count > 0).Select(pair => pair.Key);

    /// <summary>A collection as it was right after a revision; null when that is too long ago.</summary>
    public CollectionSnapshot? SnapshotAt(string collection, long at)
    {
        CollectionState state = State(collection);
        List<Change> later = [];
        CollectionSnapshot snapshot;
        lock (gate)
        {
            snapshot = state.Snapshot;
            if (!state.Log.TryRead(at, later))
            {
                return null;
            }
        }

        for (int i = later.Count - 1; i >= 0; i--)
        {
            Change change = later[i];
            snapshot = change.Previous is { } previous ? snapshot.With(previous) : snapshot.Without(change.Object.Namespace, change.Object.Name, at);
        }

        return snapshot;
    }

    /// <summary>A snapshot with the store's revision at that moment.</summary>
    public (CollectionSnapshot Snapshot, long Revision) Consistent(string collection)
    {
        CollectionState state = State(collection);
        lock (gate)
        {
            return (state.Snapshot, revision);
        }
    }

    /// <summary>
    /// Writes <paramref name="next"/> when the object still is <paramref name="expected"/> (null: does not exist). The tree is
    /// taken over: it gets its resourceVersion and is frozen. Null means another writer was first.
    /// </summary>
    /// <exception cref="StorageException">The disk takes nothing; memory is left as it is.</exception>
    public Committed? TryPut(string collection, StoredObject? expected, string @namespace, string name, MapNode next)
    {
        CollectionState state = State(collection);
        if (!ReferenceEquals(state.Snapshot.Get(@namespace, name), expected))
        {
            return null;
        }

        // Everything that takes time comes before the lock, which all writers of all kinds share.
        parts.Share(next);
        Draft draft = new(@namespace, name, next, Revision + 1);
        lock (gate)
        {
            if (!ReferenceEquals(state.Snapshot.Get(@namespace, name), expected))
            {
                return null;
            }

            journal?.ThrowIfBlocked();
            StoredObject item = draft.At(revision + 1, parts);
            Task durable = Append(JournalEntry.Put, collection, item);
            state.Snapshot = state.Snapshot.With(item);
            Publish(state, new Change(item.Revision, expected is null ? ChangeType.Added : ChangeType.Modified, item, expected));
            expected?.SucceededBy(item);
            return new Committed(item, durable);
        }
    }

    /// <summary>Removes the object when it still is <paramref name="expected"/>; null means another writer was first.</summary>
    /// <param name="last">What watchers see as its last state, if that is not <paramref name="expected"/>; taken over.</param>
    public Committed? TryRemove(string collection, StoredObject expected, MapNode? last = null)
    {
        CollectionState state = State(collection);
        Draft draft = new(expected.Namespace, expected.Name, last ?? Draft.Beginning(expected.Node), Revision + 1);
        lock (gate)
        {
            if (!ReferenceEquals(state.Snapshot.Get(expected.Namespace, expected.Name), expected))
            {
                return null;
            }

            journal?.ThrowIfBlocked();
            StoredObject item = draft.At(revision + 1, parts);
            Task durable = Append(JournalEntry.Remove, collection, item);
            state.Snapshot = state.Snapshot.Without(expected.Namespace, expected.Name, item.Revision);
            Publish(state, new Change(item.Revision, ChangeType.Deleted, item, expected));
            expected.SucceededBy(item);
            item.End();
            return new Committed(item, durable);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (journal is not null)
        {
            await journal.DisposeAsync().ConfigureAwait(false);
        }
    }

    private CollectionState State(string collection) =>
        collections.GetOrAdd(collection, static (_, self) => new CollectionState(Volatile.Read(ref self.loaded), History), this);

    private Task Append(JournalEntry entry, string collection, StoredObject item)
    {
        if (journal is null)
        {
            return Task.CompletedTask;
        }

        if (journal.WantsSnapshot)
        {
            BeginSnapshot(journal);
        }

        return journal.Append(entry, collection, item);
    }

    private void BeginSnapshot(Journal to) => to.BeginSnapshot(revision, [.. collections.Select(pair => (pair.Key, pair.Value.Snapshot))]);

    private void Publish(CollectionState state, Change change)
    {
        Volatile.Write(ref revision, change.Revision);
        state.Log.Append(change);
    }

    private void Load(RecoveredState recovered)
    {
        revision = recovered.Revision;
        loaded = recovered.Revision;
        foreach ((string collection, StoredObject item) in recovered.Objects)
        {
            CollectionState state = State(collection);
            state.Snapshot = state.Snapshot.With(item);
        }

        if (recovered.IsDamaged && journal is not null)
        {
            BeginSnapshot(journal);
        }
    }
}
