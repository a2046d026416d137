using System.Threading.Channels;

namespace Bowline.Cluster.Controllers;

/// <summary>
/// Keys waiting to be worked on. A key is in the queue once however often it is added, and never with two workers at a time:
/// one added while it is worked on comes again afterwards. (The contract of client-go's workqueue.)
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Channel<TKey> ready = Channel.CreateUnbounded<TKey>();
    private readonly HashSet<TKey> waiting = [];
    private readonly HashSet<TKey> working = [];
    private readonly Dictionary<TKey, int> failures = [];
    private readonly Dictionary<TKey, TimeSpan> due = [];
    private readonly PriorityQueue<TKey, TimeSpan> timetable = new();
    private readonly TimeProvider time;
    private readonly long began;
    private readonly ITimer timer;
    private readonly TimeSpan firstBackoff;
    private readonly TimeSpan longestBackoff;
    private bool closed;

    public WorkQueue(TimeProvider time, TimeSpan? firstBackoff = null, TimeSpan? longestBackoff = null)
    {
        this.time = time;
        began = time.GetTimestamp();
        this.firstBackoff = firstBackoff ?? TimeSpan.FromMilliseconds(5);
        this.longestBackoff = longestBackoff ?? TimeSpan.FromMinutes(5);
        timer = time.CreateTimer(static queue => ((WorkQueue<TKey>)queue!).AddDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys ready for a worker; those being worked on, and those due later, are not counted.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Whether no key is ready or being worked on; keys due later do not count.</summary>
    public bool IsIdle
    {
        get
        {
            lock (gate)
            {
                return waiting.Count == 0 && working.Count == 0;
            }
        }
    }

    // Spans of time, whatever the clock is set to meanwhile.
    private TimeSpan Passed => time.GetElapsedTime(began);

    public void Add(TKey key)
    {
        lock (gate)
        {
            if (!closed && waiting.Add(key) && !working.Contains(key))
            {
                ready.Writer.TryWrite(key);
            }
        }
    }

    /// <summary>Adds a key when the time has passed; of several times for one key the earliest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        lock (gate)
        {
            TimeSpan at = Passed + delay;
            if (!closed && (!due.TryGetValue(key, out TimeSpan before) || at < before))
            {
                due[key] = at;
                timetable.Enqueue(key, at);
                Schedule();
            }
        }
    }

    /// <summary>Adds a key after a wait that doubles each time, until <see cref="Forget"/>; returns how often this happened in a row.</summary>
    public int AddLimited(TKey key)
    {
        int attempt;
        lock (gate)
        {
            attempt = failures[key] = failures.GetValueOrDefault(key) + 1;
        }

        double milliseconds = firstBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 40));
        AddAfter(key, milliseconds >= longestBackoff.TotalMilliseconds ? longestBackoff : TimeSpan.FromMilliseconds(milliseconds));
        return attempt;
    }

    /// <summary>The key is well again: its next failure waits as a first one does.</summary>
    public void Forget(TKey key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    /// <summary>Takes a key to work on; give it back with <see cref="Done"/>.</summary>
    /// <exception cref="ChannelClosedException">The queue was closed and is empty.</exception>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        TKey key = await ready.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            waiting.Remove(key);
            working.Add(key);
        }

        return key;
    }

    public void Done(TKey key)
    {
        lock (gate)
        {
            working.Remove(key);
            if (waiting.Contains(key))
            {
                ready.Writer.TryWrite(key);
            }
        }
    }

    /// <summary>Takes no more keys; those already ready are still handed out.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            due.Clear();
            timetable.Clear();
            ready.Writer.TryComplete();
        }

        timer.Dispose();
    }

    private void AddDue()
    {
        lock (gate)
        {
            TimeSpan now = Passed;
            while (timetable.TryPeek(out TKey? key, out TimeSpan at) && at <= now)
            {
                timetable.Dequeue();
                // An entry that an earlier one has overtaken is left in the timetable and passed over here.
                if (due.TryGetValue(key, out TimeSpan valid) && valid == at)
                {
                    due.Remove(key);
                    Add(key);
                }
            }

            Schedule();
        }
    }

    private void Schedule()
    {
        if (!closed && timetable.TryPeek(out _, out TimeSpan at))
        {
            TimeSpan wait = at - Passed;
            // Timers count in whole milliseconds: rounded up, or it would fire just before the time and spin.
            double milliseconds = Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, TimeSpan.FromDays(1).TotalMilliseconds));
            timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        }
    }
}
