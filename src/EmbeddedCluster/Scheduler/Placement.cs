using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Where a pod goes, or why it goes nowhere.</summary>
/// <param name="Node">Where the pod goes; null when nowhere.</param>
/// <param name="Reasons">Why not, as kube-scheduler words it, with how many nodes say so.</param>
/// <param name="Resolvable">Nodes on which removing other pods may help.</param>
/// <param name="Wakeups">What could change the answer.</param>
internal sealed record PlacementDecision(NodeState? Node, string Reasons, IReadOnlyList<NodeState> Resolvable, Wakeups Wakeups);

/// <summary>Filters and scores the nodes for one pod; the first filter that refuses a node names the reason.</summary>
internal sealed class Placement(ClusterState cluster)
{
    private const int AlwaysSearched = 100;
    private static readonly IReadOnlyList<PlacedPod> Nobody = [];

    public PlacementDecision Decide(PodNeeds pod, VolumeDecision volumes, Func<LabelSelector?> defaultSelector)
    {
        if (cluster.Nodes.Count == 0)
        {
            return new PlacementDecision(null, "no nodes available to schedule pods", [], Wakeups.NodeChanged);
        }

        if (volumes.Problem is { } problem)
        {
            return new PlacementDecision(null, Prefix($" {problem}."), [], volumes.Wakeups);
        }

        NodeTest test = new(pod, volumes, cluster);
        // A pod that preempted others goes where it made room, if it fits there.
        if (pod.NominatedNode.Length > 0 && cluster.Find(pod.NominatedNode) is { } nominated && test.Refuse(nominated).Count == 0)
        {
            return new PlacementDecision(nominated, string.Empty, [], Wakeups.None);
        }

        int wanted = EnoughNodes(cluster.Nodes.Count);
        List<NodeState> feasible = new(wanted);
        Tally tally = new();
        int looked = 0;
        for (; looked < cluster.Nodes.Count && feasible.Count < wanted; looked++)
        {
            NodeState node = cluster.Nodes[(cluster.NextStart + looked) % cluster.Nodes.Count];
            IReadOnlyList<Refusal> refusals = pod.NodeNames?.Contains(node.Name) == false ? Tally.NotPinned : test.Refuse(node);
            if (refusals.Count == 0)
            {
                feasible.Add(node);
            }
            else
            {
                tally.Add(node, refusals);
            }
        }

        cluster.NextStart = (cluster.NextStart + looked) % cluster.Nodes.Count;
        return feasible.Count switch
        {
            0 => new PlacementDecision(null, Prefix($" {tally}."), tally.Resolvable, tally.Wakeups),
            1 => new PlacementDecision(feasible[0], string.Empty, [], Wakeups.None),
            _ => new PlacementDecision(Scoring.Best(pod, feasible, cluster, defaultSelector), string.Empty, [], Wakeups.None),
        };
    }

    /// <summary>Whether one node can take the pod as things stand; for preemption, which tries them with pods taken away.</summary>
    public IReadOnlyList<Refusal> Refuse(PodNeeds pod, VolumeDecision volumes, NodeState node) => new NodeTest(pod, volumes, cluster).Refuse(node);

    /// <summary>How many nodes that fit are enough (percentageOfNodesToScore at its default).</summary>
    internal static int EnoughNodes(int nodes)
    {
        if (nodes < AlwaysSearched)
        {
            return nodes;
        }

        int percentage = Math.Max(5, 50 - (nodes / 125));
        return Math.Max(AlwaysSearched, nodes * percentage / 100);
    }

    private string Prefix(string reasons) => string.Create(CultureInfo.InvariantCulture, $"0/{cluster.Nodes.Count} nodes are available:{reasons}");

    /// <summary>All filters for one pod, with what they share worked out once.</summary>
    private sealed class NodeTest(PodNeeds pod, VolumeDecision volumes, ClusterState cluster)
    {
        private SpreadFilter? spread;
        private AffinityFilter? affinity;

        public IReadOnlyList<Refusal> Refuse(NodeState node)
        {
            if (NodeFilters.RefuseForGood(pod, node) is { } refusal)
            {
                return refusal.Alone;
            }

            IReadOnlyList<Refusal> missing = NodeFilters.RefuseForRoom(pod, node, node.Nominated.Count == 0 ? Nobody : Nominated(node));
            if (missing.Count > 0)
            {
                return missing;
            }

            Refusal? other = volumes.Refuse(node) ?? (spread ??= new SpreadFilter(pod, cluster)).Refuse(node) ?? (affinity ??= new AffinityFilter(pod, cluster)).Refuse(node);
            return other is null ? [] : other.Alone;
        }

        private List<PlacedPod> Nominated(NodeState node) =>
            [.. node.Nominated.Where(other => other.Priority >= pod.Priority && other.Name != pod.Name && node.Find(other.Name) is null)];
    }

    /// <summary>The refusals of all nodes.</summary>
    private sealed class Tally
    {
        public static readonly IReadOnlyList<Refusal> NotPinned = [new Refusal("node(s) didn't satisfy plugin(s) [NodeAffinity]", false, Wakeups.NodeChanged)];
        private readonly Dictionary<string, int> reasons = new(StringComparer.Ordinal);

        public List<NodeState> Resolvable { get; } = [];

        public Wakeups Wakeups { get; private set; }

        public void Add(NodeState node, IReadOnlyList<Refusal> refusals)
        {
            bool resolvable = true;
            foreach (Refusal refusal in refusals)
            {
                reasons[refusal.Reason] = reasons.GetValueOrDefault(refusal.Reason) + 1;
                resolvable &= refusal.Resolvable;
                Wakeups |= refusal.Wakeups;
            }

            if (resolvable)
            {
                Resolvable.Add(node);
            }
        }

        public override string ToString() => Reasons.Join(reasons);
    }
}

/// <summary>Reasons with the number of nodes, sorted as text as upstream does.</summary>
internal static class Reasons
{
    public static string Join(IEnumerable<KeyValuePair<string, int>> reasons) =>
        string.Join(", ", reasons.Select(reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Value} {reason.Key}")).Order(StringComparer.Ordinal));
}
