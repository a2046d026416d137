using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>The domains of one topology key, as numbers.</summary>
/// <param name="OfNode">The domain of each node by its ordinal; -1 for a node without the label.</param>
internal sealed record Topology(int[] OfNode, int Count);

/// <summary>The scheduler's account of nodes and the pods on them.</summary>
/// <param name="namespaceLabels">The labels of a namespace; null when it is not there.</param>
internal sealed class ClusterState(Func<string, MapNode?> namespaceLabels)
{
    private readonly Dictionary<string, NodeState> byName = new(StringComparer.Ordinal);
    private readonly List<NodeState> nodes = [];
    private readonly Dictionary<string, Topology> topologies = new(StringComparer.Ordinal);
    private Dictionary<string, int>? imageNodes;

    public IReadOnlyList<NodeState> Nodes => nodes;

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
                known.Node = node;
                imageNodes = null;
            }

            if (relabelled)
            {
                topologies.Clear();
            }

            return matters;
        }

        NodeState added = new(node) { Ordinal = nodes.Count };
        nodes.Add(added);
        byName[node.Name()] = added;
        Forget();
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

        Forget();
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
    public int NodesWithImage(string image)
    {
        if (imageNodes is null)
        {
            imageNodes = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (string name in nodes.SelectMany(node => node.Images.Keys))
            {
                imageNodes[name] = imageNodes.GetValueOrDefault(name) + 1;
            }
        }

        return imageNodes.GetValueOrDefault(image);
    }

    public bool AnyImages => imageNodes is null ? nodes.Exists(node => node.Images.Count > 0) : imageNodes.Count > 0;

    private void Forget()
    {
        topologies.Clear();
        imageNodes = null;
    }
}
