using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>What CRDs add to the OpenAPI documents.</summary>
internal static class OpenApiMerge
{
    public static byte[] V2(byte[] builtIn, KindCatalog catalog)
    {
        ServedKind[] custom = [.. catalog.Kinds.Where(kind => kind.Custom is not null)];
        if (custom.Length == 0)
        {
            return builtIn;
        }

        MapNode document = (MapNode)JsonReader.Read(builtIn);
        MapNode definitions = document.EnsureMap("definitions");
        foreach (ServedKind kind in custom)
        {
            definitions[Name(kind)] = Schema(kind, "#/definitions/");
        }

        return JsonWriter.ToBytes(document);
    }

    /// <summary>The document of a custom group-version; null when there is none.</summary>
    public static byte[]? V3(string key, KindCatalog catalog)
    {
        ServedKind[] custom = [.. catalog.Kinds.Where(kind => kind.Custom is not null && $"apis/{kind.Kind.Group}/{kind.Kind.Version}" == key)];
        if (custom.Length == 0)
        {
            return null;
        }

        MapNode schemas = [];
        MapNode paths = [];
        foreach (ServedKind kind in custom)
        {
            schemas[Name(kind)] = Schema(kind, "#/components/schemas/");
            string path = $"/{key}/{(kind.Namespaced ? "namespaces/{namespace}/" : string.Empty)}{kind.Plural}/{{name}}";
            paths[path] = new MapNode { ["patch"] = Operation(kind), ["put"] = Operation(kind) };
        }

        schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"] = new MapNode { ["type"] = "object" };
        return JsonWriter.ToBytes(new MapNode
        {
            ["openapi"] = "3.0.0",
            ["info"] = new MapNode { ["title"] = "Kubernetes CRD Swagger", ["version"] = "v0.1.0" },
            ["paths"] = paths,
            ["components"] = new MapNode { ["schemas"] = schemas },
        });
    }

    private static MapNode Operation(ServedKind kind)
    {
        MapNode Parameter(string name) => new() { ["name"] = name, ["in"] = "query", ["schema"] = new MapNode { ["type"] = "string", ["uniqueItems"] = true } };
        return new MapNode
        {
            ["parameters"] = new ListNode(Parameter("dryRun"), Parameter("fieldManager"), Parameter("fieldValidation")),
            ["x-kubernetes-group-version-kind"] = Gvk(kind),
            ["responses"] = new MapNode { ["200"] = new MapNode { ["description"] = "OK" } },
        };
    }

    private static MapNode Gvk(ServedKind kind) => new() { ["group"] = kind.Kind.Group, ["version"] = kind.Kind.Version, ["kind"] = kind.Kind.Kind };

    private static string Name(ServedKind kind) => $"{string.Join('.', kind.Kind.Group.Split('.').Reverse())}.{kind.Kind.Version}.{kind.Kind.Kind}";

    private static MapNode Schema(ServedKind kind, string references)
    {
        MapNode schema = kind.Custom!.OpenApi is { } own ? (MapNode)own.DeepClone() : new MapNode { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        if (schema["properties"] is MapNode properties)
        {
            properties["apiVersion"] = new MapNode { ["type"] = "string" };
            properties["kind"] = new MapNode { ["type"] = "string" };
            properties["metadata"] = new MapNode { ["$ref"] = references + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };
        }

        schema["x-kubernetes-group-version-kind"] = new ListNode(Gvk(kind));
        return schema;
    }
}
