using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>
/// Places pods on nodes, one at a time over its own account of what runs where, the most important first; bindings are written
/// beside it.
/// </summary>
/// <remarks>Keys with a namespace are pods, keys without one nodes; two keys that no node can have stand for turns of the work itself.</remarks>
internal sealed partial class PodScheduler : Reconciler
{
    private const string Component = "default-scheduler";
    private const int PodsPerTurn = 16;

    // Not legal names.
    private static readonly ObjectName Turn = new(string.Empty, "*");
    private static readonly ObjectName VolumesChanged = new(string.Empty, "*volumes");
    private readonly ClusterWriter writer;
    private readonly KindMirror pods;
    private readonly KindMirror nodes;
    private readonly KindMirror budgets;
    private readonly ClusterState cluster;
    private readonly Placement placement;
    private readonly Preemption preemption;
    private readonly PodVolumes volumes;
    private readonly DefaultSelectors selectors;
    private readonly SchedulingQueue waiting = new();
    private readonly Dictionary<ObjectName, NodeState> placed = [];
    private readonly Dictionary<ObjectName, NodeState> nominated = [];
    private Wakeups changed;

    public PodScheduler(ControlPlane plane)
        : base(plane)
    {
        writer = new ClusterWriter(plane.Cluster, "kube-scheduler");
        pods = plane.Mirror(string.Empty, "Pod");
        nodes = plane.Mirror(string.Empty, "Node");
        budgets = plane.Mirror("policy", "PodDisruptionBudget");
        KindMirror namespaces = plane.Mirror(string.Empty, "Namespace");
        cluster = new ClusterState(name => namespaces.Get(string.Empty, name)?.Labels());
        placement = new Placement(cluster);
        preemption = new Preemption(cluster, placement, budgets.InNamespace);
        volumes = new PodVolumes(plane, cluster);
        selectors = new DefaultSelectors(plane);
    }

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(nodes);
        Watch(pods, change =>
        {
            // What only its status says is the kubelet's business, or was written here.
            if (change is not ({ } old, { } now) || Place(old) != Place(now) || !Node.DeepEquals(old.Labels(), now.Labels())
                || (Place(now).Node.Length == 0 && !Node.DeepEquals(old["spec"], now["spec"])))
            {
                Queue.Add(ObjectName.Of(change.Any));
            }
        });
        foreach ((string group, string kind) in ((string, string)[])[(string.Empty, "PersistentVolumeClaim"), (string.Empty, "PersistentVolume"), ("storage.k8s.io", "StorageClass")])
        {
            Watch(Plane.Find(group, kind), _ => Queue.Add(VolumesChanged));
        }
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (key == Turn)
        {
            return await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        }

        if (key == VolumesChanged)
        {
            changed |= Wakeups.VolumeChanged;
        }
        else if (key.Namespace.Length == 0)
        {
            TakeNode(key);
        }
        else
        {
            TakePod(key);
        }

        Queue.Add(Turn);
        return null;
    }

    private async Task<TimeSpan?> TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (changed != Wakeups.None)
        {
            waiting.Wake(changed, Plane.Now);
            changed = Wakeups.None;
            await BindReadyVolumesAsync(cancellationToken).ConfigureAwait(false);
        }

        TimeSpan? next = waiting.Advance(Plane.Now);
        for (int i = 0; i < PodsPerTurn; i++)
        {
            if (!waiting.TryTake(out ObjectName name))
            {
                if (next == LongestSilence)
                {
                    changed |= Wakeups.All;
                }

                return next;
            }

            if (pods.Get(name) is { } pod && IsWaiting(pod))
            {
                await ScheduleAsync(name, pod, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                waiting.Forget(name);
            }
        }

        Queue.Add(Turn);
        return null;
    }

    private static TimeSpan LongestSilence => TimeSpan.FromMinutes(5);

    private void TakeNode(ObjectName key)
    {
        if (nodes.Get(key) is not { } node)
        {
            cluster.Remove(key.Name);
            changed |= Wakeups.NodeChanged;
            return;
        }

        bool isNew = cluster.Find(key.Name) is null;
        changed |= cluster.Put(node) ? Wakeups.NodeChanged : Wakeups.None;
        if (!isNew)
        {
            return;
        }

        NodeState state = cluster.Find(key.Name)!;
        foreach (MapNode pod in pods.Indexed(key.Name).Where(pod => !IsOver(pod)))
        {
            ObjectName name = ObjectName.Of(pod);
            state.Add(PlacedPod.Of(pod, cluster.Groups));
            placed[name] = state;
        }
    }

    private void TakePod(ObjectName key)
    {
        MapNode? pod = pods.Get(key);
        if (pod is not null && IsWaiting(pod))
        {
            // One that is bound in this very moment is not seen as such yet.
            if (!binding.TryGetValue(key, out string? uid) || uid != pod.Uid())
            {
                Account(key, null);
                waiting.Add(key, pod.Spec().Int("priority"), Plane.Now);
            }

            return;
        }

        binding.TryRemove(key, out _);
        waiting.Forget(key);
        Nominate(key, null, null);
        Account(key, pod);
    }

    /// <summary>Counts the pod where it is, and no longer where it was.</summary>
    private void Account(ObjectName key, MapNode? pod)
    {
        NodeState? now = pod is null || IsOver(pod) ? null : cluster.Find(pod.Spec().Text("nodeName"));
        if (placed.TryGetValue(key, out NodeState? before) && before != now)
        {
            before.Remove(key);
            placed.Remove(key);
            changed |= Wakeups.PodGone;
        }

        if (now is not null)
        {
            changed |= before == now ? Wakeups.None : Wakeups.PodPlaced;
            placed[key] = now;
            now.Add(PlacedPod.Of(pod!, cluster.Groups));
        }
    }

    private static (string Node, bool Over, bool Deleting) Place(MapNode pod) => (pod.Spec().Text("nodeName"), IsOver(pod), pod.IsDeleting());

    private static bool IsWaiting(MapNode pod) =>
        pod.Spec().Text("nodeName").Length == 0
        && !pod.IsDeleting()
        && !IsOver(pod)
        && pod.Spec()["schedulerName"]?.AsString() is null or "" or Component
        && pod.Spec()["schedulingGates"] is not ListNode { Count: > 0 };

    private static bool IsOver(MapNode pod) => pod.Status().Text("phase") is "Succeeded" or "Failed";
}
