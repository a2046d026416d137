using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Scheduler;

/// <summary>Nodes and pods written down in short, and the scheduler's account of them.</summary>
internal sealed class SchedulerCase
{
    private readonly Dictionary<string, MapNode> namespaces = new(StringComparer.Ordinal);
    private readonly List<MapNode> budgets = [];

    public SchedulerCase(Node described)
    {
        Cluster = new ClusterState(name => namespaces.GetValueOrDefault(name));
        Placement = new Placement(Cluster);
        foreach ((string name, Node labels) in described["namespaces"] as MapNode ?? [])
        {
            namespaces[name] = (MapNode)labels;
        }

        budgets.AddRange(described["budgets"].Maps());
        foreach (MapNode node in described["nodes"].Maps())
        {
            Cluster.Put(NodeOf(node));
        }

        foreach (MapNode pod in described["pods"].Maps())
        {
            MapNode whole = PodOf(pod);
            Cluster.Find(pod.Text("node"))!.Add(PlacedPod.Of(whole, Cluster.Groups));
        }
    }

    public ClusterState Cluster { get; }

    public Placement Placement { get; }

    public PodNeeds Needs(MapNode pod) => PodNeeds.Of(PodOf(pod), Cluster.Groups);

    public PlacementDecision Decide(PodNeeds pod) => Placement.Decide(pod, VolumeDecision.None, () => Selector(pod));

    /// <summary>What the plugins say of all nodes.</summary>
    public IReadOnlyList<PluginScores> Score(PodNeeds pod) => Scoring.Of(pod, Cluster.Nodes, Cluster, () => pod.Pod.Labels() is { Count: > 0 } ? Selector(pod) : null);

    public PreemptionDecision Preempt(PodNeeds pod, PlacementDecision refused) =>
        new Preemption(Cluster, Placement, _ => budgets).Decide(pod, VolumeDecision.None, refused.Resolvable);

    public static MapNode Parse(string yaml) => (MapNode)YamlReader.Read(yaml);

    private static LabelSelector Selector(PodNeeds pod) => LabelSelector.Of(new MapNode { ["matchLabels"] = pod.Pod.Labels() ?? new MapNode() });

    private static MapNode NodeOf(MapNode described)
    {
        string name = described.Text("name");
        MapNode labels = described["labels"].CopyOf();
        if (!described.Flag("unlabelled"))
        {
            labels["kubernetes.io/hostname"] = name;
        }

        MapNode allocatable = new() { ["cpu"] = "4", ["memory"] = "8Gi", ["pods"] = "110", ["ephemeral-storage"] = "100Gi" };
        foreach ((string resource, Node amount) in described["allocatable"] as MapNode ?? [])
        {
            allocatable[resource] = amount;
        }

        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new MapNode { ["name"] = name, ["labels"] = labels },
            ["spec"] = described["spec"] ?? new MapNode(),
            ["status"] = new MapNode { ["allocatable"] = allocatable, ["images"] = described["images"] ?? new ListNode() },
        };
    }

    private static MapNode PodOf(MapNode described)
    {
        MapNode spec = described["spec"].CopyOf();
        if (spec["containers"] is null)
        {
            MapNode container = new() { ["name"] = "c", ["image"] = described["image"] ?? "nginx:1" };
            if (described["requests"] is { } requests)
            {
                container["resources"] = new MapNode { ["requests"] = requests };
            }

            spec["containers"] = new ListNode(container);
        }

        if (described["priority"] is { } priority)
        {
            spec["priority"] = priority;
        }

        MapNode metadata = new() { ["name"] = described.Text("name"), ["namespace"] = described["namespace"] ?? "n", ["uid"] = described.Text("name"), ["labels"] = described["labels"] ?? new MapNode() };
        if (described.Flag("deleting"))
        {
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        }

        return new MapNode { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec, ["status"] = described["status"] ?? new MapNode() };
    }
}
