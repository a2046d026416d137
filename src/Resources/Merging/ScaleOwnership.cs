using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>
/// Ownership across the scale subresource: its object has one field, <c>spec.replicas</c>, which is another field of the
/// resource behind it. Written through the main resource's managedFields before and after a write to the subresource.
/// </summary>
/// <param name="apiVersion">The version of the main resource that the request addresses.</param>
/// <param name="replicasPath">Where that resource keeps its replicas, such as spec, replicas.</param>
public sealed class ScaleOwnership(string apiVersion, params string[] replicasPath)
{
    private const string ScaleVersion = "autoscaling/v1";
    private static readonly FieldSet ReplicasOfScale = FieldSet.Of(["spec", "replicas"]);
    private readonly FieldSet replicasOfParent = FieldSet.Of(replicasPath);

    /// <summary>The managedFields of the Scale object: who owns the replicas of the main resource.</summary>
    public ListNode ToScale(MapNode parent)
    {
        ManagedFields scale = new();
        foreach (ManagerEntry entry in Read(parent).Entries)
        {
            if (entry.Fields.Contains(replicasPath))
            {
                ManagerKey key = ManagerKey.Of(entry.Key.Manager, entry.Key.Applies, ScaleVersion, entry.Key.Subresource);
                scale.Set(new ManagerEntry(key, ScaleVersion, ReplicasOfScale, entry.Time));
            }
        }

        return scale.Write();
    }

    /// <summary>The main resource's managedFields after its Scale object was written: the replicas belong to whom the Scale object says.</summary>
    public ListNode ToParent(MapNode parent, MapNode scale)
    {
        ManagedFields before = Read(parent);
        List<ManagerEntry> owners = [.. Read(scale).Entries.Where(entry => entry.Fields.Contains("spec", "replicas"))];
        ManagedFields after = new();
        foreach (ManagerEntry entry in before.Entries)
        {
            bool owned = entry.Fields.Contains(replicasPath);
            bool kept = owned && owners.RemoveAll(owner => SameManager(owner.Key, entry.Key)) > 0;
            after.Set(owned && !kept ? entry with { Fields = entry.Fields.Except(replicasOfParent), Source = null } : entry);
        }

        foreach (ManagerEntry owner in owners)
        {
            ManagerKey key = ManagerKey.Of(owner.Key.Manager, owner.Key.Applies, apiVersion, owner.Key.Subresource);
            FieldSet fields = (after.Find(key)?.Fields ?? FieldSet.Empty).Union(replicasOfParent);
            // A new entry has no time; so the reference leaves it.
            after.Set(new ManagerEntry(key, apiVersion, fields, before.Find(key)?.Time ?? string.Empty));
        }

        return after.Write();
    }

    private static bool SameManager(ManagerKey left, ManagerKey right) =>
        left.Manager == right.Manager && left.Applies == right.Applies && left.Subresource == right.Subresource;

    private static ManagedFields Read(MapNode holder) => ManagedFields.TryRead(holder, out ManagedFields? read) ? read : new ManagedFields();
}
