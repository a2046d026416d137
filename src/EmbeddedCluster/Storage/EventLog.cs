namespace Bowline.EmbeddedCluster.Storage;

internal enum ChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One write. A deletion's <see cref="Object"/> is the last state with the revision of the deletion.</summary>
internal sealed record Change(long Revision, ChangeType Type, StoredObject Object, StoredObject? Previous);

/// <summary>
/// The recent changes of one collection in a ring. Watchers read from it at their own pace: a watcher that the ring
/// overtakes is cut off, so slow readers cost no memory. It holds so many changes, and fewer when they are large.
/// </summary>
internal sealed class EventLog(long floor, int capacity)
{
    private const long MostBytes = 64 * 1024 * 1024;
    private const int FewestChanges = 64;
    private readonly Lock gate = new();
    private readonly int capacity = capacity;
    private Change[] ring = new Change[16];
    private long first;
    private long next;
    private long floor = floor;
    private long bytes;
    private TaskCompletionSource? changed;

    /// <summary>Changes up to and including this revision are forgotten.</summary>
    public long Floor
    {
        get
        {
            lock (gate)
            {
                return floor;
            }
        }
    }

    public void Append(Change change)
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            MakeRoom();
            ring[next % ring.Length] = change;
            next++;
            bytes += change.Object.Size;
            while (bytes > MostBytes && next - first > FewestChanges)
            {
                Forget();
            }

            waiting = changed;
            changed = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Forgets everything so far, as compaction does.</summary>
    public void ForgetUntil(long revision)
    {
        lock (gate)
        {
            while (first < next && ring[first % ring.Length].Revision <= revision)
            {
                Forget();
            }

            floor = Math.Max(floor, revision);
        }
    }

    /// <summary>Changes after a revision, oldest first; false when some of them are forgotten.</summary>
    /// <param name="most">Stops after so many bytes: who reads slowly keeps what was read from being forgotten.</param>
    public bool TryRead(long after, List<Change> into, long most = long.MaxValue)
    {
        lock (gate)
        {
            if (after < floor)
            {
                return false;
            }

            for (long at = FirstAfter(after); at < next && most > 0; at++)
            {
                Change change = ring[at % ring.Length];
                most -= change.Object.Size;
                into.Add(change);
            }

            return true;
        }
    }

    /// <summary>Completes at the next change, at once when there has been one after <paramref name="after"/>.</summary>
    public Task WaitAsync(long after)
    {
        lock (gate)
        {
            if (next > first && ring[(next - 1) % ring.Length].Revision > after)
            {
                return Task.CompletedTask;
            }

            changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return changed.Task;
        }
    }

    private long FirstAfter(long revision)
    {
        (long low, long high) = (first, next);
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            (low, high) = ring[middle % ring.Length].Revision > revision ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private void MakeRoom()
    {
        if (next - first < ring.Length)
        {
            return;
        }

        if (ring.Length < capacity)
        {
            Change[] larger = new Change[ring.Length * 2];
            for (long at = first; at < next; at++)
            {
                larger[at % larger.Length] = ring[at % ring.Length];
            }

            ring = larger;
            return;
        }

        Forget();
    }

    private void Forget()
    {
        Change oldest = ring[first % ring.Length];
        floor = Math.Max(floor, oldest.Revision);
        bytes -= oldest.Object.Size;
        ring[first % ring.Length] = null!;
        first++;
    }
}
