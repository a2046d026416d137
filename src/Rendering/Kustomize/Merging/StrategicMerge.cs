using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Merging;

/// <summary>
/// Kustomize's own strategic merge, which is not the API server's: patched list elements come first, a null in a patch
/// clears, $patch works on maps and lists, and all other directives ($setElementOrder, $retainKeys, $deleteFromPrimitiveList)
/// are plain fields. The patch is left alone.
/// </summary>
internal sealed partial class StrategicMerge(KindTable kinds)
{
    private const string PatchDirective = "$patch";
    private const int MaxDepth = 1100;
    private int depth;

    private enum Directive
    {
        Merge,
        Replace,
        Delete,
    }

    /// <summary>Merges in place and returns what becomes of the object; null when the patch deletes it.</summary>
    public MapNode? Apply(MapNode target, MapNode patch) =>
        // What replaces the whole object is thrown away by the original: only what happened to the object itself counts.
        Walk(target, patch, null) is MapNode ? target : null;

    /// <summary>Merges two values of one field. Null results are cleared by the caller, except the null that only the target has.</summary>
    private Node? Walk(Node? dest, Node? origin, MergeField? field)
    {
        if (++depth > MaxDepth)
        {
            throw new RenderException("the patch is nested too deeply");
        }

        try
        {
            NodeKind kind = IsPresent(dest) ? Shape(dest!) : IsPresent(origin) ? Shape(origin!) : NodeKind.Map;
            Require(kind, dest);
            Require(kind, origin);
            return kind switch
            {
                NodeKind.Map => WalkMap(dest, origin, field?.Type ?? TypeOf(dest, origin)),
                NodeKind.List when field?.Keys is { } keys => WalkKeyedList(dest, origin, field, keys),
                _ => origin is not null ? ScalarReader.InPlaceOf(dest, origin.DeepClone()) : dest,
            };
        }
        finally
        {
            depth--;
        }
    }

    private Node? WalkMap(Node? dest, Node? origin, MergeType? type)
    {
        if (!IsPresent(dest))
        {
            if (origin is null)
            {
                // A null that is written out stays; one that is only left empty goes.
                return ScalarText.Of(dest).Length > 0 ? dest : null;
            }

            return MapDirective(origin) == Directive.Delete || origin is not MapNode added ? null : Merged(Undirected(added), added, type);
        }

        if (ScalarText.IsNull(origin) && origin is not null)
        {
            return null;
        }

        Directive directive = MapDirective(origin);
        if (origin?[PatchDirective] is not null)
        {
            // A target that was added from the same patch still holds the directive, which has been followed now.
            (dest as MapNode)?.Remove(PatchDirective);
        }

        return directive switch
        {
            Directive.Delete => null,
            Directive.Replace => Merged(Undirected((MapNode)origin!), (MapNode)origin!, type),
            _ => Merged((MapNode)dest!, origin as MapNode, type),
        };
    }

    private MapNode Merged(MapNode dest, MapNode? origin, MergeType? type)
    {
        List<string> keys = [.. dest.Keys];
        if (origin is not null)
        {
            keys.AddRange(origin.Keys.Where(key => key != PatchDirective && !dest.ContainsKey(key)));
        }

        foreach (string key in keys)
        {
            Node? before = dest[key];
            Node? value = Walk(before, origin?[key], type?.Field(key));
            if (value is null || (ScalarText.IsNull(value) && !ReferenceEquals(value, before)))
            {
                dest.Remove(key);
            }
            else if (!ReferenceEquals(value, before))
            {
                ScalarReader.Put(dest, key, value);
            }
        }

        return dest;
    }

    /// <summary>A copy of what a patch adds, which is then merged with the patch itself: that clears its nulls and follows directives further down.</summary>
    private static MapNode Undirected(MapNode added)
    {
        MapNode copy = (MapNode)added.DeepClone();
        copy.Remove(PatchDirective);
        return copy;
    }

    private static Directive MapDirective(Node? origin) =>
        origin is MapNode map && map.TryGet(PatchDirective, out Node? value) ? Parse(value) : Directive.Merge;

    private static Directive Parse(Node value) => ScalarText.Of(value) switch
    {
        "merge" => Directive.Merge,
        "replace" => Directive.Replace,
        "delete" => Directive.Delete,
        string unknown => throw new RenderException($"unknown patch strategy '{unknown}'", line: value.Line),
    };

    private MergeType? TypeOf(Node? dest, Node? origin) =>
        kinds.Find(ScalarText.Of(dest?["apiVersion"]), ScalarText.Of(dest?["kind"]))
        ?? kinds.Find(ScalarText.Of(origin?["apiVersion"]), ScalarText.Of(origin?["kind"]));

    private static bool IsPresent(Node? node) => !ScalarText.IsNull(node);

    private static NodeKind Shape(Node node) => node.Kind is NodeKind.Map or NodeKind.List ? node.Kind : NodeKind.String;

    private static void Require(NodeKind kind, Node? node)
    {
        if (IsPresent(node) && Shape(node!) != kind)
        {
            throw new RenderException($"wrong node kind: the patch and the object disagree, expected {Name(kind)} but got {Name(Shape(node!))}", line: node!.Line);
        }
    }

    private static string Name(NodeKind kind) => kind switch
    {
        NodeKind.Map => "MappingNode",
        NodeKind.List => "SequenceNode",
        _ => "ScalarNode",
    };
}
