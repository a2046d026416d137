using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>What CRDs and other API servers add to the OpenAPI documents.</summary>
internal static class OpenApiMerge
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    public static byte[] V2(byte[] builtIn, KindCatalog catalog)
    {
        ServedKind[] custom = [.. catalog.Kinds.Where(kind => kind.Custom is not null)];
        MapNode[] elsewhere = [.. catalog.Remotes.Select(remote => remote.Version2).OfType<MapNode>()];
        if (custom.Length == 0 && elsewhere.Length == 0)
        {
            return builtIn;
        }

        MapNode document = (MapNode)JsonReader.Read(builtIn);
        MapNode definitions = document.EnsureMap("definitions");
        OpenApiOperations operations = new(_ => document, "#/definitions/");
        MapNode paths = [];
        foreach (ServedKind kind in custom)
        {
            AddSchemas(kind, definitions, "#/definitions/");
            operations.Describe(kind, Name(kind), paths);
        }

        MapNode all = document.EnsureMap("paths");
        foreach ((string path, Node item) in paths)
        {
            all[path] = item;
        }

        foreach (MapNode remote in elsewhere)
        {
            OpenApiParts.Add(document, remote);
        }

        return JsonWriter.ToBytes(document);
    }

    /// <summary>The document of a custom group-version.</summary>
    /// <param name="builtIn">The document of a built-in group-version.</param>
    public static byte[] V3(string key, KindCatalog catalog, Func<string, byte[]> builtIn)
    {
        ServedKind[] custom = [.. catalog.Kinds.Where(kind => kind.Custom is not null && $"apis/{kind.Kind.Group}/{kind.Kind.Version}" == key)];
        OpenApiOperations operations = new(name => (MapNode)JsonReader.Read(builtIn(name)), "#/components/schemas/");
        MapNode schemas = [];
        MapNode paths = [];
        foreach (ServedKind kind in custom)
        {
            AddSchemas(kind, schemas, "#/components/schemas/");
            operations.Describe(kind, Name(kind), paths);
        }

        operations.Complete(paths, schemas);
        return JsonWriter.ToBytes(new MapNode
        {
            ["openapi"] = "3.0.0",
            ["info"] = new MapNode { ["title"] = "Kubernetes CRD Swagger", ["version"] = "v0.1.0" },
            ["paths"] = paths,
            ["components"] = new MapNode { ["schemas"] = schemas },
        });
    }

    public static MapNode Gvk(ServedKind kind) => new() { ["group"] = kind.Kind.Group, ["version"] = kind.Kind.Version, ["kind"] = kind.Kind.Kind };

    private static string Name(ServedKind kind) => $"{string.Join('.', kind.Kind.Group.Split('.').Reverse())}.{kind.Kind.Version}.{kind.Kind.Kind}";

    private static void AddSchemas(ServedKind kind, MapNode schemas, string references)
    {
        MapNode schema = kind.Custom!.OpenApi is { } own ? (MapNode)own.DeepClone() : new MapNode { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        DescribeEmbedded(schema, references);
        if (schema["x-kubernetes-preserve-unknown-fields"] is null || schema["properties"] is not null)
        {
            AddHeader(schema.EnsureMap("properties"), references, "Object");
        }

        schema["x-kubernetes-group-version-kind"] = new ListNode(Gvk(kind));
        schemas[Name(kind)] = schema;

        MapNode list = new() { ["items"] = new MapNode { ["description"] = $"List of {kind.Plural}.", ["type"] = "array", ["items"] = new MapNode { ["$ref"] = references + Name(kind) } } };
        AddHeader(list, references, "List");
        MapNode gvk = Gvk(kind);
        gvk["kind"] = kind.ListKind;
        schemas[Name(kind) + "List"] = new MapNode
        {
            ["description"] = $"{kind.ListKind} is a list of {kind.Kind.Kind}",
            ["type"] = "object",
            ["required"] = new ListNode("items"),
            ["properties"] = list,
            ["x-kubernetes-group-version-kind"] = new ListNode(gvk),
        };
    }

    /// <summary>An object inside of an object has a header of its own, which its schema need not name; it has to name its kind.</summary>
    private static void DescribeEmbedded(MapNode schema, string references)
    {
        IEnumerable<Node?> parts = [.. (schema["properties"] as MapNode ?? []).Select(pair => (Node?)pair.Value), schema["items"], schema["additionalProperties"]];
        foreach (MapNode part in parts.OfType<MapNode>())
        {
            DescribeEmbedded(part, references);
        }

        if (schema["x-kubernetes-embedded-resource"]?.AsBool() == true)
        {
            AddHeader(schema.EnsureMap("properties"), references, "Object");
            string[] required = [.. (schema["required"]?.AsList() ?? []).Select(name => name.AsString()!)];
            schema["required"] = new ListNode(required.Union(["apiVersion", "kind"]).Select(name => (Node)StringNode.Of(name)));
        }
    }

    /// <param name="what">Object or List: whose metadata it is.</param>
    private static void AddHeader(MapNode properties, string references, string what)
    {
        properties["apiVersion"] = new MapNode { ["type"] = "string", ["description"] = "The version of the schema that this object is written in." };
        properties["kind"] = new MapNode { ["type"] = "string", ["description"] = "The kind that this object is of." };
        properties["metadata"] = Reference($"{references}{Meta}{what}Meta", what == "List" ? "Standard metadata of the list." : "Standard metadata of the object.");
    }

    // OpenAPI v3 says nothing beside a reference, and clients of v2 do not follow allOf.
    private static MapNode Reference(string to, string description) => to.StartsWith("#/definitions/", StringComparison.Ordinal)
        ? new MapNode { ["description"] = description, ["$ref"] = to }
        : new MapNode { ["description"] = description, ["allOf"] = new ListNode(new MapNode { ["$ref"] = to }) };
}
