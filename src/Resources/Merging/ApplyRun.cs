using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>One apply on its way: what is live, what is applied, who owned what before.</summary>
internal sealed class ApplyRun
{
    private readonly FieldType type;
    private readonly FieldWriter writer;
    private readonly ManagerKey key;
    private readonly FieldSet appliedFields;
    private readonly FieldSet previousFields;
    private readonly Comparison changes;
    private readonly List<(ManagerKey Manager, FieldSet Fields)> contested = [];

    public ApplyRun(MapNode live, MapNode applied, FieldType type, FieldWriter writer, ManagedFields managed)
    {
        this.type = type;
        this.writer = writer;
        Managed = managed;
        key = ManagerKey.Of(writer, applies: true);
        appliedFields = FieldExtraction.Extract(applied, type).ExceptWithChildren(writer.ResetFields);
        previousFields = (managed.Find(key)?.Fields ?? FieldSet.Empty).ExceptWithChildren(writer.ResetFields);
        MapNode laidOver = (MapNode?)ObjectMerge.Merge(live, applied, type) ?? new MapNode();
        Merged = Prune(laidOver);
        changes = Comparison.Of(live, Merged, type);
    }

    public MapNode Merged { get; }

    public ManagedFields Managed { get; }

    public bool IsUnchanged => changes.IsSame;

    public Comparison Changes => changes;

    /// <summary>Hands the fields over, or says who stands in the way and changes nothing.</summary>
    public IReadOnlyList<ApplyConflict> Execute(bool force)
    {
        FieldSet taken = changes.Modified.Union(changes.Added);
        if (!force)
        {
            FindContested(taken);
            if (contested.Count > 0)
            {
                return ToConflicts(FieldSet.Empty);
            }
        }

        Managed.Take(taken, except: key);
        Managed.Take(changes.Removed, except: key);
        FieldSet own = ServerSideApply.Ownable(appliedFields, writer);
        ManagerEntry? previous = Managed.Find(key);
        string time = IsUnchanged ? previous?.Time ?? string.Empty : Timestamp.Text(writer.Time);
        bool same = previous?.Source is not null && previous.ApiVersion == writer.ApiVersion && previous.Time == time && own.Equals(previous.Fields);
        Managed.Set(same ? previous! : new ManagerEntry(key, writer.ApiVersion, own, time));
        return [];
    }

    /// <summary>Whether all contested fields are among those that the manager may take; otherwise leaves the others in <paramref name="conflicts"/>.</summary>
    public bool Resolves(FieldSet allowed, ref IReadOnlyList<ApplyConflict> conflicts)
    {
        if (allowed.IsEmpty)
        {
            return false;
        }

        conflicts = ToConflicts(allowed);
        return conflicts.Count == 0;
    }

    private void FindContested(FieldSet taken)
    {
        contested.Clear();
        if (taken.IsEmpty)
        {
            return;
        }

        foreach (ManagerEntry entry in Managed.Entries)
        {
            if (entry.Key != key && entry.Fields.Intersect(taken) is { IsEmpty: false } fields)
            {
                contested.Add((entry.Key, fields));
            }
        }
    }

    private List<ApplyConflict> ToConflicts(FieldSet allowed) =>
        [.. contested
            .OrderBy(entry => entry.Manager.Manager, StringComparer.Ordinal)
            .ThenBy(entry => entry.Manager.Applies ? 0 : 1)
            .ThenBy(entry => entry.Manager.Version, StringComparer.Ordinal)
            .ThenBy(entry => entry.Manager.Subresource, StringComparer.Ordinal)
            .SelectMany(entry => entry.Fields.Except(allowed).Paths().Select(path => new ApplyConflict(entry.Manager.ToString(), path)))];

    /// <summary>Removes what this manager applied last time, does not apply now, and nobody else owns.</summary>
    private MapNode Prune(MapNode merged)
    {
        if (previousFields.IsEmpty || previousFields.IsSubsetOf(appliedFields))
        {
            return merged;
        }

        FieldSet owned = appliedFields;
        foreach (ManagerEntry entry in Managed.Entries)
        {
            owned = entry.Key == key ? owned : owned.Union(entry.Fields);
        }

        FieldSet previous = previousFields.WithNamedParents(type);
        FieldSet all = FieldExtraction.Extract(merged, type).WithNamedParents(type);
        FieldSet left = FieldsWithout(merged, previous);
        // What others own comes back, then what hangs below the removed fields without belonging to anyone.
        FieldSet leftOrOwned = FieldsWithout(merged, all.Except(left.Union(owned.WithNamedParents(type))));
        FieldSet unwanted = all.Except(leftOrOwned).Intersect(previous);
        return unwanted.IsEmpty ? merged : (MapNode?)FieldRemoval.Remove(merged, unwanted, type) ?? new MapNode();
    }

    private FieldSet FieldsWithout(MapNode merged, FieldSet unwanted) =>
        FieldRemoval.Remove(merged, unwanted, type) is { } rest ? FieldExtraction.Extract(rest, type).WithNamedParents(type) : FieldSet.Empty;
}
