namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>The DoNotSchedule constraints of one pod, with the pods of each domain counted once.</summary>
internal sealed class SpreadFilter
{
    private static readonly Refusal Unlabelled = new("node(s) didn't match pod topology spread constraints (missing required label)", false, Wakeups.NodeChanged);
    private static readonly Refusal Skewed = new("node(s) didn't match pod topology spread constraints", true, Wakeups.NodeChanged | Wakeups.PodGone | Wakeups.PodPlaced);
    private readonly List<(Topology Topology, int[] Counts, int Most)> constraints = [];

    public SpreadFilter(PodNeeds pod, ClusterState cluster)
    {
        List<SpreadConstraint> hard = [.. pod.Spread.Where(constraint => constraint.IsHard)];
        if (hard.Count == 0)
        {
            return;
        }

        List<Topology> topologies = [.. hard.Select(constraint => cluster.Topology(constraint.TopologyKey))];
        for (int i = 0; i < hard.Count; i++)
        {
            bool[]? eligible = SpreadCounts.Eligible(pod, cluster, hard[i], topologies);
            int[] counts = SpreadCounts.Of(pod, cluster, hard[i], topologies[i], eligible);
            int least = Least(cluster, topologies[i], counts, eligible, hard[i].MinDomains);
            int self = hard[i].Selector.Matches(pod.Self.Group.Labels) ? 1 : 0;
            constraints.Add((topologies[i], counts, hard[i].MaxSkew + least - self));
        }
    }

    public Refusal? Refuse(NodeState node)
    {
        foreach ((Topology topology, int[] counts, int most) in constraints)
        {
            int domain = topology.OfNode[node.Ordinal];
            if (domain < 0)
            {
                return Unlabelled;
            }

            if (counts[domain] > most)
            {
                return Skewed;
            }
        }

        return null;
    }

    private static int Least(ClusterState cluster, Topology topology, int[] counts, bool[]? eligible, int minDomains)
    {
        if (eligible is null)
        {
            // Every domain has a node, and every node counts.
            return counts.Length < minDomains ? 0 : counts.Length == 0 ? int.MaxValue / 2 : counts.Min();
        }

        bool[] seen = new bool[topology.Count];
        int domains = 0;
        int least = int.MaxValue / 2;
        for (int i = 0; i < cluster.Nodes.Count; i++)
        {
            int domain = topology.OfNode[i];
            if (eligible[i] && !seen[domain])
            {
                seen[domain] = true;
                domains++;
                least = Math.Min(least, counts[domain]);
            }
        }

        return domains < minDomains ? 0 : least;
    }
}

/// <summary>Counts the pods that a spread constraint selects, by domain.</summary>
internal static class SpreadCounts
{
    /// <summary>Which nodes count for a constraint, by ordinal: those with all topology keys that the pod's policies include. Null when all do, which is the common case.</summary>
    public static bool[]? Eligible(PodNeeds pod, ClusterState cluster, SpreadConstraint constraint, IReadOnlyList<Topology> required)
    {
        bool selects = constraint.HonorAffinity && pod.HasNodeSelection;
        if (!selects && !constraint.HonorTaints && required.All(topology => topology.IsComplete))
        {
            return null;
        }

        bool[] eligible = new bool[cluster.Nodes.Count];
        for (int i = 0; i < eligible.Length; i++)
        {
            bool labelled = true;
            for (int at = 0; at < required.Count && labelled; at++)
            {
                labelled = required[at].OfNode[i] >= 0;
            }

            eligible[i] = labelled
                && (!selects || NodeFilters.Selects(pod, cluster.Nodes[i]))
                && (!constraint.HonorTaints || NodeFilters.UntoleratedTaint(pod, cluster.Nodes[i]) is null);
        }

        return eligible;
    }

    public static int[] Of(PodNeeds pod, ClusterState cluster, SpreadConstraint constraint, Topology topology, bool[]? eligible)
    {
        int[] counts = new int[topology.Count];
        foreach (PodGroup group in cluster.Groups.In(pod.Self.Group.Namespace))
        {
            if (group.IsUnused || !constraint.Selector.Matches(group.Labels))
            {
                continue;
            }

            if (eligible is null)
            {
                group.AddStaying(topology, counts);
                continue;
            }

            foreach ((NodeState node, int all) in group.Placed)
            {
                if (eligible[node.Ordinal] && topology.OfNode[node.Ordinal] is var domain and >= 0)
                {
                    counts[domain] += group.Staying(node, all);
                }
            }
        }

        return counts;
    }
}
