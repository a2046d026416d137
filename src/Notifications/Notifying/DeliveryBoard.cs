using Bowline.Cluster.Controllers;

namespace Bowline.Notifications.Notifying;

/// <summary>What is on its way, what arrived and is not yet written into its application, and what failed and has to wait.</summary>
internal sealed class DeliveryBoard(TimeProvider time)
{
    /// <summary>Argo CD looks at every application once a minute, and then tries again.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly HashSet<(ReconcileKey, string)> underway = [];
    private readonly Dictionary<(ReconcileKey, string), DateTimeOffset> failed = [];
    private readonly Dictionary<ReconcileKey, Dictionary<string, long>> arrived = [];

    /// <summary>How many are on their way.</summary>
    public int Underway
    {
        get
        {
            lock (gate)
            {
                return underway.Count;
            }
        }
    }

    /// <summary>Those with arrivals that are not written yet.</summary>
    public IReadOnlyList<ReconcileKey> Unwritten
    {
        get
        {
            lock (gate)
            {
                return [.. arrived.Keys];
            }
        }
    }

    /// <summary>Whether it may be sent now: it is neither on its way, nor arrived, nor has it failed a moment ago.</summary>
    public bool TryBegin(ReconcileKey key, string stateKey)
    {
        lock (gate)
        {
            return !(arrived.TryGetValue(key, out Dictionary<string, long>? done) && done.ContainsKey(stateKey))
                && !(failed.TryGetValue((key, stateKey), out DateTimeOffset until) && time.GetUtcNow() < until)
                && underway.Add((key, stateKey));
        }
    }

    /// <summary>It was not sent after all.</summary>
    public void GiveBack(ReconcileKey key, string stateKey)
    {
        lock (gate)
        {
            underway.Remove((key, stateKey));
        }
    }

    public void Arrive(ReconcileKey key, string stateKey)
    {
        lock (gate)
        {
            if (!arrived.TryGetValue(key, out Dictionary<string, long>? done))
            {
                arrived[key] = done = new Dictionary<string, long>(StringComparer.Ordinal);
            }

            done[stateKey] = time.GetUtcNow().ToUnixTimeSeconds();
            failed.Remove((key, stateKey));
            underway.Remove((key, stateKey));
        }
    }

    public void Fail(ReconcileKey key, string stateKey)
    {
        lock (gate)
        {
            failed[(key, stateKey)] = time.GetUtcNow() + RetryAfter;
            underway.Remove((key, stateKey));
        }
    }

    public IReadOnlyList<KeyValuePair<string, long>> ArrivedOf(ReconcileKey key)
    {
        lock (gate)
        {
            return arrived.TryGetValue(key, out Dictionary<string, long>? done) ? [.. done] : [];
        }
    }

    /// <summary>These are written into the application.</summary>
    public void Written(ReconcileKey key, IEnumerable<KeyValuePair<string, long>> written)
    {
        lock (gate)
        {
            if (!arrived.TryGetValue(key, out Dictionary<string, long>? done))
            {
                return;
            }

            foreach ((string stateKey, _) in written)
            {
                done.Remove(stateKey);
            }

            if (done.Count == 0)
            {
                arrived.Remove(key);
            }
        }
    }

    /// <summary>There is no such application any more.</summary>
    public void Forget(ReconcileKey key)
    {
        lock (gate)
        {
            arrived.Remove(key);
        }
    }

    /// <summary>What failed may be tried again at once: the configuration is another.</summary>
    public void ForgetFailures()
    {
        lock (gate)
        {
            failed.Clear();
        }
    }

    /// <summary>Drops failures that nobody asks about any more.</summary>
    public void Sweep()
    {
        lock (gate)
        {
            foreach ((ReconcileKey, string) old in failed.Where(item => time.GetUtcNow() > item.Value + RetryAfter).Select(item => item.Key).ToArray())
            {
                failed.Remove(old);
            }
        }
    }
}
