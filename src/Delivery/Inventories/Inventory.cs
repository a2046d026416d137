using Bowline.Resources.Model;

namespace Bowline.Delivery.Inventories;

/// <summary>What an application has in a cluster. Written before objects are applied, so that a crash in between forgets nothing.</summary>
/// <param name="Entries">Every object that was, or was about to be, delivered.</param>
/// <param name="Synced">Fingerprint of the desired state that was last delivered completely; empty before the first success.</param>
public sealed record Inventory(IReadOnlyList<InventoryEntry> Entries, string Synced)
{
    /// <summary>Whether the objects go when the application itself leaves the repository; kept here, since by then nothing else says so.</summary>
    public bool PruneOnRemoval { get; init; }

    public static readonly Inventory Empty = new([], string.Empty);
}

/// <param name="Kind">With the version it was applied in, since the cluster is asked through it.</param>
public readonly record struct InventoryEntry(ResourceKind Kind, string Namespace, string Name)
{
    public ResourceId Id => new(Kind.Group, Kind.Kind, Namespace, Name);
}
