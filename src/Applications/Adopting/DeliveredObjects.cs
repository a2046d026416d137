using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;

namespace Bowline.Applications.Adopting;

/// <summary>
/// What Argo CD delivered: the objects of an Application's status, and those that carry its tracking, by annotation or label as
/// argocd-cm has it (application.resourceTrackingMethod, application.instanceLabelKey).
/// </summary>
internal sealed class DeliveredObjects
{
    private readonly string method;
    private readonly string labelKey;
    private readonly Dictionary<ResourceId, InventoryEntry> live = [];
    private readonly ILookup<string, InventoryEntry> tracked;

    private DeliveredObjects(MapNode? settings, IEnumerable<(InventoryEntry Entry, MapNode Live)> objects)
    {
        method = settings?.At("data", "application.resourceTrackingMethod")?.AsString() ?? string.Empty;
        labelKey = settings?.At("data", "application.instanceLabelKey")?.AsString() is { Length: > 0 } key ? key : "app.kubernetes.io/instance";
        List<(string Owner, InventoryEntry Entry)> owned = [];
        foreach ((InventoryEntry entry, MapNode found) in objects)
        {
            live[entry.Id] = entry;
            if (OwnerOf(entry.Id, found) is { } owner)
            {
                owned.Add((owner, entry));
            }
        }

        tracked = owned.ToLookup(item => item.Owner, item => item.Entry, StringComparer.Ordinal);
    }

    /// <summary>Lists the kinds that any Application's status names, through the whole cluster; Argo CD's status is made from the same lists.</summary>
    public static async Task<DeliveredObjects> ListAsync(ICluster cluster, MapNode? settings, IEnumerable<MapNode> applications, CancellationToken cancellationToken)
    {
        List<(InventoryEntry, MapNode)> objects = [];
        foreach (IGrouping<(string Group, string Kind), ResourceKind> kinds in applications.SelectMany(ResourcesOf).Select(KindOf).Distinct().GroupBy(kind => (kind.Group, kind.Kind)))
        {
            foreach (ResourceKind kind in kinds)
            {
                if (await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is { } served)
                {
                    ObjectList listed = await cluster.ListAsync(served, string.Empty, ListOptions.All, cancellationToken).ConfigureAwait(false);
                    objects.AddRange(listed.Items.Select(item => (new InventoryEntry(kind, item.At("metadata", "namespace")?.AsString() ?? string.Empty, item.At("metadata", "name")?.AsString() ?? string.Empty), item)));
                    break;
                }
            }
        }

        return new DeliveredObjects(settings, objects);
    }

    /// <summary>The application's objects, and those of its status that carry somebody else's tracking or none.</summary>
    public (IReadOnlyList<InventoryEntry> Delivered, IReadOnlyList<InventoryEntry> Foreign) Of(string application, MapNode manifest)
    {
        InventoryEntry[] delivered = [.. tracked[application].OrderBy(entry => entry.Id.ToString(), StringComparer.Ordinal)];
        HashSet<ResourceId> ids = [.. delivered.Select(entry => entry.Id)];
        return (delivered, [.. ResourcesOf(manifest).Select(EntryOf).Where(entry => live.ContainsKey(entry.Id) && !ids.Contains(entry.Id))]);
    }

    /// <summary>The objects that a status lists; hooks are none of what stays.</summary>
    public static IEnumerable<Node> ResourcesOf(MapNode manifest) => (manifest.At("status", "resources") as ListNode ?? []).Where(item => item["hook"]?.AsBool() != true);

    public static InventoryEntry EntryOf(Node item) => new(KindOf(item), Text(item["namespace"]), Text(item["name"]));

    private string? OwnerOf(ResourceId id, MapNode found)
    {
        if (method != "label" && Tracking.Owner(id, found) is { } annotated)
        {
            return annotated;
        }

        // Pods and the like carry the labels of their template; what a controller made nobody delivered.
        bool made = found.At("metadata", "ownerReferences") is ListNode { Count: > 0 };
        bool byLabel = method.Length == 0 || method == "label";
        return byLabel && !made && found.At("metadata", "annotations", Tracking.Annotation) is null ? found.At("metadata", "labels", labelKey)?.AsString() : null;
    }

    private static ResourceKind KindOf(Node item) => new(Text(item["group"]), Text(item["version"]), Text(item["kind"]));

    private static string Text(Node? node) => node?.AsString() ?? string.Empty;
}
