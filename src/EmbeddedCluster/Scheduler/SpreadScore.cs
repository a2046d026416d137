using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>How well nodes even out the pods that ScheduleAnyway constraints, or upstream's defaults, select.</summary>
internal static class SpreadScore
{
    public static long[]? Of(PodNeeds pod, List<NodeState> feasible, ClusterState cluster, Func<LabelSelector?> defaultSelector)
    {
        bool own = pod.Spread.Count > 0;
        IReadOnlyList<SpreadConstraint> soft = own ? [.. pod.Spread.Where(constraint => !constraint.IsHard)]
            : defaultSelector() is { } selector ? SpreadConstraint.Defaults(selector) : [];
        if (soft.Count == 0)
        {
            return null;
        }

        List<Topology> topologies = [.. soft.Select(constraint => cluster.Topology(constraint.TopologyKey))];
        bool[]? ignored = own ? Unlabelled(feasible, topologies) : null;
        double[] sums = new double[feasible.Count];
        for (int i = 0; i < soft.Count; i++)
        {
            int[] ofNode = topologies[i].OfNode;
            bool[]? eligible = SpreadCounts.Eligible(pod, cluster, soft[i], own ? topologies : []);
            int[] counts = SpreadCounts.Of(pod, cluster, soft[i], topologies[i], eligible);
            double weight = Math.Log(Size(soft[i], topologies[i], feasible, ignored) + 2);
            for (int at = 0; at < sums.Length; at++)
            {
                int domain = ofNode[feasible[at].Ordinal];
                sums[at] += domain < 0 ? 0 : (counts[domain] * weight) + (soft[i].MaxSkew - 1);
            }
        }

        return Normalize(sums, ignored);
    }

    // Nodes without one of the keys get no score; null when all have all.
    private static bool[]? Unlabelled(List<NodeState> feasible, List<Topology> topologies) =>
        topologies.TrueForAll(topology => topology.IsComplete) ? null
            : [.. feasible.Select(node => topologies.Exists(topology => topology.OfNode[node.Ordinal] < 0))];

    private static int Size(SpreadConstraint constraint, Topology topology, List<NodeState> feasible, bool[]? ignored)
    {
        if (constraint.TopologyKey == SpreadConstraint.Hostname)
        {
            return ignored is null ? feasible.Count : ignored.Count(without => !without);
        }

        bool[] seen = new bool[topology.Count + 1];
        int size = 0;
        for (int i = 0; i < feasible.Count; i++)
        {
            int domain = topology.OfNode[feasible[i].Ordinal] + 1;
            if (!seen[domain] && ignored?[i] != true)
            {
                seen[domain] = true;
                size++;
            }
        }

        return size;
    }

    private static long[] Normalize(double[] sums, bool[]? ignored)
    {
        long[] scores = new long[sums.Length];
        long least = long.MaxValue;
        long most = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = (long)Math.Round(sums[i], MidpointRounding.AwayFromZero);
            if (ignored?[i] != true)
            {
                least = Math.Min(least, scores[i]);
                most = Math.Max(most, scores[i]);
            }
        }

        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = ignored?[i] == true ? 0 : most == 0 ? 100 : 100 * (most + least - scores[i]) / most;
        }

        return scores;
    }
}
