namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Preferred pod (anti-)affinity in both directions, and the pull of pods that require this one near them.</summary>
internal static class AffinityScore
{
    // DefaultHardPodAffinityWeight.
    private const int RequiredPull = 1;

    public static long[]? Of(PodNeeds pod, List<NodeState> feasible, ClusterState cluster)
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

        int[] pods = group.PlacedIn(entry.Topology);
        for (int domain = 0; domain < pods.Length; domain++)
        {
            entry.Sums[domain] += (long)weight * pods[domain];
        }
    }

    private static long[] Normalize(List<NodeState> feasible, IEnumerable<(Topology Topology, long[] Sums)> topologies)
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
