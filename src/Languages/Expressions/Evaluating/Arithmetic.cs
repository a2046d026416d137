using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>Whole numbers stay whole and wrap around, except in a division and a power; times and durations as Go's time package has them.</summary>
internal static class Arithmetic
{
    public static Node Negate(Node value) => value switch
    {
        FloatNode number => new FloatNode(-number.Value),
        GoDuration duration => new GoDuration(unchecked(-duration.Nanoseconds)),
        _ => GoInteger.Int(unchecked(-(Values.Integer(value) ?? throw new Failure($"invalid operation: - {Values.TypeOf(value)}")))),
    };

    public static Node Add(Node left, Node right, ExpressionRun run)
    {
        switch (left, right)
        {
            case (StringNode a, StringNode b):
                run.BuildText(a.Value.Length + b.Value.Length);
                return StringNode.Of(a.Value + b.Value);
            case (GoTime time, GoDuration span):
                return time.Add(span.Nanoseconds);
            case (GoDuration span, GoTime time):
                return time.Add(span.Nanoseconds);
            case (GoDuration a, GoDuration b):
                return new GoDuration(unchecked(a.Nanoseconds + b.Nanoseconds));
            default:
                return Numeric("+", left, right, static (a, b) => unchecked(a + b), static (a, b) => a + b);
        }
    }

    public static Node Subtract(Node left, Node right) => (left, right) switch
    {
        (GoTime a, GoTime b) => new GoDuration(a.Since(b)),
        (GoTime time, GoDuration span) => time.Add(unchecked(-span.Nanoseconds)),
        (GoDuration a, GoDuration b) => new GoDuration(unchecked(a.Nanoseconds - b.Nanoseconds)),
        _ => Numeric("-", left, right, static (a, b) => unchecked(a - b), static (a, b) => a - b),
    };

    public static Node Multiply(Node left, Node right) => (left, right) switch
    {
        (GoDuration span, _) when Values.Number(right) is { } factor => Scaled(span, right, factor),
        (_, GoDuration span) when Values.Number(left) is { } factor => Scaled(span, left, factor),
        _ => Numeric("*", left, right, static (a, b) => unchecked(a * b), static (a, b) => a * b),
    };

    public static Node Divide(Node left, Node right) =>
        Values.Number(left) is { } a && Values.Number(right) is { } b ? new FloatNode(a / b) : throw Mismatch("/", left, right);

    public static Node Modulo(Node left, Node right)
    {
        if (Values.Integer(left) is not { } a || Values.Integer(right) is not { } b)
        {
            throw Mismatch("%", left, right);
        }

        return b switch
        {
            0 => throw new Failure("runtime error: integer divide by zero"),
            -1 => GoInteger.Int(0),
            _ => GoInteger.Int(a % b),
        };
    }

    public static Node Power(Node left, Node right) => new FloatNode(Math.Pow(Values.ToFloat(left), Values.ToFloat(right)));

    public static Node Range(Node left, Node right, ExpressionRun run)
    {
        long first = Values.ToInteger(left);
        long last = Values.ToInteger(right);
        if (last < first)
        {
            return new GoSlice(GoType.Ints, []);
        }

        Int128 size = (Int128)last - first + 1;
        run.Build(size > ExpressionRun.MaxItems ? ExpressionRun.MaxItems : (long)size);
        Node[] items = new Node[(int)size];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = GoInteger.Int(first + i);
        }

        return new GoSlice(GoType.Ints, items);
    }

    /// <summary>Below zero, zero or above it as the left side is less than, the same as or more than the right.</summary>
    public static int Compare(string name, Node left, Node right) => (left, right) switch
    {
        (StringNode a, StringNode b) => KeyOrder.Compare(a.Value, b.Value),
        (GoTime a, GoTime b) => Math.Sign(a.Since(b)),
        (GoDuration a, GoDuration b) => a.Nanoseconds.CompareTo(b.Nanoseconds),
        _ when Values.Integer(left) is { } a && Values.Integer(right) is { } b => a.CompareTo(b),
        _ when Values.Number(left) is { } a && Values.Number(right) is { } b => a.CompareTo(b),
        _ => throw Mismatch(name, left, right),
    };

    private static GoDuration Scaled(GoDuration span, Node factor, double value) =>
        new(Values.Integer(factor) is { } whole ? unchecked(span.Nanoseconds * whole) : Values.ToInteger(new FloatNode(span.Nanoseconds * value)));

    private static Node Numeric(string name, Node left, Node right, Func<long, long, long> whole, Func<double, double, double> real) =>
        Values.Integer(left) is { } a && Values.Integer(right) is { } b ? GoInteger.Int(whole(a, b))
        : Values.Number(left) is { } x && Values.Number(right) is { } y ? new FloatNode(real(x, y))
        : throw Mismatch(name, left, right);

    private static Failure Mismatch(string name, Node left, Node right) => new($"invalid operation: {Values.TypeOf(left)} {name} {Values.TypeOf(right)}");
}
