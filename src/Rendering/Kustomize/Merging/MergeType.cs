namespace Bowline.Rendering.Kustomize.Merging;

/// <summary>The part of a schema that merging needs: which fields lead to lists that merge by key.</summary>
internal sealed class MergeType
{
    public Dictionary<string, MergeField> Fields { get; } = new(StringComparer.Ordinal);

    /// <summary>What every value is when the object is a map with free keys.</summary>
    public MergeField? Values { get; set; }

    public MergeField? Field(string name) => Fields.GetValueOrDefault(name) ?? Values;
}

/// <param name="Type">Of the object, or of the list's elements; null when nothing below it merges by key.</param>
/// <param name="Keys">Of a list that merges: the fields that tell elements apart, none for a list of plain values; null for everything else.</param>
internal sealed record MergeField(MergeType? Type, string[]? Keys);
