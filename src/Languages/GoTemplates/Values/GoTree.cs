using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>Looks at a node as Go's reflection would, whatever class holds it.</summary>
public static class GoTree
{
    /// <summary>Deepest nesting that a walk over values follows; templates can build values of any depth, even circular ones.</summary>
    public const int MaxDepth = 1000;

    /// <summary>Most nodes that a walk visits: a small value can hold itself in so many places that it unfolds without end.</summary>
    public const int MaxNodes = 2_000_000;

    /// <summary>The members of any map; null for nil and every other kind.</summary>
    public static MapNode? Map(Node node) => node switch
    {
        MapNode map => map,
        GoMap map => map.Members,
        _ => null,
    };

    /// <summary>The items of any slice; null for nil and every other kind.</summary>
    public static IReadOnlyList<Node>? Items(Node node) => node switch
    {
        ListNode list => list,
        GoSlice slice => slice.Items,
        GoBytes bytes => [.. bytes.Bytes.ToArray().Select(value => new GoInteger(GoType.Uint8, value))],
        _ => null,
    };

    /// <summary>The tree that Go's JSON marshalling makes of a value: no opaque nodes at any level, never deeper than <see cref="MaxDepth"/>.</summary>
    /// <param name="stays">Which opaque nodes are left as they are, for formats that can say more than JSON.</param>
    /// <exception cref="GoError">The value is too deep, circular, or holds what JSON cannot say.</exception>
    public static Node ToPlain(Node node, Predicate<OpaqueNode>? stays = null)
    {
        int budget = MaxNodes;
        return ToPlain(node, stays, 0, ref budget);
    }

    public static GoKind KindOf(Node node) => node switch
    {
        NullNode => GoKind.Invalid,
        _ => GoType.Of(node).Kind,
    };

    internal static void CheckDepth(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new GoError($"the value is nested deeper than {MaxDepth} levels");
        }
    }

    /// <summary>Counts one more node of a walk.</summary>
    internal static void Visit(int depth, ref int budget)
    {
        CheckDepth(depth);
        if (--budget < 0)
        {
            throw new GoError($"the value has more than {MaxNodes} parts");
        }
    }

    private static Node ToPlain(Node node, Predicate<OpaqueNode>? stays, int depth, ref int budget)
    {
        Visit(depth, ref budget);
        switch (node)
        {
            case OpaqueNode opaque:
                return stays?.Invoke(opaque) == true ? opaque : ToPlain(opaque.ToPlain(), stays, depth + 1, ref budget);
            case MapNode map:
                MapNode members = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    members[key] = ToPlain(value, stays, depth + 1, ref budget);
                }

                return members;
            case ListNode list:
                ListNode items = new(list.Count);
                foreach (Node item in list)
                {
                    items.Add(ToPlain(item, stays, depth + 1, ref budget));
                }

                return items;
            default:
                return node;
        }
    }
}
