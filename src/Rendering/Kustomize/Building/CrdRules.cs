using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>
/// Finds the annotated fields of custom kinds: x-kubernetes-object-ref-kind (names), -label-selector, -annotation,
/// -identity. The file maps type names to OpenAPI definitions.
/// </summary>
internal sealed class CrdRules(MapNode definitions)
{
    private const int MaxDepth = 100;
    private readonly List<FieldRule> labels = [];
    private readonly List<FieldRule> annotations = [];
    private readonly List<FieldRule> prefixes = [];
    private readonly List<NameRule> names = [];

    public RuleSet AddTo(RuleSet rules)
    {
        foreach ((string name, Node definition) in definitions)
        {
            MapNode? properties = Schema(definition)?["properties"]?.AsMap();
            bool isKind = properties is not null && properties.ContainsKey("kind") && properties.ContainsKey("apiVersion") && properties.ContainsKey("metadata");
            if (isKind)
            {
                Visit(properties!, KindOf(name), [], [name]);
            }
        }

        return rules.Merge(new RuleSet { CommonLabels = labels, CommonAnnotations = annotations, NamePrefix = prefixes, Names = names });
    }

    private static MapNode? Schema(Node definition) => (definition["Schema"] ?? definition["schema"] ?? definition) as MapNode;

    /// <summary>The kind is the last part of the type's name: <c>github.com/example/api/v1.Bee</c>.</summary>
    private static KindFilter KindOf(string name) => new(string.Empty, string.Empty, name[(name.LastIndexOf('.') + 1)..]);

    private void Visit(MapNode properties, KindFilter kind, List<string> path, HashSet<string> open)
    {
        if (path.Count > MaxDepth)
        {
            return;
        }

        foreach ((string name, Node property) in properties)
        {
            List<string> below = [.. path, name];
            Note(property, kind, string.Join('/', below));
            if (property["properties"] is MapNode nested)
            {
                Visit(nested, kind, below, open);
            }

            string? reference = property["$ref"]?.AsString() ?? property.At("items", "$ref")?.AsString();
            string? type = reference is null ? null : reference.Split('/') is [.., string last] && definitions.ContainsKey(last) ? last : reference.Replace("#/definitions/", string.Empty, StringComparison.Ordinal);
            if (type is not null && definitions[type] is { } definition && Schema(definition)?["properties"] is MapNode referred && open.Add(type))
            {
                Visit(referred, kind, below, open);
                open.Remove(type);
            }
        }
    }

    private void Note(Node property, KindFilter kind, string path)
    {
        if (property.Kind != NodeKind.Map)
        {
            return;
        }

        if (property["x-kubernetes-annotation"] is not null)
        {
            annotations.Add(new FieldRule(kind, path, false));
        }

        if (property["x-kubernetes-label-selector"] is not null)
        {
            labels.Add(new FieldRule(kind, path, false));
        }

        if (property["x-kubernetes-identity"] is not null)
        {
            prefixes.Add(new FieldRule(kind, path, false));
        }

        string? target = property["x-kubernetes-object-ref-kind"]?.AsString();
        string? version = property["x-kubernetes-object-ref-api-version"]?.AsString();
        if (target is not null && version is not null)
        {
            string key = property["x-kubernetes-object-ref-name-key"]?.AsString() ?? "name";
            names.Add(new NameRule(new KindFilter(string.Empty, version, target), [new FieldRule(kind, $"{path}/{key}", false)]));
        }
    }
}
