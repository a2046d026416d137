using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>What would have to happen for a pod without a place to be looked at again.</summary>
[Flags]
internal enum Wakeups
{
    None = 0,
    NodeChanged = 1,
    PodGone = 2,
    PodPlaced = 4,
    VolumeChanged = 8,
    All = NodeChanged | PodGone | PodPlaced | VolumeChanged,
}

/// <summary>Why a node cannot take a pod, as kube-scheduler words it.</summary>
internal sealed class Refusal
{
    /// <param name="resolvable">Whether removing other pods could help.</param>
    /// <param name="wakeups">What could change it.</param>
    public Refusal(string reason, bool resolvable, Wakeups wakeups)
    {
        Reason = reason;
        Resolvable = resolvable;
        Wakeups = wakeups;
        Alone = [this];
    }

    public string Reason { get; }

    public bool Resolvable { get; }

    public Wakeups Wakeups { get; }

    /// <summary>This refusal as the only one of a node; many nodes share it.</summary>
    public IReadOnlyList<Refusal> Alone { get; }
}

/// <summary>What concerns a node and the pods on it: the filters of the default profile up to resources, in its order.</summary>
internal static class NodeFilters
{
    private static readonly Refusal Cordoned = new("node(s) were unschedulable", false, Wakeups.NodeChanged);
    private static readonly Refusal Tainted = new("node(s) had untolerated taint(s)", false, Wakeups.NodeChanged);
    private static readonly Refusal Unselected = new("node(s) didn't match Pod's node affinity/selector", false, Wakeups.NodeChanged);
    private static readonly Refusal PortsTaken = new("node(s) didn't have free ports for the requested pod ports", true, Wakeups.NodeChanged | Wakeups.PodGone);
    private static readonly Refusal TooManyPods = new("Too many pods", true, Wakeups.NodeChanged | Wakeups.PodGone);

    private static readonly MapNode CordonTaint = (MapNode)new MapNode { ["key"] = "node.kubernetes.io/unschedulable", ["effect"] = "NoSchedule" }.Freeze();

    /// <summary>Cordon, taints, selectors: what no other pod has to do with.</summary>
    public static Refusal? RefuseForGood(PodNeeds pod, NodeState node)
    {
        if (node.IsUnschedulable && !pod.Tolerates(CordonTaint))
        {
            return Cordoned;
        }

        if (UntoleratedTaint(pod, node) is not null)
        {
            return Tainted;
        }

        return Selects(pod, node) ? null : Unselected;
    }

    public static bool Selects(PodNeeds pod, NodeState node) => !pod.HasNodeSelection || NodeMatching.MatchesAffinity(pod.Pod.Spec(), node.Node);

    /// <summary>The first taint that keeps the pod from being scheduled.</summary>
    public static MapNode? UntoleratedTaint(PodNeeds pod, NodeState node)
    {
        foreach (MapNode taint in node.Taints)
        {
            if (taint.Text("effect") is "NoSchedule" or "NoExecute" && !pod.Tolerates(taint))
            {
                return taint;
            }
        }

        return null;
    }

    /// <summary>Ports and resources: what the pods on the node take up.</summary>
    /// <param name="beside">Pods that are nominated to the node and count as there.</param>
    public static IReadOnlyList<Refusal> RefuseForRoom(PodNeeds pod, NodeState node, IReadOnlyList<PlacedPod> beside)
    {
        if (pod.Self.Ports.Count > 0 && (Collides(pod, node.Pods) || Collides(pod, beside)))
        {
            return PortsTaken.Alone;
        }

        return Missing(pod.Self.Requests, node, beside);
    }

    private static bool Collides(PodNeeds pod, IEnumerable<PlacedPod> others) =>
        others.Any(other => other.Ports.Any(used => pod.Self.Ports.Any(wanted => wanted.Collides(used))));

    private static IReadOnlyList<Refusal> Missing(Amounts wanted, NodeState node, IReadOnlyList<PlacedPod> beside)
    {
        List<Refusal>? missing = null;
        if (node.Pods.Count + beside.Count + 1 > node.MostPods)
        {
            (missing ??= []).Add(TooManyPods);
        }

        Amounts offered = node.Allocatable;
        Amounts used = node.Requested;
        if (beside.Count > 0)
        {
            used = new Amounts();
            used.Add(node.Requested);
            foreach (PlacedPod other in beside)
            {
                used.Add(other.Requests);
            }
        }

        Check(ref missing, Amounts.CpuName, wanted.Cpu, offered.Cpu, used.Cpu);
        Check(ref missing, Amounts.MemoryName, wanted.Memory, offered.Memory, used.Memory);
        Check(ref missing, Amounts.StorageName, wanted.Storage, offered.Storage, used.Storage);
        foreach ((string name, long amount) in wanted.Others)
        {
            Check(ref missing, name, amount, offered[name], used[name]);
        }

        return missing is null ? [] : missing;
    }

    private static void Check(ref List<Refusal>? missing, string name, long wanted, long offered, long used)
    {
        if (wanted > 0 && wanted > offered - used)
        {
            (missing ??= []).Add(new Refusal("Insufficient " + name, wanted <= offered, Wakeups.NodeChanged | Wakeups.PodGone));
        }
    }
}
