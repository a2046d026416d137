using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>The schema of a custom resource as its CRD writes it (<c>openAPIV3Schema</c> with x-kubernetes extensions), read as it is walked.</summary>
public sealed class StructuralSchema : Schema
{
    private static readonly Lazy<StructuralSchema> PermissiveRoot = new(() => FromOpenApi(new MapNode
    {
        ["type"] = "object",
        ["x-kubernetes-preserve-unknown-fields"] = true,
    }));

    private static readonly StructuralSchema Anything = new(new MapNode { ["x-kubernetes-preserve-unknown-fields"] = true }, isObjectRoot: false);
    private readonly MapNode source;
    private readonly bool isObjectRoot;
    // The reference lets everything below a preserving field keep unknown fields too, as far as merging is concerned.
    private readonly bool keepsUnknownBelow;
    private Dictionary<string, Schema>? properties;
    private StructuralSchema? items;
    private StructuralSchema? additional;
    private IReadOnlyList<string>? listMapKeys;

    private StructuralSchema(MapNode source, bool isObjectRoot, bool inheritsUnknown = false)
    {
        this.source = source;
        this.isObjectRoot = isObjectRoot;
        Type = Text("type");
        Format = Text("format");
        IntOrString = Flag("x-kubernetes-int-or-string");
        PreservesUnknown = Flag("x-kubernetes-preserve-unknown-fields");
        inheritsUnknown |= PreservesUnknown;
        keepsUnknownBelow = inheritsUnknown;
        EmbeddedResource = Flag("x-kubernetes-embedded-resource");
        AtomicMap = Text("x-kubernetes-map-type") == "atomic";
        ListType = Text("x-kubernetes-list-type") switch
        {
            "set" => ListType.Set,
            "map" => ListType.Map,
            _ => ListType.Atomic,
        };
    }

    /// <summary>Objects with typed metadata whose other fields are all kept and merged by their shape; for kinds without a schema.</summary>
    public static Schema Permissive => PermissiveRoot.Value;

    public override string Type { get; }

    public override string Format { get; }

    public override bool IntOrString { get; }

    /// <summary>Only what the CRD says: an object without properties does not keep unknown fields.</summary>
    public override bool PreservesUnknown { get; }

    public override bool EmbeddedResource { get; }

    public override IReadOnlyDictionary<string, Schema> Properties => properties ??= ReadProperties();

    public override Schema? AdditionalProperties => source["additionalProperties"] switch
    {
        MapNode map => additional ??= Child(map),
        BoolNode { Value: true } => Anything,
        _ => null,
    };

    public override Schema? Items => source["items"] is MapNode map ? items ??= Child(map) : null;

    public override ListType ListType { get; }

    public override IReadOnlyList<string> ListMapKeys => listMapKeys ??= Texts("x-kubernetes-list-map-keys");

    public override bool AtomicMap { get; }

    /// <summary>Custom resources have no strategic merge patch.</summary>
    public override string? PatchMergeKey => null;

    public override IReadOnlyList<string> PatchStrategies => [];

    public override IReadOnlyList<string> Required => Texts("required");

    public override Node? Default => source["default"];

    public override IReadOnlyList<string> Enum =>
        source["enum"] is ListNode list ? [.. list.Select(value => value.AsString() ?? JsonWriter.ToText(value))] : [];

    internal override bool MergesUnknown => source["additionalProperties"] is null && (keepsUnknownBelow || Properties.Count == 0);

    /// <summary>The schema node as the CRD writes it, for validation rules that this view leaves out.</summary>
    public MapNode Source => source;

    /// <param name="openApiV3Schema">The tree under <c>spec.versions[].schema.openAPIV3Schema</c>; it is kept and must not change afterwards.</param>
    /// <returns>The schema of whole objects: apiVersion, kind and metadata are those of every Kubernetes object whatever the CRD writes there.</returns>
    public static StructuralSchema FromOpenApi(Node openApiV3Schema) => new(openApiV3Schema.AsMap() ?? [], isObjectRoot: true);

    private StructuralSchema Child(MapNode child) => new(child, isObjectRoot: false, keepsUnknownBelow);

    private string Text(string key) => source[key]?.AsString() ?? string.Empty;

    private bool Flag(string key) => source[key]?.AsBool() ?? false;

    private string[] Texts(string key) => source[key] is ListNode list ? [.. list.Select(value => value.AsString() ?? string.Empty)] : [];

    private Dictionary<string, Schema> ReadProperties()
    {
        Dictionary<string, Schema> read = new(StringComparer.Ordinal);
        foreach ((string name, Node schema) in source["properties"]?.AsMap() ?? [])
        {
            read[name] = Child(schema.AsMap() ?? []);
        }

        if (isObjectRoot || EmbeddedResource)
        {
            StructuralSchema text = new(new MapNode { ["type"] = "string" }, isObjectRoot: false);
            read["apiVersion"] = text;
            read["kind"] = text;
            read["metadata"] = KubernetesKinds.SchemaOf("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")!;
        }

        return read;
    }
}
