namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Required pod (anti-)affinity in both directions, with the domains counted once per pod.</summary>
internal sealed class AffinityFilter
{
    private static readonly Refusal NotTogether = new("node(s) didn't match pod affinity rules", false, Wakeups.NodeChanged | Wakeups.PodPlaced);
    private static readonly Refusal NotApart = new("node(s) didn't match pod anti-affinity rules", true, Wakeups.NodeChanged | Wakeups.PodGone);
    private static readonly Refusal Repelled = new("node(s) didn't satisfy existing pods anti-affinity rules", true, Wakeups.NodeChanged | Wakeups.PodGone);
    private readonly List<(Topology Topology, bool[] Present)> together = [];
    private readonly List<(Topology Topology, bool[] Present)> apart = [];
    private readonly List<(Topology Topology, bool[] Present)> repelling = [];
    private readonly bool isFirstOfItsKind;

    public AffinityFilter(PodNeeds pod, ClusterState cluster)
    {
        if (pod.Affinity.Count > 0)
        {
            List<PodGroup> companions = [.. cluster.Groups.All.Where(group => !group.IsUnused && pod.Affinity.All(term => term.Matches(group, cluster.NamespaceLabels)))];
            together.AddRange(pod.Affinity.Select(term => Domains(cluster, term, companions)));
            // The first of a group that wants to be together has nobody to be with yet.
            isFirstOfItsKind = !together.Exists(entry => entry.Present.Contains(true))
                && pod.Affinity.All(term => term.Matches(pod.Self.Group, cluster.NamespaceLabels));
        }

        foreach (AffinityTerm term in pod.Self.Group.AntiAffinity)
        {
            apart.Add(Domains(cluster, term, cluster.Groups.All.Where(group => !group.IsUnused && term.Matches(group, cluster.NamespaceLabels))));
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
        foreach ((Topology topology, bool[] present) in together)
        {
            int domain = topology.OfNode[node.Ordinal];
            if (domain < 0 || !(isFirstOfItsKind || present[domain]))
            {
                return NotTogether;
            }
        }

        return IsIn(apart, node) ? NotApart : IsIn(repelling, node) ? Repelled : null;
    }

    private static bool IsIn(List<(Topology Topology, bool[] Present)> domains, NodeState node)
    {
        foreach ((Topology topology, bool[] present) in domains)
        {
            if (topology.OfNode[node.Ordinal] is var domain and >= 0 && present[domain])
            {
                return true;
            }
        }

        return false;
    }

    private static (Topology, bool[]) Domains(ClusterState cluster, AffinityTerm term, IEnumerable<PodGroup> groups)
    {
        Topology topology = cluster.Topology(term.TopologyKey);
        bool[] present = new bool[topology.Count];
        foreach (NodeState node in groups.SelectMany(group => group.Placed.Keys))
        {
            if (topology.OfNode[node.Ordinal] is var domain and >= 0)
            {
                present[domain] = true;
            }
        }

        return (topology, present);
    }
}
