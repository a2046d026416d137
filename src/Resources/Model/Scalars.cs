using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Bowline.Resources.Model;

public sealed class NullNode : Node
{
    public static readonly NullNode Instance = new();

    private NullNode()
    {
    }

    public override NodeKind Kind => NodeKind.Null;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is NullNode;

    public override string ToString() => "null";
}

public sealed class BoolNode : Node
{
    public static readonly BoolNode True = new(true);
    public static readonly BoolNode False = new(false);

    private BoolNode(bool value) => Value = value;

    public bool Value { get; }

    public override NodeKind Kind => NodeKind.Bool;

    public static BoolNode Of(bool value) => value ? True : False;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is BoolNode node && node.Value == Value;

    public override string ToString() => Value ? "true" : "false";
}

/// <summary>A signed 64-bit integer; larger whole numbers are floats, as in Go's JSON decoding.</summary>
public sealed class IntegerNode : Node
{
    private static readonly IntegerNode[] Small = [.. Enumerable.Range(-1, 258).Select(value => new IntegerNode(value))];

    public IntegerNode(long value) => Value = value;

    public long Value { get; }

    public override NodeKind Kind => NodeKind.Integer;

    public static IntegerNode Of(long value) => value is >= -1 and < 257 ? Small[value + 1] : new IntegerNode(value);

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other switch
    {
        IntegerNode integer => integer.Value == Value,
        FloatNode number => number.DeepEquals(this),
        _ => false,
    };

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

public sealed class FloatNode : Node
{
    public FloatNode(double value) => Value = value;

    public double Value { get; }

    /// <summary>The exact value of a whole number from 2^63 on, where the reader's original keeps it and YAML is to show it; null for every other float.</summary>
    public ulong? Unsigned { get; init; }

    public override NodeKind Kind => NodeKind.Float;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other switch
    {
        FloatNode number => number.Value.Equals(Value),
        // Compared as integers where the double is exact, so that 2^53+1 is not taken for 2^53.
        IntegerNode integer => Value == Math.Truncate(Value) && Math.Abs(Value) < 9.2e18 && (long)Value == integer.Value,
        _ => false,
    };

    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
}

public sealed class StringNode : Node
{
    public static readonly StringNode Empty = new(string.Empty) { Quoted = true };

    public StringNode(string value) => Value = value;

    public string Value { get; }

    /// <summary>Whether it stood in quotes or as a block where it was read: what takes its place there is text, too. Not compared.</summary>
    public bool Quoted { get; init; }

    public override NodeKind Kind => NodeKind.String;

    public static StringNode Of(string value) => value.Length == 0 ? Empty : new StringNode(value);

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is StringNode node && string.Equals(node.Value, Value, StringComparison.Ordinal);

    public override string ToString() => Value;
}

/// <summary>
/// A value that only an expression language knows, living inside the tree while that language runs:
/// Go structs such as <c>.Files</c>, functions, typed slices, times.
/// </summary>
public abstract class OpaqueNode : Node
{
    public override NodeKind Kind => NodeKind.Opaque;

    /// <summary>What Go's JSON marshalling makes of the value: a tree without opaque nodes at its root.</summary>
    public abstract Node ToPlain();
}
