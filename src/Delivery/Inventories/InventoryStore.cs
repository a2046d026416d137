using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Inventories;

/// <summary>Keeps inventories in the cluster they describe, one ConfigMap an application.</summary>
public sealed class InventoryStore(ICluster cluster)
{
    /// <summary>Where Bowline keeps its own objects in a cluster.</summary>
    public const string Namespace = "bowline-system";

    private const string Prefix = "inventory-";
    private const string Label = "app.kubernetes.io/managed-by";
    private static readonly KindInfo Namespaces = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly WriteOptions Write = new() { FieldManager = "bowline", Force = true };

    public async Task<Inventory> ReadAsync(string owner, CancellationToken cancellationToken)
    {
        MapNode? stored = await cluster.GetAsync(KeyOf(owner), cancellationToken).ConfigureAwait(false);
        if (stored?["data"] is not MapNode data || data["entries"]?.AsString() is not { } text)
        {
            return Inventory.Empty;
        }

        List<InventoryEntry> entries = [];
        foreach (Node entry in (ListNode)JsonReader.Read(text))
        {
            ListNode parts = (ListNode)entry;
            entries.Add(new InventoryEntry(
                ResourceKind.Of(parts[0].AsString()!, parts[1].AsString()!), parts[2].AsString()!, parts[3].AsString()!));
        }

        return new Inventory(entries, data["synced"]?.AsString() ?? string.Empty) { PruneOnRemoval = data["pruneOnRemoval"]?.AsString() == "true" };
    }

    public async Task WriteAsync(string owner, Inventory inventory, CancellationToken cancellationToken)
    {
        ListNode entries = new(inventory.Entries.Select(Node (entry) => new ListNode(
            [entry.Kind.ApiVersion, entry.Kind.Kind, entry.Namespace, entry.Name])));
        MapNode body = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new MapNode
            {
                ["name"] = Prefix + owner,
                ["namespace"] = Namespace,
                ["labels"] = new MapNode { [Label] = "bowline" },
            },
            ["data"] = new MapNode
            {
                ["entries"] = JsonWriter.ToText(entries),
                ["synced"] = inventory.Synced,
                ["pruneOnRemoval"] = inventory.PruneOnRemoval ? "true" : "false",
            },
        };
        try
        {
            await cluster.ApplyAsync(KeyOf(owner), body, Write, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException missing) when (missing.IsNotFound)
        {
            MapNode home = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = Namespace } };
            await cluster.ApplyAsync(new ObjectKey(Namespaces, string.Empty, Namespace), home, Write, cancellationToken).ConfigureAwait(false);
            await cluster.ApplyAsync(KeyOf(owner), body, Write, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task DeleteAsync(string owner, CancellationToken cancellationToken) =>
        cluster.DeleteAsync(KeyOf(owner), DeleteOptions.Background, cancellationToken);

    /// <summary>Applications that have an inventory in this cluster.</summary>
    public async Task<IReadOnlyList<string>> OwnersAsync(CancellationToken cancellationToken)
    {
        ObjectList list = await cluster.ListAsync(
            ConfigMaps, Namespace, new ListOptions { LabelSelector = $"{Label}=bowline" }, cancellationToken).ConfigureAwait(false);
        return [.. list.Items
            .Select(item => item.At("metadata", "name")?.AsString() ?? string.Empty)
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])];
    }

    private static ObjectKey KeyOf(string owner) => new(ConfigMaps, Namespace, Prefix + owner);
}
