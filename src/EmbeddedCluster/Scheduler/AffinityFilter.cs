namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Required pod (anti-)affinity in both directions, over the counts by domain that the groups keep.</summary>
internal sealed class AffinityFilter
{
    private static readonly Refusal NotTogether = new("node(s) didn't match pod affinity rules", false, Wakeups.NodeChanged | Wakeups.PodPlaced);
    private static readonly Refusal NotApart = new("node(s) didn't match pod anti-affinity rules", true, Wakeups.NodeChanged | Wakeups.PodGone);
    private static readonly Refusal Repelled = new("node(s) didn't satisfy existing pods anti-affinity rules", true, Wakeups.NodeChanged | Wakeups.PodGone);
    private readonly List<(Topology Topology, int[] Pods)> together = [];
    private readonly List<(Topology Topology, int[] Pods)> apart = [];
    private readonly List<(Topology Topology, int[] Pods)> repelling = [];
    private readonly bool isFirstOfItsKind;

    public AffinityFilter(PodNeeds pod, ClusterState cluster)
    {
        if (pod.Affinity.Count > 0)
        {
            List<PodGroup> companions = [.. cluster.Groups.All.Where(group => !group.IsUnused && pod.Affinity.All(term => term.Matches(group, cluster.NamespaceLabels)))];
            together.AddRange(pod.Affinity.Select(term => Domains(cluster, term, companions)));
            // The first of a group that wants to be together has nobody to be with yet.
            isFirstOfItsKind = !together.Exists(entry => entry.Pods.AsSpan().ContainsAnyExcept(0))
                && pod.Affinity.All(term => term.Matches(pod.Self.Group, cluster.NamespaceLabels));
        }

        foreach (AffinityTerm term in pod.Self.Group.AntiAffinity)
        {
            apart.Add(Domains(cluster, term, [.. cluster.Groups.All.Where(group => !group.IsUnused && term.Matches(group, cluster.NamespaceLabels))]));
        }

        foreach (PodGroup group in cluster.Groups.Repelling.Where(group => !group.IsUnused))
        {
            foreach (AffinityTerm term in group.AntiAffinity.Where(term => term.Matches(pod.Self.Group, cluster.NamespaceLabels)))
            {
                repelling.Add(Domains(cluster, term, [group]));
            }
        }
    }

    public Refusal? Refuse(NodeState node)
    {
        foreach ((Topology topology, int[] pods) in together)
        {
            int domain = topology.OfNode[node.Ordinal];
            if (domain < 0 || !(isFirstOfItsKind || pods[domain] > 0))
            {
                return NotTogether;
            }
        }

        return IsIn(apart, node) ? NotApart : IsIn(repelling, node) ? Repelled : null;
    }

    private static bool IsIn(List<(Topology Topology, int[] Pods)> domains, NodeState node)
    {
        foreach ((Topology topology, int[] pods) in domains)
        {
            if (topology.OfNode[node.Ordinal] is var domain and >= 0 && pods[domain] > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static (Topology, int[]) Domains(ClusterState cluster, AffinityTerm term, List<PodGroup> groups)
    {
        Topology topology = cluster.Topology(term.TopologyKey);
        if (groups is [PodGroup only])
        {
            return (topology, only.PlacedIn(topology));
        }

        int[] pods = new int[topology.Count];
        groups.ForEach(group => DomainCounts.Add(pods, group.PlacedIn(topology)));
        return (topology, pods);
    }
}
