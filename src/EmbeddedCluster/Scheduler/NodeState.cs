using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>A node and what runs on it; owned by the scheduler.</summary>
internal sealed class NodeState(MapNode node)
{
    private readonly Dictionary<ObjectName, PodNeeds> pods = [];
    private readonly Dictionary<string, Quantity> requested = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> byOwner = new(StringComparer.Ordinal);
    private MapNode node = node;
    private Dictionary<string, Quantity> allocatable = ReadAllocatable(node);

    public MapNode Node
    {
        get => node;
        set
        {
            node = value;
            allocatable = ReadAllocatable(value);
        }
    }

    public string Name => node.Name();

    public IReadOnlyCollection<PodNeeds> Pods => pods.Values;

    /// <summary>Pods here that keep others away.</summary>
    public int WithAntiAffinity { get; private set; }

    public IEnumerable<MapNode> Taints => node.Spec()["taints"].Maps();

    public string? Label(string key) => node.Labels()?[key]?.AsString();

    public Quantity Allocatable(string resource) => allocatable.GetValueOrDefault(resource);

    public Quantity Requested(string resource) => requested.GetValueOrDefault(resource);

    public int PodsOf(string ownerUid) => byOwner.GetValueOrDefault(ownerUid);

    public void Add(ObjectName name, PodNeeds needs)
    {
        if (!pods.TryAdd(name, needs))
        {
            return;
        }

        Count(needs, 1);
    }

    public void Remove(ObjectName name)
    {
        if (pods.Remove(name, out PodNeeds? needs))
        {
            Count(needs, -1);
        }
    }

    private void Count(PodNeeds needs, int sign)
    {
        foreach ((string resource, Quantity value) in needs.Requests)
        {
            requested[resource] = requested.GetValueOrDefault(resource) + (sign < 0 ? -value : value);
        }

        byOwner[needs.OwnerUid] = byOwner.GetValueOrDefault(needs.OwnerUid) + sign;
        WithAntiAffinity += needs.AntiAffinity.Count > 0 ? sign : 0;
    }

    private static Dictionary<string, Quantity> ReadAllocatable(MapNode node)
    {
        Dictionary<string, Quantity> read = new(StringComparer.Ordinal);
        foreach ((string resource, Node value) in (node.Status()["allocatable"] ?? node.Status()["capacity"]) as MapNode ?? [])
        {
            read[resource] = Quantity.Of(value);
        }

        return read;
    }
}
