using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>The builtins eq and lt: only basic kinds that match compare; signed and unsigned integers do match, integers and floats do not.</summary>
internal static class Comparison
{
    private enum Basic
    {
        None,
        Bool,
        Complex,
        Int,
        Float,
        String,
        Uint,
    }

    public static bool Equal(Node left, ReadOnlySpan<Node> others)
    {
        if (others.IsEmpty)
        {
            throw new GoError("missing argument for comparison");
        }

        foreach (Node right in others)
        {
            if (EqualTo(left, right))
            {
                return true;
            }
        }

        return false;
    }

    public static bool Less(Node left, Node right)
    {
        Basic kind = KindOf(left);
        Basic other = KindOf(right);
        if (kind == Basic.None || other == Basic.None)
        {
            throw new GoError("invalid type for comparison");
        }

        return (kind, other) switch
        {
            (Basic.Int, Basic.Int) => Integer(left) < Integer(right),
            (Basic.Uint, Basic.Uint) => (ulong)Integer(left) < (ulong)Integer(right),
            (Basic.Int, Basic.Uint) => Integer(left) < 0 || (ulong)Integer(left) < (ulong)Integer(right),
            (Basic.Uint, Basic.Int) => Integer(right) >= 0 && (ulong)Integer(left) < (ulong)Integer(right),
            (Basic.Float, Basic.Float) => ((FloatNode)left).Value < ((FloatNode)right).Value,
            (Basic.String, Basic.String) => KeyOrder.Compare(((StringNode)left).Value, ((StringNode)right).Value) < 0,
            _ when kind == other => throw new GoError("invalid type for comparison"),
            _ => throw Incompatible(left, right),
        };
    }

    public static bool LessOrEqual(Node left, Node right) => Less(left, right) || EqualTo(left, right);

    private static bool EqualTo(Node left, Node right)
    {
        Basic kind = KindOf(left);
        Basic other = KindOf(right);
        if (kind != other)
        {
            return (kind, other) switch
            {
                (Basic.Int, Basic.Uint) => Integer(left) >= 0 && Integer(left) == Integer(right),
                (Basic.Uint, Basic.Int) => Integer(right) >= 0 && Integer(left) == Integer(right),
                _ when left is NullNode || right is NullNode => false,
                _ => throw Incompatible(left, right),
            };
        }

        return kind switch
        {
            Basic.Int or Basic.Uint => Integer(left) == Integer(right),
            Basic.Float => ((FloatNode)left).Value == ((FloatNode)right).Value,
            Basic.String => ((StringNode)left).Value == ((StringNode)right).Value,
            Basic.Bool => ((BoolNode)left).Value == ((BoolNode)right).Value,
            Basic.Complex => left.DeepEquals(right),
            _ => EqualOther(left, right),
        };
    }

    private static bool EqualOther(Node left, Node right)
    {
        if (IsNil(left) || IsNil(right))
        {
            // A nil of another type cannot be compared with nil slices and maps either, unlike the literal.
            return left is NullNode || right is NullNode || GoTree.KindOf(left) == GoTree.KindOf(right)
                ? IsNil(left) && IsNil(right)
                : throw NotComparable(left, right);
        }

        if (GoTree.KindOf(left) != GoTree.KindOf(right))
        {
            throw NotComparable(left, right);
        }

        if (GoTree.KindOf(right) is GoKind.Map or GoKind.Slice or GoKind.Func)
        {
            throw new GoError(GoPrinter.Format("non-comparable type %s: %v", right, GoType.Of(right).Name));
        }

        return left.DeepEquals(right);
    }

    private static bool IsNil(Node node) => node is NullNode or GoValue { IsNil: true };

    private static GoError NotComparable(Node left, Node right) =>
        new(GoPrinter.Format("non-comparable types %s: %v, %s: %v", left, GoType.Of(left).Name, GoType.Of(right).Name, right));

    private static GoError Incompatible(Node left, Node right) =>
        new($"incompatible types for comparison: {GoType.Of(left)} and {GoType.Of(right)}");

    private static Basic KindOf(Node node) => GoTree.KindOf(node) switch
    {
        GoKind.Bool => Basic.Bool,
        GoKind.String => Basic.String,
        GoKind.Float64 or GoKind.Float32 => Basic.Float,
        GoKind.Complex128 or GoKind.Complex64 => Basic.Complex,
        >= GoKind.Int and <= GoKind.Int64 => Basic.Int,
        >= GoKind.Uint and <= GoKind.Uintptr => Basic.Uint,
        _ => Basic.None,
    };

    private static long Integer(Node node) => node switch
    {
        IntegerNode integer => integer.Value,
        GoInteger integer => integer.Value,
        GoDuration duration => duration.Nanoseconds,
        GoNamedInteger named => named.Value,
        _ => 0,
    };
}
