using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Hands the fields of other appliers, client-side ones above all, over to a server-side applier, as client-go's csaupgrade does, so that fields which the next apply leaves out are removed.</summary>
public static class ClientSideApply
{
    /// <summary>The updater that <c>kubectl apply</c> without <c>--server-side</c> writes as.</summary>
    public const string KubectlManager = "kubectl-client-side-apply";

    private static readonly FieldSet AnnotationField = FieldSet.Of(["metadata", "annotations", LastApplied.Annotation]);

    /// <returns>The object with the managers' entries merged into <paramref name="applier"/>'s Apply entry; the same object when they have none.</returns>
    public static MapNode HandOver(MapNode live, IReadOnlyCollection<string> managers, string applier)
    {
        if (!ManagedFields.TryRead(live, out ManagedFields? managed))
        {
            return live;
        }

        List<ManagerEntry> given = [.. managed.Entries.Where(entry => entry.Key.Subresource.Length == 0 && managers.Contains(entry.Key.Manager) && entry.Key.Manager != applier)];
        if (given.Count == 0)
        {
            return live;
        }

        ManagerKey key = ManagerKey.Of(applier, applies: true, string.Empty, string.Empty);
        ManagerEntry taker = managed.Find(key) ?? given[0] with { Key = key };
        FieldSet fields = given.Aggregate(taker.Fields, (sum, entry) => sum.Union(entry.Fields)).Except(AnnotationField);
        foreach (ManagerEntry entry in given)
        {
            managed.Set(entry with { Fields = FieldSet.Empty });
        }

        managed.Set(taker with { Fields = fields, Source = null });
        MapNode result = ServerSideApply.WithoutManagedFields(live);
        result.EnsureMap("metadata").Set("managedFields", managed.Write());
        return result;
    }

    /// <summary>
    /// What an apply will make of an object that client-side appliers own, by what was applied last: that says which fields really were set, while their ownership
    /// has every default, too. The live object with what is desired laid over it and without what was applied last and is not desired any more; its annotation stays as it is. Quantities
    /// that mean the same stay as they are written. Null when no annotation says what was applied last.
    /// </summary>
    public static MapNode? Foresee(MapNode live, MapNode desired, Schema? schema)
    {
        if (LastApplied.Read(live) is null)
        {
            return null;
        }

        MapNode merged = ThreeWayMerge.Merge(live, schema is null ? desired : ServerSideApply.InFormOf(desired, live, schema), schema);
        merged.EnsureMap("metadata").EnsureMap("annotations").Set(LastApplied.Annotation, live.At("metadata", "annotations", LastApplied.Annotation)!);
        return merged;
    }
}
