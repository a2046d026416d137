using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Merge keys out of an OpenAPI document that a kustomization brings; it takes the place of the built-in ones.</summary>
internal sealed class OpenApiSchema
{
    public const string BuiltInVersion = "v1.21.2";
    private readonly MapNode definitions;
    private readonly Dictionary<string, MergeType> types = new(StringComparer.Ordinal);

    private OpenApiSchema(MapNode definitions) => this.definitions = definitions;

    /// <exception cref="RenderException">Not an OpenAPI document.</exception>
    public static KindTable Read(byte[] content, string file)
    {
        try
        {
            Node root = YamlReader.Read(content, YamlReadOptions.Kubernetes with { FileName = file });
            MapNode definitions = root["definitions"] as MapNode ?? [];
            OpenApiSchema schema = new(definitions);
            Dictionary<ResourceKind, MergeType?> kinds = [];
            foreach ((string name, Node definition) in definitions)
            {
                foreach (Node kind in definition["x-kubernetes-group-version-kind"]?.AsList() ?? [])
                {
                    kinds[Kind(kind)] = schema.Type(name);
                }
            }

            return new KindTable(kinds, KindTable.BuiltIn.ClusterScoped.Concat(ClusterScoped(root)).ToHashSet());
        }
        catch (YamlException error)
        {
            throw new RenderException($"openapi: {error.Reason}", file, error.Line, error.Column, error);
        }
    }

    private static HashSet<ResourceKind> ClusterScoped(Node root)
    {
        HashSet<ResourceKind> cluster = [];
        HashSet<ResourceKind> namespaced = [];
        foreach ((string path, Node item) in root["paths"]?.AsMap() ?? [])
        {
            if (item.At("get", "x-kubernetes-group-version-kind") is { } kind)
            {
                (path.Contains("namespaces/{namespace}", StringComparison.Ordinal) ? namespaced : cluster).Add(Kind(kind));
            }
        }

        cluster.ExceptWith(namespaced);
        return cluster;
    }

    private static ResourceKind Kind(Node kind) =>
        new(kind["group"]?.AsString() ?? string.Empty, kind["version"]?.AsString() ?? string.Empty, kind["kind"]?.AsString() ?? string.Empty);

    /// <summary>Definitions may refer to each other in circles, so each is registered before it is filled.</summary>
    private MergeType Type(string name)
    {
        if (!types.TryGetValue(name, out MergeType? type))
        {
            types.Add(name, type = new MergeType());
            Fill(type, definitions[name], 0);
        }

        return type;
    }

    private void Fill(MergeType type, Node? definition, int depth)
    {
        if (depth > 200)
        {
            throw new RenderException("openapi: the schema is nested too deeply");
        }

        foreach ((string name, Node property) in definition?["properties"]?.AsMap() ?? [])
        {
            type.Fields[name] = Field(property, depth);
        }

        if (definition?["additionalProperties"] is MapNode values)
        {
            type.Values = Field(values, depth);
        }
    }

    private MergeField Field(Node property, int depth)
    {
        string[]? keys = Keys(property);
        Node? below = keys is null ? property : property["items"];
        return new MergeField(below is null ? null : Resolve(below, depth), keys);
    }

    private MergeType Resolve(Node schema, int depth)
    {
        if (schema["$ref"]?.AsString() is { } reference)
        {
            return Type(reference[(reference.LastIndexOf('/') + 1)..]);
        }

        MergeType type = new();
        Fill(type, schema, depth + 1);
        return type;
    }

    private static string[]? Keys(Node property)
    {
        bool merges = property["type"]?.AsString() == "array"
            && (property["x-kubernetes-patch-strategy"]?.AsString() ?? string.Empty).Split(',').Contains("merge");
        if (!merges)
        {
            return null;
        }

        if (property["x-kubernetes-list-map-keys"] is ListNode keys)
        {
            return [.. keys.Select(key => ScalarText.Of(key))];
        }

        return property["x-kubernetes-patch-merge-key"]?.AsString() is { } key ? [key] : [];
    }
}
