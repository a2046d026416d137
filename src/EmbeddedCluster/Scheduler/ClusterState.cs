using System.Numerics;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>The domains of one topology key, as numbers, for the nodes as they are now.</summary>
/// <param name="ofNode">The domain of each node by its ordinal; -1 for a node without the label.</param>
internal sealed class Topology(int[] ofNode, int count)
{
    public int[] OfNode => ofNode;

    public int Count => count;

    /// <summary>Every node has the label.</summary>
    public bool IsComplete { get; } = !ofNode.Contains(-1);

    /// <summary>Nodes came, went or were labelled since: what was counted by it is void.</summary>
    public bool IsOutdated { get; set; }
}

/// <summary>Numbers of pods by domain of a topology.</summary>
internal static class DomainCounts
{
    /// <summary>Adds one set of counts to another of the same topology, several at a time: there are as many as nodes when the key is the host's name.</summary>
    public static void Add(Span<int> counts, ReadOnlySpan<int> more)
    {
        int i = 0;
        for (; i <= counts.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            (new Vector<int>(counts[i..]) + new Vector<int>(more[i..])).CopyTo(counts[i..]);
        }

        for (; i < counts.Length; i++)
        {
            counts[i] += more[i];
        }
    }
}

/// <summary>The scheduler's account of nodes and the pods on them.</summary>
/// <param name="namespaceLabels">The labels of a namespace; null when it is not there.</param>
internal sealed class ClusterState(Func<string, MapNode?> namespaceLabels)
{
    private readonly Dictionary<string, NodeState> byName = new(StringComparer.Ordinal);
    private readonly List<NodeState> nodes = [];
    private readonly Dictionary<string, Topology> topologies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> imageNodes = new(StringComparer.Ordinal);

    public List<NodeState> Nodes => nodes;

    public PodGroups Groups { get; } = new();

    public Func<string, MapNode?> NamespaceLabels => namespaceLabels;

    /// <summary>Where the search for the next pod begins, so that all nodes get their turn.</summary>
    public int NextStart { get; set; }

    public NodeState? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Adds a node or takes its new state; returns whether a pod that found no place may find one now.</summary>
    public bool Put(MapNode node)
    {
        if (byName.TryGetValue(node.Name(), out NodeState? known))
        {
            bool relabelled = !Node.DeepEquals(known.Node.Labels(), node.Labels());
            bool matters = relabelled
                || !Node.DeepEquals(known.Node["spec"], node["spec"])
                || !Node.DeepEquals(known.Node.Status()["allocatable"], node.Status()["allocatable"]);
            bool images = !Node.DeepEquals(known.Node.Status()["images"], node.Status()["images"]);
            if (matters || images)
            {
                CountImages(known, -1);
                known.Node = node;
                CountImages(known, 1);
            }

            if (relabelled)
            {
                ForgetTopologies();
            }

            return matters;
        }

        NodeState added = new(node) { Ordinal = nodes.Count };
        nodes.Add(added);
        byName[node.Name()] = added;
        CountImages(added, 1);
        ForgetTopologies();
        return true;
    }

    public void Remove(string name)
    {
        if (!byName.Remove(name, out NodeState? gone))
        {
            return;
        }

        foreach (PlacedPod pod in gone.Pods.ToList())
        {
            gone.Remove(pod.Name);
        }

        nodes.Remove(gone);
        for (int i = gone.Ordinal; i < nodes.Count; i++)
        {
            nodes[i].Ordinal = i;
        }

        CountImages(gone, -1);
        ForgetTopologies();
    }

    public Topology Topology(string key)
    {
        if (topologies.TryGetValue(key, out Topology? known))
        {
            return known;
        }

        Dictionary<string, int> domains = new(StringComparer.Ordinal);
        int[] ofNode = new int[nodes.Count];
        foreach (NodeState node in nodes)
        {
            int domain = -1;
            if (node.Label(key) is { } label && !domains.TryGetValue(label, out domain))
            {
                domains[label] = domain = domains.Count;
            }

            ofNode[node.Ordinal] = domain;
        }

        return topologies[key] = new Topology(ofNode, domains.Count);
    }

    /// <summary>On how many nodes an image is.</summary>
    public int NodesWithImage(string image) => imageNodes.GetValueOrDefault(image);

    private void CountImages(NodeState node, int sign)
    {
        foreach (string image in node.Images.Keys)
        {
            int now = imageNodes.GetValueOrDefault(image) + sign;
            if (now == 0)
            {
                imageNodes.Remove(image);
            }
            else
            {
                imageNodes[image] = now;
            }
        }
    }

    private void ForgetTopologies()
    {
        foreach (Topology topology in topologies.Values)
        {
            topology.IsOutdated = true;
        }

        topologies.Clear();
    }
}
