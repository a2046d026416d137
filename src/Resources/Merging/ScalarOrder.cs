using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>The order of values inside path elements: numbers, strings, booleans, the rest by their JSON, null.</summary>
internal static class ScalarOrder
{
    public static int Compare(Node left, Node right)
    {
        int rank = Rank(left);
        int difference = rank - Rank(right);
        if (difference != 0)
        {
            return difference;
        }

        return (left, right) switch
        {
            (StringNode a, StringNode b) => KeyOrder.Compare(a.Value, b.Value),
            (IntegerNode a, IntegerNode b) => a.Value.CompareTo(b.Value),
            (BoolNode a, BoolNode b) => a.Value.CompareTo(b.Value),
            (NullNode, NullNode) => 0,
            _ when rank == 0 => left.AsNumber()!.Value.CompareTo(right.AsNumber()!.Value),
            _ => string.CompareOrdinal(GoJson.Of(left), GoJson.Of(right)),
        };
    }

    public static int Hash(Node value) => value switch
    {
        StringNode text => text.Value.GetHashCode(StringComparison.Ordinal),
        IntegerNode integer => ((double)integer.Value).GetHashCode(),
        FloatNode number => number.Value.GetHashCode(),
        BoolNode flag => flag.Value ? 1 : 2,
        MapNode or ListNode => GoJson.Of(value).GetHashCode(StringComparison.Ordinal),
        _ => 0,
    };

    private static int Rank(Node value) => value switch
    {
        IntegerNode or FloatNode => 0,
        StringNode => 1,
        BoolNode => 2,
        ListNode => 3,
        MapNode => 4,
        _ => 5,
    };
}
