using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>What a forced apply would make of the live object, before the server's own defaulting and admission.</summary>
/// <param name="Object">The merged object with managedFields.</param>
/// <param name="Conflicts">What the apply would have to take from others by force.</param>
public sealed record ApplyPrediction(MapNode Object, FieldSet Added, FieldSet Modified, FieldSet Removed, IReadOnlyList<ApplyConflict> Conflicts)
{
    /// <summary>Whether nothing but managedFields would change.</summary>
    public bool IsUnchanged => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    public FieldSet Changed => Added.Union(Modified).Union(Removed);
}

public static partial class ServerSideApply
{
    /// <summary>What is applied, with quantities that mean the same as the live ones written as these are.</summary>
    /// <param name="schema">Of the two, which may be parts of an object.</param>
    public static MapNode InFormOf(MapNode applied, MapNode live, Schema schema) => QuantityForm.AsLive((MapNode)applied.DeepClone(), live, schema);

    /// <summary>
    /// Says what an apply would change, without deciding who wins. Quantities that are written differently but mean the same
    /// (0.5 and 500m) do not count as a change, nor do null members of the applied object that the live one does not have.
    /// </summary>
    /// <exception cref="MergeException">The applied object does not fit its schema.</exception>
    public static ApplyPrediction Predict(MapNode? live, MapNode applied, Schema? schema, FieldWriter writer)
    {
        FieldType type = schema?.Merging ?? StructuralSchema.Permissive.Merging;
        MapNode before = live is null ? new MapNode() : WithoutManagedFields(live);
        MapNode intent = QuantityForm.AsLive((MapNode)applied.DeepClone(), before, schema);
        IReadOnlyList<ApplyConflict> conflicts = Apply(live, intent, schema, writer, force: false).Conflicts;
        ApplyResult result = Apply(live, intent, schema, writer, force: true);
        Comparison changes = Comparison.Of(before, WithoutManagedFields(result.Object), type);
        return new ApplyPrediction(result.Object, changes.Added.Except(Unowned), changes.Modified, changes.Removed, conflicts);
    }
}
