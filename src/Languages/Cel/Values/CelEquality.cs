using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>CEL's equality: numbers of different types are equal when they are on the number line; values of different types are not.</summary>
internal static class CelEquality
{
    /// <summary>For map keys and distinct(): hashing that agrees with <see cref="Equal"/>.</summary>
    public static readonly IEqualityComparer<Node> KeyComparer = EqualityComparer<Node>.Create((left, right) => left is not null && right is not null && Equal(left, right), Hash);

    public static bool Equal(Node left, Node right)
    {
        switch (left, right)
        {
            case (StringNode a, StringNode b):
                return string.Equals(a.Value, b.Value, StringComparison.Ordinal);
            case (IntegerNode a, IntegerNode b):
                return a.Value == b.Value;
            case (BoolNode a, BoolNode b):
                return a.Value == b.Value;
            case (NullNode, NullNode):
                return true;
            default:
                break;
        }

        if (CelOrder.IsNumber(left) && CelOrder.IsNumber(right))
        {
            return CelOrder.CompareNumbers(left, right) == 0;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (CelLists.Items(left) is { } items)
        {
            return CelLists.Items(right) is { } others && EqualLists(left, items, right, others);
        }

        if (left is CelStruct || right is CelStruct)
        {
            return left is CelStruct made && right is CelStruct other && made.Type.Name == other.Type.Name && EqualMaps(made.Fields, other.Fields);
        }

        return CelMaps.IsMap(left) ? CelMaps.IsMap(right) && EqualMaps(left, right) : EqualOpaque(left, right);
    }

    private static bool EqualLists(Node left, IReadOnlyList<Node> items, Node right, IReadOnlyList<Node> others)
    {
        if (items.Count != others.Count)
        {
            return false;
        }

        if ((left as CelList ?? right as CelList) is { } unordered)
        {
            return unordered.EqualsUnordered(ReferenceEquals(unordered, left) ? others : items);
        }

        for (int i = 0; i < items.Count; i++)
        {
            if (!Equal(items[i], others[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool EqualMaps(Node left, Node right)
    {
        if (CelMaps.Count(left) != CelMaps.Count(right))
        {
            return false;
        }

        foreach (Node key in CelMaps.Keys(left))
        {
            if (CelMaps.Find(right, key) is not { } theirs || !Equal(CelMaps.Find(left, key)!, theirs))
            {
                return false;
            }
        }

        return true;
    }

    private static bool EqualOpaque(Node left, Node right) => (left, right) switch
    {
        (CelBytes a, CelBytes b) => a.Value.AsSpan().SequenceEqual(b.Value),
        (CelTimestamp a, CelTimestamp b) => a.CompareTo(b) == 0,
        (CelDuration a, CelDuration b) => a.Nanoseconds == b.Nanoseconds,
        (CelTypeValue a, CelTypeValue b) => a.RuntimeName == b.RuntimeName,
        (CelOptional a, CelOptional b) => a.Value is null ? b.Value is null : b.Value is not null && Equal(a.Value, b.Value),
        (CelLibraryValue a, CelLibraryValue b) => a.IsSame(b),
        _ => false,
    };

    private static int Hash(Node value)
    {
        if (CelOrder.IsNumber(value))
        {
            return CelOrder.ToDouble(value).GetHashCode();
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (CelLists.Items(value) is { } items)
        {
            // A sum, since the order of sets does not count.
            return items.Aggregate(items.Count, (sum, item) => unchecked(sum + Hash(item)));
        }

        return value switch
        {
            StringNode text => text.Value.GetHashCode(StringComparison.Ordinal),
            BoolNode flag => flag.Value ? 1 : 2,
            CelBytes bytes => bytes.Value.Length,
            CelTimestamp time => time.Seconds.GetHashCode(),
            CelDuration duration => duration.Nanoseconds.GetHashCode(),
            _ => CelMaps.IsMap(value) ? CelMaps.Count(value) : 0,
        };
    }
}

/// <summary>A value that a library adds, with an equality of its own.</summary>
internal abstract class CelLibraryValue : CelValue
{
    public abstract bool IsSame(CelLibraryValue other);
}
