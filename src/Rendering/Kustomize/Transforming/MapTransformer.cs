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
            MapNode?[] added = new MapNode?[members.Count];
            foreach (FieldRule rule in rules)
            {
                if (rule.Kind.Selects(kind))
                {
                    bool creates = rule.Create || (rule.Path == "metadata/annotations" && Bookkeeping.HasAny(item, objects));
                    FieldWriter.Apply(item.Root, rule.Parts, creates ? Creation.Map : Creation.Never, current => Set(current, added));
                }
            }
        }
    }

    /// <param name="added">For each member the map of the same object that first got it.</param>
    private MapNode Set(Node? current, MapNode?[] added)
    {
        MapNode map = current switch
        {
            MapNode found => found,
            null or NullNode or WrittenScalar { Resolved: NullNode } => [],
            _ => throw new RenderException("wrong node kind: expected MappingNode"),
        };
        for (int i = 0; i < members.Count; i++)
        {
            (string key, string value) = members[i];
            Node text = ScalarReader.Written(value);
            if (map.TryGet(key, out Node? before))
            {
                ScalarReader.Put(map, key, ScalarReader.InPlaceOf(before, text));
            }
            else if (added[i] is { } first)
            {
                SharedScalar shared = first[key] as SharedScalar ?? new SharedScalar(first[key] ?? text);
                first[key] = shared;
                map[key] = shared;
            }
            else
            {
                map[ScalarReader.Key(key)] = text;
                added[i] = map;
            }
        }

        return map;
    }
}
