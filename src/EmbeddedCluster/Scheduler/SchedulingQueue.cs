using Bowline.EmbeddedCluster.Controllers;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>
/// Pods that wait: ready ones by priority and age, those that found no place until something changes that may help them, and
/// then no sooner than their back-off allows. (The three queues of kube-scheduler.)
/// </summary>
internal sealed class SchedulingQueue
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestStay = TimeSpan.FromMinutes(5);
    private readonly Dictionary<ObjectName, Waiting> pods = [];
    private readonly PriorityQueue<Waiting, (int Priority, DateTimeOffset Since, long Number)> ready = new();
    private readonly PriorityQueue<Waiting, DateTimeOffset> backingOff = new();
    private readonly HashSet<Waiting> stuck = [];
    private long number;

    private enum Place
    {
        Ready,
        BackingOff,
        Stuck,
        Taken,
    }

    public bool Contains(ObjectName pod) => pods.ContainsKey(pod);

    /// <summary>Takes a new pod, or lets one that changed try again.</summary>
    public void Add(ObjectName name, int priority, DateTimeOffset now)
    {
        if (!pods.TryGetValue(name, out Waiting? pod))
        {
            pods[name] = pod = new Waiting(name, priority, now);
        }
        else if (pod.Place == Place.Ready)
        {
            return;
        }

        stuck.Remove(pod);
        MakeReady(pod);
    }

    public void Forget(ObjectName name)
    {
        if (pods.Remove(name, out Waiting? pod))
        {
            pod.Place = Place.Taken;
            stuck.Remove(pod);
        }
    }

    /// <summary>The next pod to place; it stays known until it is forgotten or fails.</summary>
    public bool TryTake(out ObjectName name)
    {
        while (ready.TryDequeue(out Waiting? pod, out _))
        {
            if (pod.Place == Place.Ready)
            {
                pod.Place = Place.Taken;
                name = pod.Name;
                return true;
            }
        }

        name = default;
        return false;
    }

    /// <summary>The pod found no place.</summary>
    public void Fail(ObjectName name, Wakeups wakeups, DateTimeOffset now)
    {
        if (pods.TryGetValue(name, out Waiting? pod))
        {
            pod.Attempts++;
            pod.Failed = now;
            pod.Wakeups = wakeups;
            pod.Place = Place.Stuck;
            stuck.Add(pod);
        }
    }

    /// <summary>Something changed: whom it may help tries again, after its back-off.</summary>
    public void Wake(Wakeups what, DateTimeOffset now)
    {
        foreach (Waiting pod in stuck.Where(pod => (pod.Wakeups & what) != 0 || now - pod.Failed >= LongestStay).ToList())
        {
            stuck.Remove(pod);
            DateTimeOffset until = pod.Failed + Backoff(pod.Attempts);
            if (until <= now)
            {
                MakeReady(pod);
                continue;
            }

            pod.Place = Place.BackingOff;
            backingOff.Enqueue(pod, until);
        }
    }

    /// <summary>Makes ready whose back-off is over; returns when to look again.</summary>
    public TimeSpan? Advance(DateTimeOffset now)
    {
        while (backingOff.TryPeek(out Waiting? pod, out DateTimeOffset until))
        {
            if (pod.Place == Place.BackingOff && until > now)
            {
                return until - now;
            }

            backingOff.Dequeue();
            if (pod.Place == Place.BackingOff)
            {
                MakeReady(pod);
            }
        }

        return stuck.Count == 0 ? null : LongestStay;
    }

    internal static TimeSpan Backoff(int attempts)
    {
        double seconds = FirstBackoff.TotalSeconds * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10));
        return seconds >= LongestBackoff.TotalSeconds ? LongestBackoff : TimeSpan.FromSeconds(seconds);
    }

    private void MakeReady(Waiting pod)
    {
        pod.Place = Place.Ready;
        ready.Enqueue(pod, (-pod.Priority, pod.Since, number++));
    }

    private sealed class Waiting(ObjectName name, int priority, DateTimeOffset since)
    {
        public ObjectName Name => name;

        public int Priority => priority;

        public DateTimeOffset Since => since;

        public Place Place { get; set; }

        public int Attempts { get; set; }

        public DateTimeOffset Failed { get; set; }

        public Wakeups Wakeups { get; set; }
    }
}
