using System.Collections.Concurrent;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>
/// The images that a node has, and those that are on their way: one after the other, as kubelets pull unless told otherwise (serializeImagePulls). A
/// program that starts anew finds its nodes without images, as new machines are.
/// </summary>
internal sealed class NodeImages
{
    private const int Most = 4096;
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> arrivals = new(StringComparer.Ordinal);
    private DateTimeOffset free;
    private DateTimeOffset last;

    public bool Has(string image, DateTimeOffset now)
    {
        lock (gate)
        {
            Follow(now);
            return arrivals.TryGetValue(image, out DateTimeOffset arrival) && arrival <= now;
        }
    }

    /// <summary>Queues a pull behind those of the node's other pods.</summary>
    /// <param name="time">How long it takes by itself; an image that an earlier pull brings takes no time of its own.</param>
    public PullAttempt Pull(string image, TimeSpan time, DateTimeOffset now)
    {
        lock (gate)
        {
            Follow(now);
            DateTimeOffset begin = free > now ? free : now;
            if (arrivals.TryGetValue(image, out DateTimeOffset arrival) && arrival > now)
            {
                return new PullAttempt(now, 0) { Until = arrival };
            }

            if (arrivals.Count >= Most)
            {
                arrivals.Clear();
            }

            free = begin + time;
            arrivals[image] = free;
            return new PullAttempt(now, 0) { Until = free, Took = time };
        }
    }

    // A clock that is put back takes the queue with it.
    private void Follow(DateTimeOffset now)
    {
        if (now < last)
        {
            TimeSpan back = last - now;
            free = free - DateTimeOffset.MinValue > back ? free - back : DateTimeOffset.MinValue;
            foreach (string image in arrivals.Keys.ToList())
            {
                arrivals[image] -= back;
            }
        }

        last = now;
    }
}

/// <param name="Number">How often the pull has failed.</param>
internal readonly record struct PullAttempt(DateTimeOffset Since, int Number)
{
    /// <summary>When the image is there; of a pull that does not fail.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>Without the time that it waited for other pulls.</summary>
    public TimeSpan Took { get; init; }
}

/// <summary>Pulls under way, by pod and container.</summary>
internal sealed class PullAttempts
{
    private readonly ConcurrentDictionary<(string Pod, string Container), PullAttempt> attempts = new();

    public bool TryFind((string Pod, string Container) key, out PullAttempt attempt) => attempts.TryGetValue(key, out attempt);

    public void Set((string Pod, string Container) key, PullAttempt attempt) => attempts[key] = attempt;

    public void Forget((string Pod, string Container) key) => attempts.TryRemove(key, out _);

    public void ForgetPod(string uid)
    {
        if (attempts.IsEmpty)
        {
            return;
        }

        foreach ((string Pod, string Container) key in attempts.Keys.Where(key => key.Pod == uid))
        {
            attempts.TryRemove(key, out _);
        }
    }
}
