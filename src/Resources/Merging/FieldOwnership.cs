using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>One entry of managedFields.</summary>
/// <param name="Applies">Whether it comes from server-side apply rather than from updates.</param>
/// <param name="Time">RFC 3339; empty when the entry has none.</param>
public sealed record FieldOwner(string Manager, bool Applies, string Subresource, string Time, FieldSet Fields);

/// <summary>Which fields an object has, who owns them, and by which it differs from another.</summary>
public static class FieldOwnership
{
    /// <summary>The managers of an object; none when its managedFields are malformed.</summary>
    public static IReadOnlyList<FieldOwner> Of(MapNode live) => ManagedFields.TryRead(live, out ManagedFields? managed)
        ? [.. managed.Entries.Select(entry => new FieldOwner(entry.Key.Manager, entry.Key.Applies, entry.Key.Subresource, entry.Time, entry.Fields))]
        : [];

    /// <summary>The fields that an object speaks of.</summary>
    public static FieldSet Fields(MapNode node, Schema? schema) => FieldExtraction.Extract(node, TypeOf(schema));

    /// <summary>Fields that were added, changed or removed between two states.</summary>
    public static FieldSet Changed(MapNode before, MapNode after, Schema? schema)
    {
        Comparison changes = Comparison.Of(ServerSideApply.WithoutManagedFields(before), ServerSideApply.WithoutManagedFields(after), TypeOf(schema));
        return changes.Added.Union(changes.Modified).Union(changes.Removed);
    }

    /// <summary>The object without these fields; it shares what it keeps.</summary>
    public static MapNode Without(MapNode node, FieldSet fields, Schema? schema) =>
        fields.IsEmpty ? node : FieldRemoval.Remove(node, fields, TypeOf(schema)) as MapNode ?? new MapNode();

    /// <summary>Nothing of the object but these fields and the keys of list items on the way to them; it shares what it takes.</summary>
    public static MapNode Only(MapNode node, FieldSet fields, Schema? schema) => FieldSelection.Select(node, fields, TypeOf(schema)) as MapNode ?? new MapNode();

    /// <summary>What does not fit the schema, in the words of an API server that refuses the apply of it; null when all does.</summary>
    public static string? Misfits(MapNode applied, Schema schema)
    {
        try
        {
            ServerSideApply.Check(applied, schema.Merging);
            return null;
        }
        catch (MergeException wrong)
        {
            return wrong.Message;
        }
    }

    private static FieldType TypeOf(Schema? schema) => schema?.Merging ?? StructuralSchema.Permissive.Merging;
}
