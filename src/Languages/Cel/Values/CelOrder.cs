using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>CEL's order of numbers (across their types), texts, bytes, booleans and times.</summary>
internal static class CelOrder
{
    /// <summary>What comparing with NaN gives: neither less nor greater nor equal.</summary>
    public const int Unordered = int.MinValue;

    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    public static bool IsNumber(Node value) => value is IntegerNode or FloatNode or CelUint;

    public static double ToDouble(Node value) => value switch
    {
        IntegerNode integer => integer.Value,
        FloatNode number => number.Value,
        CelUint unsigned => unsigned.Value,
        _ => double.NaN,
    };

    public static int CompareNumbers(Node left, Node right) => (left, right) switch
    {
        (IntegerNode a, IntegerNode b) => a.Value.CompareTo(b.Value),
        (CelUint a, CelUint b) => a.Value.CompareTo(b.Value),
        (IntegerNode a, CelUint b) => a.Value < 0 ? -1 : ((ulong)a.Value).CompareTo(b.Value),
        (CelUint a, IntegerNode b) => b.Value < 0 ? 1 : a.Value.CompareTo((ulong)b.Value),
        (FloatNode a, FloatNode b) => double.IsNaN(a.Value) || double.IsNaN(b.Value) ? Unordered : a.Value.CompareTo(b.Value),
        (IntegerNode a, FloatNode b) => CompareInteger(a.Value, b.Value),
        (FloatNode a, IntegerNode b) => Negate(CompareInteger(b.Value, a.Value)),
        (CelUint a, FloatNode b) => CompareUnsigned(a.Value, b.Value),
        (FloatNode a, CelUint b) => Negate(CompareUnsigned(b.Value, a.Value)),
        _ => Unordered,
    };

    /// <summary>Null when the two have no order.</summary>
    public static int? Compare(Node left, Node right) => (left, right) switch
    {
        (StringNode a, StringNode b) => KeyOrder.Compare(a.Value, b.Value),
        (BoolNode a, BoolNode b) => a.Value.CompareTo(b.Value),
        (CelBytes a, CelBytes b) => a.Value.AsSpan().SequenceCompareTo(b.Value),
        (CelTimestamp a, CelTimestamp b) => a.CompareTo(b),
        (CelDuration a, CelDuration b) => a.Nanoseconds.CompareTo(b.Nanoseconds),
        _ => IsNumber(left) && IsNumber(right) ? CompareNumbers(left, right) : null,
    };

    private static int CompareInteger(long integer, double number)
    {
        if (double.IsNaN(number))
        {
            return Unordered;
        }

        if (number >= TwoTo63)
        {
            return -1;
        }

        if (number < -TwoTo63)
        {
            return 1;
        }

        long whole = (long)number;
        return integer != whole ? integer.CompareTo(whole) : 0.0.CompareTo(number - whole);
    }

    private static int CompareUnsigned(ulong integer, double number)
    {
        if (double.IsNaN(number))
        {
            return Unordered;
        }

        if (number >= TwoTo64)
        {
            return -1;
        }

        if (number < 0)
        {
            return 1;
        }

        ulong whole = (ulong)number;
        return integer != whole ? integer.CompareTo(whole) : 0.0.CompareTo(number - whole);
    }

    private static int Negate(int order) => order == Unordered ? order : -order;
}
