using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>
/// Field ownership as sigs.k8s.io/structured-merge-diff and kube-apiserver's field manager keep it; the API server and the
/// diff share it. Results are trees of their own, except that entries of managedFields that did not change are shared with
/// the live object.
/// </summary>
public static partial class ServerSideApply
{
    private const int MaxUpdaters = 10;
    private const string BeforeFirstApply = "before-first-apply";

    /// <summary>Fields that every object has and nobody owns.</summary>
    private static readonly FieldSet Unowned = FieldSet.Of(
        ["apiVersion"],
        ["kind"],
        ["metadata"],
        ["metadata", "name"],
        ["metadata", "namespace"],
        ["metadata", "creationTimestamp"],
        ["metadata", "selfLink"],
        ["metadata", "uid"],
        ["metadata", "clusterName"],
        ["metadata", "generation"],
        ["metadata", "managedFields"],
        ["metadata", "resourceVersion"]);

    /// <summary>Applies a manager's whole intent onto the live object (null: creates): sets, takes, gives up and removes fields.</summary>
    /// <exception cref="MergeException">The applied object does not fit its schema.</exception>
    public static ApplyResult Apply(MapNode? live, MapNode applied, Schema? schema, FieldWriter writer, bool force)
    {
        FieldType type = schema?.Merging ?? StructuralSchema.Permissive.Merging;
        Check(applied, type);
        if (!ManagedFields.TryRead(live, out ManagedFields? managed))
        {
            throw new MergeException("the managedFields of the live object are malformed");
        }

        MapNode current = live is null ? new MapNode() : WithoutManagedFields(live);
        if (live is not null && managed.IsEmpty)
        {
            FieldWriter before = writer with { Manager = BeforeFirstApply };
            Record(managed, Comparison.Of(EmptyObject.Of(schema, current), current, type), before);
        }

        managed.Reconcile(type);
        ApplyRun run = new(current, applied, type, writer, managed);
        IReadOnlyList<ApplyConflict> conflicts = run.Execute(force);
        if (conflicts.Count > 0 && writer.Manager == LastApplied.Manager && run.Resolves(LastApplied.OwnedFields(current, type, writer.ApiVersion), ref conflicts))
        {
            conflicts = run.Execute(force: true);
        }

        if (conflicts.Count > 0)
        {
            return new ApplyResult(live ?? new MapNode(), conflicts);
        }

        MapNode merged = run.IsUnchanged ? (MapNode)current.DeepClone() : run.Merged;
        if (writer.Manager == LastApplied.Manager && writer.Subresource.Length == 0)
        {
            LastApplied.Refresh(merged, applied);
        }

        SetManagedFields(merged, run.Managed);
        return new ApplyResult(merged, []) { IsUnchanged = run.IsUnchanged };
    }

    /// <summary>Records what a create, update or patch changed: the writer takes ownership of every changed field. Returns <paramref name="updated"/> with new managedFields; frozen parts of it are shared.</summary>
    public static MapNode Update(MapNode? live, MapNode updated, Schema? schema, FieldWriter writer)
    {
        FieldType type = schema?.Merging ?? StructuralSchema.Permissive.Merging;
        MapNode result = (MapNode)WithoutManagedFields(updated).CloneUnfrozen();
        ManagedFields managed = ReadForUpdate(live, updated, writer.Subresource);
        // An object that nobody tracks yet stays so until it is applied for the first time.
        if (live is not null && managed.IsEmpty && live["metadata"]?["uid"] is not null)
        {
            return result;
        }

        MapNode before = live is null ? EmptyObject.Of(schema, result) : WithoutManagedFields(live);
        managed.Reconcile(type);
        Record(managed, Comparison.Of(before, result, type), writer);
        managed.Cap(MaxUpdaters);
        SetManagedFields(result, managed);
        return result;
    }

    /// <summary>
    /// When nothing but the times in managedFields differs, the write is none: returns the live object's managedFields in
    /// the updated tree. For the API server, after defaulting and admission.
    /// </summary>
    public static MapNode KeepTimes(MapNode live, MapNode updated)
    {
        Node? before = live["metadata"]?["managedFields"];
        bool timesOnly = before is ListNode old && updated["metadata"]?["managedFields"] is ListNode now && SameButTimes(old, now)
            && WithoutManagedFields(live).DeepEquals(WithoutManagedFields(updated));
        if (!timesOnly)
        {
            return updated;
        }

        MapNode kept = WithoutManagedFields(updated);
        kept["metadata"]!.AsMap()!.Set("managedFields", before!);
        return kept;
    }

    /// <summary>A shallow copy of the object and its metadata, without managedFields.</summary>
    internal static MapNode WithoutManagedFields(MapNode node)
    {
        MapNode copy = new(node.Count);
        foreach ((string key, Node value) in node)
        {
            if (key != "metadata" || value is not MapNode metadata)
            {
                copy.Add(key, value);
                continue;
            }

            MapNode metadataCopy = new(metadata.Count);
            foreach ((string name, Node field) in metadata)
            {
                if (name != "managedFields")
                {
                    metadataCopy.Add(name, field);
                }
            }

            copy.Add(key, metadataCopy);
        }

        return copy;
    }

    internal static FieldSet Ownable(FieldSet fields, FieldWriter writer) => fields.ExceptWithChildren(writer.ResetFields).Except(Unowned);

    internal static void Check(MapNode applied, FieldType type)
    {
        if (applied["metadata"]?["managedFields"] is { IsNull: false })
        {
            throw new MergeException("metadata.managedFields must be nil", isBadRequest: true);
        }

        if (TypeCheck.Errors(applied, type) is { } errors)
        {
            Resource resource = new(applied);
            throw new MergeException($"failed to create typed patch object ({resource.Namespace}/{resource.Name}; {resource.Kind.ApiVersion}, Kind={resource.Kind.Kind}): {errors}");
        }
    }

    /// <summary>Gives the writer what changed, and takes it from everyone else.</summary>
    private static void Record(ManagedFields managed, Comparison changes, FieldWriter writer)
    {
        if (changes.IsSame)
        {
            return;
        }

        FieldSet taken = changes.Modified.Union(changes.Added);
        managed.Take(taken, except: null);
        managed.Take(changes.Removed, except: null);
        FieldSet own = Ownable(taken, writer);
        if (!own.IsEmpty)
        {
            ManagerKey key = ManagerKey.Of(writer, applies: false);
            FieldSet before = managed.Find(key)?.Fields ?? FieldSet.Empty;
            managed.Set(new ManagerEntry(key, writer.ApiVersion, before.Union(own), Timestamp.Text(writer.Time)));
        }
    }

    /// <summary>A writer may send managedFields itself, and clear them with one empty entry; a client that does not know them leaves them as they are.</summary>
    private static ManagedFields ReadForUpdate(MapNode? live, MapNode updated, string subresource)
    {
        ListNode? sent = updated["metadata"]?["managedFields"]?.AsList();
        if (subresource.Length == 0)
        {
            if (sent is [MapNode { Count: 0 }])
            {
                return new ManagedFields();
            }

            if (sent is { Count: > 0 } && ManagedFields.TryRead(updated, out ManagedFields? own) && !own.IsEmpty)
            {
                return own;
            }
        }

        return ManagedFields.TryRead(live, out ManagedFields? kept) ? kept : new ManagedFields();
    }

    private static void SetManagedFields(MapNode target, ManagedFields managed)
    {
        MapNode metadata = target.EnsureMap("metadata");
        if (managed.IsEmpty)
        {
            metadata.Remove("managedFields");
        }
        else
        {
            metadata.Set("managedFields", managed.Write());
        }
    }

    private static bool SameButTimes(ListNode before, ListNode now)
    {
        static IEnumerable<string> Timeless(ListNode entries) => entries.Select(entry =>
        {
            MapNode copy = new();
            foreach ((string key, Node value) in entry.AsMap() ?? [])
            {
                if (key != "time")
                {
                    copy.Add(key, value);
                }
            }

            return GoJson.Of(copy);
        }).Order(StringComparer.Ordinal);

        // The order depends on the times, so it does not count either.
        return before.Count == now.Count && Timeless(before).SequenceEqual(Timeless(now));
    }
}
