using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>The scores of kube-scheduler's default profile: each plugin gives 0 to 100, its weight multiplies it.</summary>
/// <remarks>pkg/scheduler/framework/plugins and apis/config/v1/default_plugins.go.</remarks>
internal static class Scoring
{
    private const int Max = 100;
    private const int FitWeight = 1;
    private const int BalanceWeight = 1;
    private const int ImageWeight = 1;
    private const int TaintWeight = 3;
    private const int NodeAffinityWeight = 2;
    private const int SpreadWeight = 2;
    private const int PodAffinityWeight = 2;
    private const long SmallImage = 23L * 1024 * 1024;
    private const long LargeImage = 1000L * 1024 * 1024;

    /// <summary>The best of several nodes; of equals the first.</summary>
    public static NodeState Best(PodNeeds pod, List<NodeState> feasible, ClusterState cluster, Func<LabelSelector?> defaultSelector)
    {
        long[] total = new long[feasible.Count];
        foreach (PluginScores plugin in Of(pod, feasible, cluster, defaultSelector))
        {
            long[] scores = plugin.Scores;
            for (int i = 0; i < total.Length; i++)
            {
                total[i] += plugin.Weight * scores[i];
            }
        }

        int best = 0;
        for (int i = 1; i < total.Length; i++)
        {
            best = total[i] > total[best] ? i : best;
        }

        return feasible[best];
    }

    /// <summary>What each plugin says of the nodes, normalised; those that have nothing to say of this pod are left out.</summary>
    internal static IReadOnlyList<PluginScores> Of(PodNeeds pod, List<NodeState> feasible, ClusterState cluster, Func<LabelSelector?> defaultSelector)
    {
        (string Name, double Share)[] images = [.. pod.Images.Select(image => (image, (double)cluster.NodesWithImage(image) / cluster.Nodes.Count)).Where(image => image.Item2 > 0)];
        List<PluginScores> plugins =
        [
            new("NodeResourcesFit", FitWeight, Each(feasible, node => LeastAllocated(pod, node))),
            new("NodeResourcesBalancedAllocation", BalanceWeight, Each(feasible, node => Balanced(pod, node))),
            new("ImageLocality", ImageWeight, images.Length == 0 ? new long[feasible.Count] : Each(feasible, node => ImageLocality(images, pod.Containers, node))),
        ];
        Add("TaintToleration", TaintWeight, Taints(pod, feasible));
        Add("NodeAffinity", NodeAffinityWeight, NodeAffinity(pod, feasible));
        Add("PodTopologySpread", SpreadWeight, SpreadScore.Of(pod, feasible, cluster, defaultSelector));
        Add("InterPodAffinity", PodAffinityWeight, AffinityScore.Of(pod, feasible, cluster));
        return plugins;

        void Add(string plugin, int weight, long[]? scores)
        {
            if (scores is not null)
            {
                plugins.Add(new PluginScores(plugin, weight, scores));
            }
        }
    }

    private static long[] Each(List<NodeState> feasible, Func<NodeState, long> score)
    {
        long[] scores = new long[feasible.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = score(feasible[i]);
        }

        return scores;
    }

    private static long LeastAllocated(PodNeeds pod, NodeState node)
    {
        Amounts offered = node.Allocatable;
        long cpu = Free(offered.Cpu, node.Scored.Cpu + pod.Self.Scored.Cpu);
        long memory = Free(offered.Memory, node.Scored.Memory + pod.Self.Scored.Memory);
        // What a node does not offer at all does not count.
        return offered.Cpu == 0 ? memory : offered.Memory == 0 ? cpu : (cpu + memory) / 2;
    }

    private static long Free(long offered, long used) => offered == 0 || used > offered ? 0 : Share(offered - used, offered);

    // A product that fits into 64 bits is the common case, and 128 bits cost ten times as much.
    private static long Share(long free, long offered) => free <= long.MaxValue / Max ? free * Max / offered : (long)((Int128)free * Max / offered);

    /// <summary>75 when the pod leaves the node as balanced as it was; more when it evens out what is requested, less when it tilts it.</summary>
    /// <remarks>balanced_allocation.go balancedResourceScorer, since Kubernetes 1.36.</remarks>
    private static long Balanced(PodNeeds pod, NodeState node)
    {
        if (pod.Self.Requests is { Cpu: 0, Memory: 0 })
        {
            return 0;
        }

        long without = Evenness(node.Requested.Cpu, node.Requested.Memory, node.Allocatable);
        long with = Evenness(node.Requested.Cpu + pod.Self.Requests.Cpu, node.Requested.Memory + pod.Self.Requests.Memory, node.Allocatable);
        return (Max / 2) + (((Max / 2) + with - without) / 2);
    }

    // What a node does not offer at all does not count, and one resource alone is even.
    private static long Evenness(long cpu, long memory, Amounts offered)
    {
        if (offered.Cpu == 0 || offered.Memory == 0)
        {
            return Max;
        }

        double cpuShare = Math.Min(1, (double)cpu / offered.Cpu);
        double memoryShare = Math.Min(1, (double)memory / offered.Memory);
        return (long)((1 - Math.Abs((cpuShare - memoryShare) / 2)) * Max);
    }

    /// <param name="images">Those of the pod's images that any node has, with the share of nodes that have them.</param>
    /// <param name="containers">How many containers the pod has; images that are volumes do not raise the bar.</param>
    private static long ImageLocality((string Name, double Share)[] images, int containers, NodeState node)
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

        long most = LargeImage * containers;
        return Max * (Math.Min(sum, most) - SmallImage) / (most - SmallImage);
    }

    // Null when no node has such a taint: a score that is the same everywhere decides nothing.
    private static long[]? Taints(PodNeeds pod, List<NodeState> feasible)
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

    private static long[]? NodeAffinity(PodNeeds pod, List<NodeState> feasible)
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
                // An empty term prefers nothing, which MatchesTerm knows.
                bool matches = preferred["preference"] is MapNode term && NodeMatching.MatchesTerm(term, feasible[i].Node);
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
}

/// <param name="Plugin">Its name in kube-scheduler's configuration.</param>
/// <param name="Scores">0 to 100 for each node.</param>
internal readonly record struct PluginScores(string Plugin, int Weight, long[] Scores);
