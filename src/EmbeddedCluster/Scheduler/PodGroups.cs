using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>
/// Pods that no selector and no term can tell apart: same namespace, labels and pod (anti-)affinity. Selectors are matched
/// against groups, not pods, and each group knows on which nodes its pods are.
/// </summary>
internal sealed class PodGroup(string key, string @namespace, MapNode? labels, MapNode pod)
{
    private readonly Dictionary<NodeState, int> pods = [];
    private readonly Dictionary<NodeState, int> leaving = [];
    private readonly Dictionary<Topology, int[]> byTopology = [];

    public string Key => key;

    public string Namespace => @namespace;

    public MapNode? Labels => labels;

    public IReadOnlyList<AffinityTerm> Affinity { get; } = AffinityTerm.Required(pod.Spec()["affinity"]?["podAffinity"], pod);

    public IReadOnlyList<AffinityTerm> AntiAffinity { get; } = AffinityTerm.Required(pod.Spec()["affinity"]?["podAntiAffinity"], pod);

    /// <summary>Affinity with a positive, anti-affinity with a negative weight.</summary>
    public IReadOnlyList<AffinityTerm> Preferred { get; } =
    [
        .. AffinityTerm.Preferred(pod.Spec()["affinity"]?["podAffinity"], pod, 1),
        .. AffinityTerm.Preferred(pod.Spec()["affinity"]?["podAntiAffinity"], pod, -1),
    ];

    /// <summary>How many pods of the group are on which node.</summary>
    public Dictionary<NodeState, int> Placed => pods;

    public bool IsUnused => pods.Count == 0;

    /// <summary>Pods on a node that are not on their way out.</summary>
    public int Staying(NodeState node, int all) => leaving.Count == 0 ? all : all - leaving.GetValueOrDefault(node);

    /// <summary>How many pods of the group are in which domain; kept up with every pod that comes or goes.</summary>
    public int[] PlacedIn(Topology topology)
    {
        if (!byTopology.TryGetValue(topology, out int[]? counts))
        {
            byTopology[topology] = counts = new int[topology.Count];
            Sum(pods, topology, counts, 1);
        }

        return counts;
    }

    /// <summary>Adds the pods that are not on their way out to the counts of their domains.</summary>
    public void AddStaying(Topology topology, int[] counts)
    {
        DomainCounts.Add(counts, PlacedIn(topology));
        Sum(leaving, topology, counts, -1);
    }

    public void Count(NodeState node, PlacedPod pod, int sign)
    {
        Change(pods, node, sign);
        if (pod.IsDeleting)
        {
            Change(leaving, node, sign);
        }

        foreach ((Topology topology, int[] counts) in byTopology)
        {
            if (topology.IsOutdated)
            {
                byTopology.Remove(topology);
            }
            else if (topology.OfNode[node.Ordinal] is var domain and >= 0)
            {
                counts[domain] += sign;
            }
        }
    }

    private static void Sum(Dictionary<NodeState, int> pods, Topology topology, int[] counts, int sign)
    {
        foreach ((NodeState node, int count) in pods)
        {
            if (topology.OfNode[node.Ordinal] is var domain and >= 0)
            {
                counts[domain] += sign * count;
            }
        }
    }

    private static void Change(Dictionary<NodeState, int> counts, NodeState node, int by)
    {
        int now = counts.GetValueOrDefault(node) + by;
        if (now == 0)
        {
            counts.Remove(node);
        }
        else
        {
            counts[node] = now;
        }
    }
}

/// <summary>All groups of pods that the scheduler knows; owned by it.</summary>
internal sealed class PodGroups
{
    private const int SweptFrom = 1024;
    private readonly Dictionary<string, PodGroup> groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<PodGroup>> byNamespace = new(StringComparer.Ordinal);
    private int sweepAt = SweptFrom;

    public IEnumerable<PodGroup> In(string @namespace) => byNamespace.GetValueOrDefault(@namespace) ?? [];

    public IEnumerable<PodGroup> All => groups.Values;

    /// <summary>Groups whose pods keep others away.</summary>
    public HashSet<PodGroup> Repelling { get; } = [];

    /// <summary>Groups whose pods want others near or far.</summary>
    public HashSet<PodGroup> Attracting { get; } = [];

    public PodGroup Of(MapNode pod)
    {
        string key = KeyOf(pod);
        if (groups.TryGetValue(key, out PodGroup? known))
        {
            return known;
        }

        Sweep();
        PodGroup group = new(key, pod.Namespace(), pod.Labels(), pod);
        groups[key] = group;
        if (!byNamespace.TryGetValue(group.Namespace, out HashSet<PodGroup>? members))
        {
            byNamespace[group.Namespace] = members = [];
        }

        members.Add(group);
        if (group.AntiAffinity.Count > 0)
        {
            Repelling.Add(group);
        }

        if (group.Preferred.Count > 0 || group.Affinity.Count > 0)
        {
            Attracting.Add(group);
        }

        return group;
    }

    // Groups without pods are forgotten when there are many; those of pods that still wait are made again.
    private void Sweep()
    {
        if (groups.Count < sweepAt)
        {
            return;
        }

        foreach (PodGroup group in groups.Values.Where(group => group.IsUnused).ToList())
        {
            groups.Remove(group.Key);
            byNamespace[group.Namespace].Remove(group);
            Repelling.Remove(group);
            Attracting.Remove(group);
        }

        sweepAt = Math.Max(SweptFrom, groups.Count * 2);
    }

    private static string KeyOf(MapNode pod)
    {
        Node? affinity = pod.Spec()["affinity"];
        MapNode key = new()
        {
            ["n"] = pod.Namespace(),
            ["l"] = pod.Labels() ?? new MapNode(),
            ["a"] = affinity?["podAffinity"] ?? Node.Null,
            ["x"] = affinity?["podAntiAffinity"] ?? Node.Null,
        };
        return JsonWriter.ToText(key);
    }
}
