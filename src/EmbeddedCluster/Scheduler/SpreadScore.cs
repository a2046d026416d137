using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>How well nodes even out the pods that ScheduleAnyway constraints, or upstream's defaults, select.</summary>
internal static class SpreadScore
{
    public static long[]? Of(PodNeeds pod, IReadOnlyList<NodeState> feasible, ClusterState cluster, Func<LabelSelector?> defaultSelector)
    {
        bool own = pod.Spread.Count > 0;
        IReadOnlyList<SpreadConstraint> soft = own ? [.. pod.Spread.Where(constraint => !constraint.IsHard)]
            : defaultSelector() is { } selector ? SpreadConstraint.Defaults(selector) : [];
        if (soft.Count == 0)
        {
            return null;
        }

        List<Topology> topologies = [.. soft.Select(constraint => cluster.Topology(constraint.TopologyKey))];
        bool Ignored(NodeState node) => own && topologies.Exists(topology => topology.OfNode[node.Ordinal] < 0);
        double[] sums = new double[feasible.Count];
        for (int i = 0; i < soft.Count; i++)
        {
            bool[]? eligible = SpreadCounts.Eligible(pod, cluster, soft[i], own ? topologies : []);
            int[] counts = SpreadCounts.Of(pod, cluster, soft[i], topologies[i], eligible);
            double weight = Math.Log(Size(soft[i], topologies[i], feasible, Ignored) + 2);
            for (int at = 0; at < sums.Length; at++)
            {
                int domain = topologies[i].OfNode[feasible[at].Ordinal];
                sums[at] += domain < 0 ? 0 : (counts[domain] * weight) + (soft[i].MaxSkew - 1);
            }
        }

        return Normalize(feasible, sums, Ignored);
    }

    private static int Size(SpreadConstraint constraint, Topology topology, IReadOnlyList<NodeState> feasible, Func<NodeState, bool> ignored)
    {
        if (constraint.TopologyKey == SpreadConstraint.Hostname)
        {
            return feasible.Count(node => !ignored(node));
        }

        bool[] seen = new bool[topology.Count + 1];
        int size = 0;
        foreach (NodeState node in feasible)
        {
            int domain = topology.OfNode[node.Ordinal] + 1;
            if (!seen[domain] && !ignored(node))
            {
                seen[domain] = true;
                size++;
            }
        }

        return size;
    }

    private static long[] Normalize(IReadOnlyList<NodeState> feasible, double[] sums, Func<NodeState, bool> ignored)
    {
        long[] scores = [.. sums.Select(sum => (long)Math.Round(sum, MidpointRounding.AwayFromZero))];
        long least = long.MaxValue;
        long most = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (!ignored(feasible[i]))
            {
                least = Math.Min(least, scores[i]);
                most = Math.Max(most, scores[i]);
            }
        }

        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = ignored(feasible[i]) ? 0 : most == 0 ? 100 : 100 * (most + least - scores[i]) / most;
        }

        return scores;
    }
}
