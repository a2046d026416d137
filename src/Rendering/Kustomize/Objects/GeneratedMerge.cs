using Bowline.Rendering.Kustomize.Fields;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>What a generated ConfigMap or Secret takes over from the one it merges into or replaces.</summary>
internal static class GeneratedMerge
{
    /// <summary>Name, namespace, labels, annotations and history; the new object's own labels and annotations win.</summary>
    public static void Inherit(BuildObject item, BuildObject old)
    {
        item.SetLabels(Merge(old.Labels, item.Labels));
        item.SetAnnotations(Merge(old.Annotations, item.Annotations));
        item.SetName(old.Name);
        item.SetNamespace(old.Namespace);
        bool hash = item.NeedsHash && old.NeedsHash;
        Provenance? source = old.Source;
        Behavior behavior = item.Behavior;
        item.InheritFrom(old);
        item.NeedsHash = hash;
        item.Source = behavior == Behavior.Merge ? source : item.Source;
        item.OriginText = behavior == Behavior.Merge ? old.OriginText : item.OriginText;
        item.Through = old.Through;
        item.Printed = old.Printed;
    }

    public static void MergeData(BuildObject item, BuildObject old)
    {
        MergeMap(item.Root, old.Root, "data");
        MergeMap(item.Root, old.Root, "binaryData");
    }

    private static void MergeMap(MapNode into, MapNode from, string field)
    {
        MapNode merged = [];
        foreach (MapNode? map in new[] { from[field]?.AsMap(), into[field]?.AsMap() })
        {
            foreach ((string key, Node value) in map ?? [])
            {
                merged[ScalarReader.Key(key)] = ScalarText.Of(value);
            }
        }

        if (merged.Count > 0)
        {
            into[field] = merged;
        }
        else
        {
            into.Remove(field);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Merge(IReadOnlyDictionary<string, string> old, IReadOnlyDictionary<string, string> own) =>
        old.Where(pair => !own.ContainsKey(pair.Key)).Concat(own);
}
