using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>A node and what runs on it; owned by the scheduler.</summary>
internal sealed class NodeState
{
    private readonly Dictionary<ObjectName, PlacedPod> pods = [];
    private MapNode node;

    public NodeState(MapNode node)
    {
        this.node = node;
        Read();
    }

    public MapNode Node
    {
        get => node;
        set
        {
            node = value;
            Read();
        }
    }

    /// <summary>Its place in the scheduler's list of nodes.</summary>
    public int Ordinal { get; set; }

    public string Name => node.Name();

    public IReadOnlyCollection<PlacedPod> Pods => pods.Values;

    public MapNode[] Taints { get; private set; } = [];

    public bool IsUnschedulable { get; private set; }

    public Amounts Allocatable { get; private set; } = new();

    public long MostPods { get; private set; }

    public Amounts Requested { get; } = new();

    /// <summary>Requested with upstream's assumption for containers that request nothing.</summary>
    public Amounts Scored { get; } = new();

    /// <summary>Sizes of the images that the node holds, by every name they have.</summary>
    public IReadOnlyDictionary<string, long> Images { get; private set; } = new Dictionary<string, long>();

    /// <summary>Pods that preempted others here and wait for their going.</summary>
    public List<PlacedPod> Nominated { get; } = [];

    public string? Label(string key) => node.Labels()?[key]?.AsString();

    public PlacedPod? Find(ObjectName name) => pods.GetValueOrDefault(name);

    public void Add(PlacedPod pod)
    {
        Remove(pod.Name);
        pods[pod.Name] = pod;
        Count(pod, 1);
    }

    public PlacedPod? Remove(ObjectName name)
    {
        if (pods.Remove(name, out PlacedPod? pod))
        {
            Count(pod, -1);
        }

        return pod;
    }

    private void Count(PlacedPod pod, int sign)
    {
        Requested.Add(pod.Requests, sign);
        Scored.Add(pod.Scored, sign);
        pod.Group.Count(this, pod, sign);
    }

    private void Read()
    {
        Node? offered = node.Status()["allocatable"] ?? node.Status()["capacity"];
        Allocatable = Amounts.Of(offered);
        MostPods = Amounts.UnitsOf("pods", offered?["pods"]);
        Taints = [.. node.Spec()["taints"].Maps()];
        IsUnschedulable = node.Spec().Flag("unschedulable");
        Dictionary<string, long> images = new(StringComparer.Ordinal);
        foreach (MapNode image in node.Status()["images"].Maps())
        {
            foreach (string name in image["names"].Strings())
            {
                images[name] = image["sizeBytes"]?.AsInteger() ?? 0;
            }
        }

        Images = images;
    }
}
