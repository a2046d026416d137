using System.Threading.Channels;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>Keys that need a look, each at most once at a time; a key that comes back while it is worked on runs again afterwards.</summary>
internal sealed class WorkQueue(TimeProvider time) : IDisposable
{
    private readonly Channel<ObjectName> ready = Channel.CreateUnbounded<ObjectName>();
    private readonly Lock gate = new();
    private readonly HashSet<ObjectName> waiting = [];
    private readonly HashSet<ObjectName> running = [];
    private readonly Dictionary<ObjectName, int> failures = [];
    private readonly Dictionary<ObjectName, (ITimer Timer, DateTimeOffset Due)> timers = [];
    private bool disposed;

    /// <summary>Nothing waits and nothing runs; keys that wait for a time do not count.</summary>
    public bool IsIdle
    {
        get
        {
            lock (gate)
            {
                return waiting.Count == 0 && running.Count == 0;
            }
        }
    }

    public void Add(ObjectName key)
    {
        lock (gate)
        {
            if (waiting.Add(key) && !running.Contains(key))
            {
                ready.Writer.TryWrite(key);
            }
        }
    }

    /// <summary>Adds the key after a while; of two appointments the earlier one counts.</summary>
    public void AddAfter(ObjectName key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        // Timers cannot be set further ahead than this; the reconciler that wakes early asks again.
        delay = delay > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : delay;
        DateTimeOffset due = time.GetUtcNow() + delay;
        lock (gate)
        {
            if (disposed || (timers.TryGetValue(key, out (ITimer Timer, DateTimeOffset Due) earlier) && earlier.Due <= due))
            {
                return;
            }

            earlier.Timer?.Dispose();
            timers[key] = (time.CreateTimer(state => Wake((ObjectName)state!), key, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Adds the key after 5 ms, 10 ms, 20 ms … up to a minute, by the number of failures since the last success.</summary>
    public void AddAfterFailure(ObjectName key)
    {
        int count;
        lock (gate)
        {
            count = failures.GetValueOrDefault(key);
            failures[key] = count + 1;
        }

        AddAfter(key, TimeSpan.FromMilliseconds(Math.Min(60_000, 5 * Math.Pow(2, Math.Min(count, 20)))));
    }

    public void Forget(ObjectName key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    public async ValueTask<ObjectName> TakeAsync(CancellationToken cancellationToken)
    {
        ObjectName key = await ready.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            waiting.Remove(key);
            running.Add(key);
        }

        return key;
    }

    public void Done(ObjectName key)
    {
        lock (gate)
        {
            running.Remove(key);
            if (waiting.Contains(key))
            {
                ready.Writer.TryWrite(key);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach ((ITimer timer, _) in timers.Values)
            {
                timer.Dispose();
            }

            timers.Clear();
        }
    }

    private void Wake(ObjectName key)
    {
        lock (gate)
        {
            if (timers.Remove(key, out (ITimer Timer, DateTimeOffset Due) entry))
            {
                entry.Timer.Dispose();
            }
        }

        Add(key);
    }
}
