using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>Templates as trees: every text in them, keys of maps included, is a template.</summary>
internal static class TemplateTree
{
    private const int DeepestTree = 200;

    /// <summary>A copy with every text rendered; nulls in maps are dropped, as in Argo CD's typed objects.</summary>
    public static Node Render(Node node, Func<string, string> render, int depth = 0)
    {
        if (depth > DeepestTree)
        {
            throw new ApplicationException($"the template is nested deeper than {DeepestTree} levels");
        }

        switch (node)
        {
            case StringNode text:
                string rendered = render(text.Value);
                return ReferenceEquals(rendered, text.Value) ? node : new StringNode(rendered) { Quoted = true, Line = text.Line };
            case MapNode map:
                MapNode members = new(map.Count) { Line = map.Line };
                foreach ((string key, Node value) in map)
                {
                    if (!value.IsNull)
                    {
                        members.Set(render(key), Render(value, render, depth + 1));
                    }
                }

                return members;
            case ListNode list:
                return new ListNode(list.Select(item => Render(item, render, depth + 1))) { Line = list.Line };
            default:
                return node;
        }
    }

    /// <summary>A generator's own template over the set's: what it says counts, and the set's fills what it leaves empty.</summary>
    public static MapNode Overlay(MapNode? own, MapNode shared)
    {
        MapNode merged = (MapNode)shared.DeepClone();
        foreach ((string key, Node value) in own ?? [])
        {
            if (value is MapNode map && merged[key] is MapNode below)
            {
                merged.Set(key, Overlay(map, below));
            }
            else if (!IsEmpty(value))
            {
                merged.Set(key, value.DeepClone());
            }
        }

        return merged;
    }

    private static bool IsEmpty(Node value) => value switch
    {
        NullNode or BoolNode { Value: false } or StringNode { Value.Length: 0 } or ListNode { Count: 0 } or MapNode { Count: 0 } => true,
        _ => value.AsNumber() == 0,
    };
}
