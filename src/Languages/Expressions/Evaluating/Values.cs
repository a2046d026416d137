using System.Text;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>Looks at values as expr's vm/runtime does.</summary>
internal static class Values
{
    /// <summary>What <c>%T</c> prints.</summary>
    public static string TypeOf(Node value) => value is NullNode ? "<nil>" : GoType.Of(value).Name;

    public static bool IsNil(Node value) => value is NullNode or GoValue { IsNil: true };

    public static long? Integer(Node value) => value switch
    {
        IntegerNode integer => integer.Value,
        GoInteger integer => integer.Value,
        _ => null,
    };

    public static double? Number(Node value) => value is FloatNode number ? number.Value : Integer(value);

    /// <summary>A whole number; the fraction of a float is cut off.</summary>
    public static long ToInteger(Node value) =>
        Integer(value) ?? (value is FloatNode number ? Truncated(number.Value) : throw new Failure($"invalid operation: int({TypeOf(value)})"));

    public static double ToFloat(Node value) => Number(value) ?? throw new Failure($"invalid operation: float({TypeOf(value)})");

    public static string Text(Node value) =>
        value is StringNode text ? text.Value : throw new Failure($"interface conversion: interface {{}} is {(value is NullNode ? "nil" : TypeOf(value))}, not string");

    /// <summary>The items of a list; expr's predicates and list functions take nothing else.</summary>
    public static IReadOnlyList<Node> Items(Node value) =>
        GoTree.Items(value) ?? throw new Failure(value is NullNode
            ? "reflect: call of reflect.Value.Len on zero Value"
            : $"reflect: call of reflect.Value.Index on {GoTree.KindOf(value).ToString().ToLowerInvariant()} Value");

    /// <summary>The bytes that Go counts and cuts texts by.</summary>
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static long Length(Node value) => value switch
    {
        StringNode text => Encoding.UTF8.GetByteCount(text.Value),
        _ when GoTree.Map(value) is { } map => map.Count,
        _ when GoTree.Items(value) is { } items => items.Count,
        _ => throw new Failure($"invalid argument for len (type {TypeOf(value)})"),
    };

    /// <summary>A member of a map, a method or field of a Go value, an item of a list (from the end where negative), a byte of a text.</summary>
    public static Node Fetch(Node from, Node key)
    {
        if (from is GoValue value && key is StringNode name && (value.Method(name.Value) is { } method))
        {
            return new GoFunctionValue(method);
        }

        if (GoTree.Map(from) is { } map)
        {
            string text = key is StringNode member ? member.Value : key is NullNode ? string.Empty
                : throw new Failure($"reflect.Value.MapIndex: value of type {TypeOf(key)} is not assignable to type string");
            return map[text] ?? (from is GoMap { Type.Elem.Kind: GoKind.String } ? StringNode.Empty : Node.Null);
        }

        if (from is StringNode || GoTree.Items(from) is not null)
        {
            long length = Length(from);
            long index = ToInteger(key);
            index = index < 0 ? length + index : index;
            return index < 0 || index >= length ? throw new Failure($"index out of range: {index} (array length is {length})")
                : from is StringNode letters ? new GoInteger(GoType.Uint8, Bytes(letters.Value)[index])
                : GoTree.Items(from)![(int)index];
        }

        return from is GoValue holder && key is StringNode field && holder.TryField(field.Value, out Node? found)
            ? found
            : throw new Failure($"cannot fetch {GoTemplates.Printing.GoPrinter.Sprint(key)} from {TypeOf(from)}");
    }

    public static bool Contains(Node container, Node needle)
    {
        if (container is NullNode)
        {
            return false;
        }

        if (GoTree.Map(container) is { } map)
        {
            return needle switch
            {
                StringNode name => map.ContainsKey(name.Value),
                NullNode => map.ContainsKey(string.Empty),
                _ => throw new Failure($"reflect.Value.MapIndex: value of type {TypeOf(needle)} is not assignable to type string"),
            };
        }

        IReadOnlyList<Node> items = GoTree.Items(container) ?? throw new Failure($"operator \"in\" not defined on {TypeOf(container)}");
        return items.Any(item => Equal(item, needle));
    }

    /// <summary>Numbers by value, whatever their types; nil and a nil of a type are one.</summary>
    public static bool Equal(Node left, Node right)
    {
        if (Integer(left) is { } first && Integer(right) is { } second)
        {
            return first == second;
        }

        if (Number(left) is { } a && Number(right) is { } b)
        {
            return a == b;
        }

        if (left is GoTime one && right is GoTime other)
        {
            return one.Since(other) == 0;
        }

        if (IsNil(left) && IsNil(right))
        {
            return true;
        }

        if (GoTree.Items(left) is { } items && GoTree.Items(right) is { } others && items.Count == others.Count && !items.Any(item => item is ListNode))
        {
            return items.Zip(others).All(pair => Equal(pair.First, pair.Second));
        }

        return GoEquality.DeepEqual(left, right);
    }

    private static long Truncated(double value) => double.IsFinite(value) && Math.Abs(value) < 9.2e18 ? (long)value : long.MinValue;
}
