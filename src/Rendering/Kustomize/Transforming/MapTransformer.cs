using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Labels and annotations: the same members put into maps at many paths.</summary>
internal sealed class MapTransformer(IReadOnlyList<KeyValuePair<string, string>> members, IReadOnlyList<FieldRule> rules) : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        if (members.Count == 0)
        {
            return;
        }

        foreach (BuildObject item in objects.Items)
        {
            ResourceKind kind = item.Kind;
            foreach (FieldRule rule in rules)
            {
                if (rule.Kind.Selects(kind))
                {
                    FieldWriter.Apply(item.Root, rule.Parts, rule.Create ? Creation.Map : Creation.Never, Set);
                }
            }
        }
    }

    private Node Set(Node? current)
    {
        MapNode map = current switch
        {
            MapNode found => found,
            null or NullNode or WrittenScalar { Resolved: NullNode } => [],
            _ => throw new RenderException("wrong node kind: expected MappingNode"),
        };
        foreach ((string key, string value) in members)
        {
            map[key] = value;
        }

        return map;
    }
}
