using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>The scores of kube-scheduler's default profile: each plugin gives 0 to 100, its weight multiplies it.</summary>
/// <remarks>pkg/scheduler/framework/plugins and apis/config/v1/default_plugins.go.</remarks>
internal static class Scoring
{
    private const int Max = 100;
    private const int TaintWeight = 3;
    private const int NodeAffinityWeight = 2;
    private const int SpreadWeight = 2;
    private const int PodAffinityWeight = 2;
    private const long SmallImage = 23L * 1024 * 1024;
    private const long LargeImage = 1000L * 1024 * 1024;

    /// <summary>The best of several nodes; of equals the first.</summary>
    public static NodeState Best(PodNeeds pod, IReadOnlyList<NodeState> feasible, ClusterState cluster, Func<LabelSelector?> defaultSelector)
    {
        long[] total = new long[feasible.Count];
        (string Name, double Share)[] images = [.. pod.Images.Select(image => (image, (double)cluster.NodesWithImage(image) / cluster.Nodes.Count)).Where(image => image.Item2 > 0)];
        for (int i = 0; i < total.Length; i++)
        {
            total[i] = LeastAllocated(pod, feasible[i]) + Balanced(pod, feasible[i]) + ImageLocality(images, pod.Images.Count, feasible[i]);
        }

        Add(total, Taints(pod, feasible), TaintWeight);
        Add(total, NodeAffinity(pod, feasible), NodeAffinityWeight);
        Add(total, SpreadScore.Of(pod, feasible, cluster, defaultSelector), SpreadWeight);
        Add(total, AffinityScore.Of(pod, feasible, cluster), PodAffinityWeight);
        int best = 0;
        for (int i = 1; i < total.Length; i++)
        {
            best = total[i] > total[best] ? i : best;
        }

        return feasible[best];
    }

    internal static long LeastAllocated(PodNeeds pod, NodeState node)
    {
        long sum = 0;
        int counted = 0;
        foreach ((long offered, long used) in (ReadOnlySpan<(long, long)>)
            [(node.Allocatable.Cpu, node.Scored.Cpu + pod.Self.Scored.Cpu), (node.Allocatable.Memory, node.Scored.Memory + pod.Self.Scored.Memory)])
        {
            if (offered > 0)
            {
                sum += used > offered ? 0 : Share(offered - used, offered);
                counted++;
            }
        }

        return counted == 0 ? 0 : sum / counted;
    }

    // A product that fits into 64 bits is the common case, and 128 bits cost ten times as much.
    private static long Share(long free, long offered) => free <= long.MaxValue / Max ? free * Max / offered : (long)((Int128)free * Max / offered);

    internal static long Balanced(PodNeeds pod, NodeState node)
    {
        if (pod.Self.Requests is { Cpu: 0, Memory: 0 } || node.Allocatable.Cpu == 0 || node.Allocatable.Memory == 0)
        {
            return pod.Self.Requests is { Cpu: 0, Memory: 0 } ? 0 : Max;
        }

        double cpu = Math.Min(1, (double)(node.Requested.Cpu + pod.Self.Requests.Cpu) / node.Allocatable.Cpu);
        double memory = Math.Min(1, (double)(node.Requested.Memory + pod.Self.Requests.Memory) / node.Allocatable.Memory);
        return (long)((1 - Math.Abs((cpu - memory) / 2)) * Max);
    }

    /// <param name="images">Those of the pod's images that any node has, with the share of nodes that have them.</param>
    /// <param name="all">How many images the pod has.</param>
    private static long ImageLocality((string Name, double Share)[] images, int all, NodeState node)
    {
        long sum = 0;
        foreach ((string name, double share) in images)
        {
            if (node.Images.TryGetValue(name, out long size))
            {
                sum += (long)(size * share);
            }
        }

        if (sum <= SmallImage)
        {
            return 0;
        }

        long most = LargeImage * all;
        return Max * (Math.Min(sum, most) - SmallImage) / (most - SmallImage);
    }

    private static long[]? Taints(PodNeeds pod, IReadOnlyList<NodeState> feasible)
    {
        long[]? counts = null;
        for (int i = 0; i < feasible.Count; i++)
        {
            int intolerable = 0;
            foreach (MapNode taint in feasible[i].Taints)
            {
                intolerable += taint.Text("effect") == "PreferNoSchedule" && !pod.Tolerates(taint) ? 1 : 0;
            }

            if (intolerable > 0)
            {
                (counts ??= new long[feasible.Count])[i] = intolerable;
            }
        }

        return counts is null ? null : Normalize(counts, reverse: true);
    }

    private static long[]? NodeAffinity(PodNeeds pod, IReadOnlyList<NodeState> feasible)
    {
        if (pod.PreferredNodes.Count == 0)
        {
            return null;
        }

        long[] sums = new long[feasible.Count];
        for (int i = 0; i < sums.Length; i++)
        {
            foreach (MapNode preferred in pod.PreferredNodes)
            {
                bool matches = preferred["preference"] is MapNode term && (term.Count == 0 || NodeMatching.MatchesTerm(term, feasible[i].Node));
                sums[i] += matches ? preferred.Int("weight") : 0;
            }
        }

        return Normalize(sums, reverse: false);
    }

    private static long[] Normalize(long[] scores, bool reverse)
    {
        long most = scores.Max();
        for (int i = 0; i < scores.Length; i++)
        {
            long share = most == 0 ? 0 : scores[i] * Max / most;
            scores[i] = reverse ? Max - share : share;
        }

        return scores;
    }

    // A plugin that says the same of every node changes nothing and is left out (null).
    private static void Add(long[] total, long[]? scores, int weight)
    {
        for (int i = 0; scores is not null && i < total.Length; i++)
        {
            total[i] += weight * scores[i];
        }
    }
}

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

/// <summary>Preferred pod (anti-)affinity in both directions, and the pull of pods that require this one near them.</summary>
internal static class AffinityScore
{
    // DefaultHardPodAffinityWeight.
    private const int RequiredPull = 1;

    public static long[]? Of(PodNeeds pod, IReadOnlyList<NodeState> feasible, ClusterState cluster)
    {
        Dictionary<string, (Topology Topology, long[] Sums)> byKey = new(StringComparer.Ordinal);
        foreach (AffinityTerm term in pod.Self.Group.Preferred)
        {
            foreach (PodGroup group in cluster.Groups.All.Where(group => !group.IsUnused && term.Matches(group, cluster.NamespaceLabels)))
            {
                Count(cluster, byKey, term.TopologyKey, group, term.Weight);
            }
        }

        foreach (PodGroup group in cluster.Groups.Attracting.Where(group => !group.IsUnused))
        {
            foreach (AffinityTerm term in group.Affinity.Where(term => term.Matches(pod.Self.Group, cluster.NamespaceLabels)))
            {
                Count(cluster, byKey, term.TopologyKey, group, RequiredPull);
            }

            foreach (AffinityTerm term in group.Preferred.Where(term => term.Matches(pod.Self.Group, cluster.NamespaceLabels)))
            {
                Count(cluster, byKey, term.TopologyKey, group, term.Weight);
            }
        }

        return byKey.Count == 0 ? null : Normalize(feasible, byKey.Values);
    }

    private static void Count(ClusterState cluster, Dictionary<string, (Topology Topology, long[] Sums)> byKey, string key, PodGroup group, int weight)
    {
        if (!byKey.TryGetValue(key, out (Topology Topology, long[] Sums) entry))
        {
            Topology topology = cluster.Topology(key);
            byKey[key] = entry = (topology, new long[topology.Count]);
        }

        foreach ((NodeState node, int count) in group.Placed)
        {
            if (entry.Topology.OfNode[node.Ordinal] is var domain and >= 0)
            {
                entry.Sums[domain] += (long)weight * count;
            }
        }
    }

    private static long[] Normalize(IReadOnlyList<NodeState> feasible, IEnumerable<(Topology Topology, long[] Sums)> topologies)
    {
        long[] scores = new long[feasible.Count];
        foreach ((Topology topology, long[] sums) in topologies)
        {
            for (int i = 0; i < scores.Length; i++)
            {
                int domain = topology.OfNode[feasible[i].Ordinal];
                scores[i] += domain < 0 ? 0 : sums[domain];
            }
        }

        long least = scores.Min();
        long span = scores.Max() - least;
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = span == 0 ? 0 : (long)(100 * ((double)(scores[i] - least) / span));
        }

        return scores;
    }
}
