using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>reflect.DeepEqual: types must match, so 1 and 1.0 differ, and so do <c>[]string</c> and <c>[]interface {}</c>.</summary>
public static class GoEquality
{
    /// <exception cref="GoError">The values are nested too deeply.</exception>
    public static bool DeepEqual(Node left, Node right)
    {
        int budget = GoTree.MaxNodes;
        return DeepEqual(left, right, 0, ref budget);
    }

    private static bool DeepEqual(Node left, Node right, int depth, ref int budget)
    {
        GoTree.Visit(depth, ref budget);
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        if (left is NullNode || right is NullNode || GoType.Of(left).Name != GoType.Of(right).Name)
        {
            return false;
        }

        if (left is GoValue { IsNil: true } != right is GoValue { IsNil: true })
        {
            return false;
        }

        if (GoTree.Map(left) is { } map)
        {
            return EqualMaps(map, GoTree.Map(right)!, depth, ref budget);
        }

        if (left is not GoBytes && GoTree.Items(left) is { } items)
        {
            return EqualItems(items, GoTree.Items(right)!, depth, ref budget);
        }

        return left switch
        {
            GoBytes bytes => bytes.Bytes.Span.SequenceEqual(((GoBytes)right).Bytes.Span),
            GoObject { Fields: var fields } when fields.Count > 0 =>
                EqualItems([.. fields.Select(field => field.Value)], [.. ((GoObject)right).Fields.Select(field => field.Value)], depth, ref budget),
            _ => left.DeepEquals(right),
        };
    }

    private static bool EqualMaps(MapNode left, MapNode right, int depth, ref int budget)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach ((string key, Node value) in left)
        {
            if (!right.TryGet(key, out Node? other) || !DeepEqual(value, other, depth + 1, ref budget))
            {
                return false;
            }
        }

        return true;
    }

    private static bool EqualItems(IReadOnlyList<Node> left, IReadOnlyList<Node> right, int depth, ref int budget)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int i = 0; i < left.Count; i++)
        {
            if (!DeepEqual(left[i], right[i], depth + 1, ref budget))
            {
                return false;
            }
        }

        return true;
    }
}
