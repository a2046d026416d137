using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>What a merge may find in a field.</summary>
internal enum FieldShape
{
    Map,
    List,
    Scalar,
}

/// <summary>
/// How values of one schema merge, in the terms of structured-merge-diff's own schema: a field may allow a scalar, a list
/// and a map at once, and a field without a schema merges maps member by member and replaces lists.
/// </summary>
internal sealed class FieldType
{
    /// <summary>Anything, deduced from its shape: maps merge, lists are replaced.</summary>
    public static readonly FieldType Deduced = new(null, deduced: true);

    /// <summary>Anything, replaced as a whole.</summary>
    private static readonly FieldType Atomic = new(null, deduced: false);

    private readonly Schema? schema;
    private readonly bool keepsUnknown;

    private FieldType(Schema? schema, bool deduced)
    {
        this.schema = schema;
        keepsUnknown = deduced;
        AllowsScalar = AllowsList = AllowsMap = true;
        MapIsAtomic = !deduced;
        ScalarType = string.Empty;
        ListKeys = [];
    }

    internal FieldType(Schema schema)
    {
        this.schema = schema;
        keepsUnknown = schema.MergesUnknown;
        MapIsAtomic = schema.AtomicMap;
        ListType = schema.ListType;
        ListKeys = [.. schema.ListMapKeys];
        string type = schema.IntOrString ? string.Empty : schema.Type;
        AllowsMap = type is "" or "object";
        AllowsList = type is "" or "array";
        AllowsScalar = type is not ("object" or "array");
        // Only plain strings are checked: quantities, times and the like may arrive as numbers.
        ScalarType = type == "string" && schema.Format is not ("" or "byte") ? string.Empty : type;
    }

    public bool AllowsScalar { get; }

    public bool AllowsList { get; }

    public bool AllowsMap { get; }

    public bool MapIsAtomic { get; }

    public ListType ListType { get; }

    public string[] ListKeys { get; }

    /// <summary>string, integer, number or boolean when the scalar must be one; empty for any.</summary>
    public string ScalarType { get; }

    /// <summary>The type of a list's elements.</summary>
    public FieldType Element => schema is null ? Atomic : schema.Items?.Merging ?? Atomic;

    public bool IsAtomic(FieldShape shape) => shape switch
    {
        FieldShape.Map => MapIsAtomic,
        FieldShape.List => ListType == ListType.Atomic,
        _ => true,
    };

    /// <summary>What the value is taken for; a value that fits nothing is taken for what the schema prefers.</summary>
    public FieldShape ShapeOf(Node? value) => value switch
    {
        MapNode when AllowsMap => FieldShape.Map,
        ListNode when AllowsList => FieldShape.List,
        not (null or NullNode or MapNode or ListNode) when AllowsScalar => FieldShape.Scalar,
        _ => AllowsMap ? FieldShape.Map : AllowsScalar ? FieldShape.Scalar : FieldShape.List,
    };

    /// <summary>The type of a map's member; null when the schema does not declare it.</summary>
    /// <param name="named">Whether it is a field of the schema's own, not a key of a map.</param>
    public FieldType? Member(string name, out bool named)
    {
        named = false;
        if (schema is null)
        {
            return MapIsAtomic ? Atomic : Deduced;
        }

        if (schema.Properties.TryGetValue(name, out Schema? property))
        {
            named = true;
            return property.Merging;
        }

        return schema.AdditionalProperties?.Merging ?? (keepsUnknown ? Deduced : null);
    }

    /// <summary>As <see cref="Member(string, out bool)"/>, for walks over objects that were checked before.</summary>
    public FieldType MemberOrDeduced(string name, out bool named) => Member(name, out named) ?? Deduced;

    /// <summary>What a list element's key field counts as when the element leaves it out.</summary>
    public Node? KeyDefault(string key) => schema?.Items?.Field(key)?.Default;
}
