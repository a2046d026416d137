using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>The types of JSON values in the order in which errors list them.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Number = 4,
    Integer = 8,
    String = 16,
    Array = 32,
    Object = 64,
}

/// <summary>One schema, compiled: keywords in the shape in which they are checked. References may lead in circles.</summary>
internal sealed class JsonSchema
{
    public required int Draft { get; init; }

    /// <summary>The resource it belongs to, for dynamic references.</summary>
    public required SchemaResource Resource { get; init; }

    /// <summary><c>true</c> and <c>false</c> as schemas.</summary>
    public bool? Always { get; set; }

    public JsonTypes Types { get; set; }

    public Node? Const { get; set; }

    /// <summary>What an error says of a value that is not the constant.</summary>
    public string WrongConst { get; set; } = string.Empty;

    public ListNode? Enum { get; set; }

    /// <summary>What an error says of a value that is none of these.</summary>
    public string WrongEnum { get; set; } = string.Empty;

    public string? Format { get; set; }

    public JsonSchema? Ref { get; set; }

    public JsonSchema? RecursiveRef { get; set; }

    public bool RecursiveAnchor { get; set; }

    public JsonSchema? DynamicRef { get; set; }

    /// <summary>The anchor that a dynamic reference looks for along the way it came; null makes it a plain one.</summary>
    public string? DynamicRefAnchor { get; set; }

    public string? DynamicAnchor { get; set; }

    public int? MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    public IReadOnlyList<string> Required { get; set; } = [];

    public Dictionary<string, JsonSchema>? Properties { get; set; }

    public List<(string Pattern, JsonSchema Schema)>? PatternProperties { get; set; }

    public JsonSchema? AdditionalProperties { get; set; }

    public JsonSchema? PropertyNames { get; set; }

    public Dictionary<string, JsonSchema>? DependentSchemas { get; set; }

    public Dictionary<string, IReadOnlyList<string>>? DependentRequired { get; set; }

    public JsonSchema? UnevaluatedProperties { get; set; }

    public int? MinItems { get; set; }

    public int? MaxItems { get; set; }

    public bool UniqueItems { get; set; }

    public IReadOnlyList<JsonSchema>? PrefixItems { get; set; }

    /// <summary>For every item, or for those behind <see cref="PrefixItems"/>.</summary>
    public JsonSchema? Items { get; set; }

    public bool ItemsAreAdditional { get; set; }

    public JsonSchema? Contains { get; set; }

    public int? MinContains { get; set; }

    public int? MaxContains { get; set; }

    public JsonSchema? UnevaluatedItems { get; set; }

    public int? MinLength { get; set; }

    public int? MaxLength { get; set; }

    public string? Pattern { get; set; }

    public double? Minimum { get; set; }

    public double? Maximum { get; set; }

    public double? ExclusiveMinimum { get; set; }

    public double? ExclusiveMaximum { get; set; }

    public double? MultipleOf { get; set; }

    public JsonSchema? Not { get; set; }

    public IReadOnlyList<JsonSchema> AllOf { get; set; } = [];

    public IReadOnlyList<JsonSchema> AnyOf { get; set; } = [];

    public IReadOnlyList<JsonSchema> OneOf { get; set; } = [];

    public JsonSchema? If { get; set; }

    public JsonSchema? Then { get; set; }

    public JsonSchema? Else { get; set; }
}

/// <summary>A schema document, or a part of one with an <c>$id</c> of its own.</summary>
internal sealed class SchemaResource(Uri id, Node root, int draft)
{
    public Uri Id => id;

    public Node Root => root;

    public int Draft => draft;

    public Dictionary<string, Node> Anchors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Node> DynamicAnchors { get; } = new(StringComparer.Ordinal);
}
