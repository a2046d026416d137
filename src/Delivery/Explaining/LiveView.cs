using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Everything that an explanation may look at, as it was at one moment: objects of the namespaces concerned, and where the application's own come from.</summary>
public sealed class LiveView
{
    private readonly Dictionary<ResourceId, MapNode> objects = [];
    private readonly ILookup<string, ResourceId> owned;
    private readonly ILookup<string, MapNode> events;
    private readonly IReadOnlyDictionary<ResourceId, Origin> origins;
    private readonly HashSet<(string Group, string Kind)> known;

    /// <param name="known">Kinds of which everything was read: what is not there does not exist.</param>
    public LiveView(IEnumerable<MapNode> read, IEnumerable<(string Group, string Kind)> known, IReadOnlyDictionary<ResourceId, Origin> origins)
    {
        List<MapNode> happened = [];
        foreach (MapNode node in read)
        {
            ResourceId id = new Resource(node).Id;
            if (id.Kind == "Event")
            {
                happened.Add(node);
            }
            else
            {
                objects[id] = node;
            }
        }

        this.origins = origins;
        this.known = [.. known];
        events = happened.ToLookup(item => item.At("involvedObject", "uid")?.AsString() ?? string.Empty, StringComparer.Ordinal);
        owned = objects.SelectMany(item => Owners(item.Value).Select(uid => (uid, item.Key))).ToLookup(pair => pair.uid, pair => pair.Key, StringComparer.Ordinal);
    }

    public MapNode? Get(ResourceId id) => objects.GetValueOrDefault(id);

    /// <summary>Whether the object certainly is not there.</summary>
    public bool IsMissing(ResourceId id) => IsKnown(id) && !objects.ContainsKey(id);

    /// <summary>Whether all objects of its kind were read.</summary>
    public bool IsKnown(ResourceId id) => known.Contains((id.Group, id.Kind));

    public IEnumerable<(ResourceId Id, MapNode Node)> OwnedBy(MapNode owner) =>
        (owner.At("metadata", "uid")?.AsString() is { } uid ? owned[uid] : []).Select(id => (id, objects[id])).OrderBy(pair => pair.id.Name, StringComparer.Ordinal);

    public IEnumerable<(ResourceId Id, MapNode Node)> All(string group, string kind) => objects.Where(item => item.Key.Group == group && item.Key.Kind == kind).Select(item => (item.Key, item.Value)).OrderBy(pair => pair.Key.Name, StringComparer.Ordinal);

    public Origin OriginOf(ResourceId id) => origins.GetValueOrDefault(id) ?? Origin.Unknown;

    /// <summary>Warnings about an object, newest first, each reason once.</summary>
    public IEnumerable<(string Reason, string Message)> WarningsOf(MapNode node) => events[node.At("metadata", "uid")?.AsString() ?? "-"]
        .Where(item => item["type"]?.AsString() == "Warning")
        .OrderByDescending(item => (item["lastTimestamp"] ?? item["eventTime"] ?? item.At("metadata", "creationTimestamp"))?.AsString(), StringComparer.Ordinal)
        .Select(item => (item["reason"]?.AsString() ?? string.Empty, item["message"]?.AsString() ?? string.Empty))
        .DistinctBy(item => item.Item1);

    private static IEnumerable<string> Owners(MapNode node) =>
        (node.At("metadata", "ownerReferences") as ListNode ?? []).Select(reference => reference["uid"]?.AsString()).OfType<string>();
}
