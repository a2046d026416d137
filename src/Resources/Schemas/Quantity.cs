using System.Globalization;
using System.Numerics;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>
/// A Kubernetes quantity (<c>500m</c>, <c>1Gi</c>, <c>1e3</c>, 2) as an exact number of billionths, with the rules of apimachinery's
/// <c>resource.Quantity</c>. Comparing looks at the amount only; equality is of amount and notation.
/// </summary>
public readonly record struct Quantity : IComparable<Quantity>
{
    private const int NanoExponent = 9;
    private const int MaxBits = 95;

    // Two amounts up to it add up to one that a decimal holds.
    private const decimal MostAddable = decimal.MaxValue / 3;
    private static readonly BigInteger One = BigInteger.Pow(10, NanoExponent);
    private static readonly BigInteger MostSmall = new(decimal.MaxValue);
    private static readonly Quantity MaxBinary = new(long.MaxValue * One, QuantityNotation.Binary);
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    // Whole, and its 96 bits are enough for sums of real amounts, which cost no allocation there. An Int128 would have more, but code that touches
    // one is not compiled ahead of time.
    private readonly decimal small;
    // Zero unless that is too few, so that equal amounts have equal fields.
    private readonly BigInteger large;

    private Quantity(decimal nano, QuantityNotation notation)
    {
        small = nano;
        Notation = notation;
    }

    private Quantity(BigInteger nano, QuantityNotation notation)
    {
        bool fits = BigInteger.Abs(nano) <= MostSmall;
        small = fits ? (decimal)nano : 0;
        large = fits ? BigInteger.Zero : nano;
        Notation = notation;
    }

    public static Quantity Zero => default;

    public QuantityNotation Notation { get; private init; }

    /// <summary>The amount in billionths, the finest that Kubernetes keeps.</summary>
    public BigInteger Nano => large.IsZero ? new BigInteger(small) : large;

    /// <summary>The amount in thousandths, rounded up.</summary>
    public BigInteger Millis => Ceiling(Nano, BigInteger.Pow(10, NanoExponent - 3));

    /// <summary>The amount in whole units, rounded up.</summary>
    public BigInteger Units => Ceiling(Nano, One);

    public int Sign => large.IsZero ? Math.Sign(small) : large.Sign;

    public bool IsZero => Sign == 0;

    private bool IsAddable => large.IsZero && Math.Abs(small) <= MostAddable;

    public static Quantity operator +(Quantity left, Quantity right)
    {
        QuantityNotation notation = left.IsZero ? right.Notation : left.Notation;
        return left.IsAddable && right.IsAddable ? new Quantity(left.small + right.small, notation) : new Quantity(left.Nano + right.Nano, notation);
    }

    public static Quantity operator -(Quantity left, Quantity right) => left + -right;

    public static Quantity operator -(Quantity value) => value.large.IsZero
        ? new Quantity(-value.small, value.Notation)
        : new Quantity(-value.Nano, value.Notation);

    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;

    public static Quantity Of(long units) => new((decimal)units * 1_000_000_000, QuantityNotation.Decimal);

    /// <summary>Zero for what is not a quantity, for readers of objects that an API server has accepted.</summary>
    public static Quantity Of(Node? node) => TryRead(node, out Quantity quantity) ? quantity : Zero;

    public static Quantity OfMillis(BigInteger millis, QuantityNotation notation) => new(millis * 1_000_000, notation);

    /// <summary>Whether both are quantities of the same amount, such as 0.5 and <c>500m</c>.</summary>
    public static bool AreEqual(Node left, Node right) =>
        TryRead(left, out Quantity a) && TryRead(right, out Quantity b) && a.CompareTo(b) == 0;

    /// <summary>Reads a text or a number.</summary>
    public static bool TryRead(Node? node, out Quantity quantity)
    {
        switch (node)
        {
            case StringNode text:
                return TryParse(text.Value, out quantity);
            case IntegerNode number:
                quantity = Of(number.Value);
                return true;
            case FloatNode number when TryParse(number.ToString(), out quantity):
                // The exponent of a float is the runtime's spelling, not the author's.
                quantity = quantity with { Notation = QuantityNotation.Decimal };
                return true;
            default:
                quantity = Zero;
                return false;
        }
    }

    /// <summary>What is finer than a billionth is rounded away from zero, and a binary amount stops at 2^63-1, as in Go.</summary>
    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = Zero;
        if (!WrittenQuantity.TrySplit(text, out WrittenQuantity written))
        {
            return false;
        }

        bool binary = written.Notation == QuantityNotation.Binary;
        int shift = binary ? written.Exponent : 0;
        int power = NanoExponent - written.Fraction.Length + (binary ? 0 : written.Exponent);
        int digits = written.Whole.Length + written.Fraction.Length;
        // Ten thirds of a bit are enough for a decimal digit.
        quantity = power >= 0 && digits <= 18 && ((digits + power) * 10 / 3) + 2 + shift <= MaxBits
            ? new Quantity(Small(written, shift, power), written.Notation)
            : new Quantity(Large(written, shift, power), written.Notation);
        if (binary)
        {
            quantity = Bounded(quantity);
        }

        quantity = written.IsNegative ? -quantity : quantity;
        return true;
    }

    public int CompareTo(Quantity other) => large.IsZero && other.large.IsZero ? small.CompareTo(other.small) : Nano.CompareTo(other.Nano);

    /// <summary>The nearest double, or one beside it.</summary>
    public double ToDouble() => (large.IsZero ? (double)small : (double)large) / 1e9;

    /// <summary>The canonical text: no fraction, and the largest suffix of the notation that loses nothing.</summary>
    public override string ToString() => large.IsZero ? Print(small, Notation) : Print(large, Notation);

    private static decimal Small(WrittenQuantity written, int shift, int power)
    {
        long digits = 0;
        foreach (char digit in written.Whole)
        {
            digits = (digits * 10) + (digit - '0');
        }

        foreach (char digit in written.Fraction)
        {
            digits = (digits * 10) + (digit - '0');
        }

        decimal value = (decimal)digits * (1UL << shift);
        for (int i = 0; i < power; i++)
        {
            value *= 10;
        }

        return value;
    }

    private static BigInteger Large(WrittenQuantity written, int shift, int power)
    {
        string digits = string.Concat("0", written.Whole, written.Fraction);
        BigInteger value = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) << shift;
        return power >= 0 ? value * BigInteger.Pow(10, power) : Ceiling(value, BigInteger.Pow(10, -power));
    }

    // A binary amount below one is printed in decimals: there are no binary fractions.
    private static Quantity Bounded(Quantity quantity) =>
        quantity > MaxBinary ? MaxBinary
        : quantity.Sign > 0 && quantity < Of(1) ? quantity with { Notation = QuantityNotation.Decimal }
        : quantity;

    private static string Print<T>(T nano, QuantityNotation notation)
        where T : INumber<T>
    {
        if (T.IsZero(nano))
        {
            return "0";
        }

        T one = T.CreateChecked(1_000_000_000);
        if (notation == QuantityNotation.Binary && T.IsZero(nano % one) && T.Abs(nano / one) >= T.CreateChecked(1024))
        {
            T units = nano / one;
            int power = Reduce(ref units, 1024, BinarySuffixes.Length - 1);
            return units.ToString(null, CultureInfo.InvariantCulture) + BinarySuffixes[power];
        }

        bool exponential = notation == QuantityNotation.Exponent;
        int thousands = Reduce(ref nano, 1000, exponential ? int.MaxValue : DecimalSuffixes.Length - 1);
        int exponent = (thousands * 3) - NanoExponent;
        string suffix = !exponential ? DecimalSuffixes[thousands]
            : exponent == 0 ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"e{exponent}");
        return nano.ToString(null, CultureInfo.InvariantCulture) + suffix;
    }

    private static int Reduce<T>(ref T value, int by, int most)
        where T : INumber<T>
    {
        T divisor = T.CreateChecked(by);
        int times = 0;
        while (times < most && T.IsZero(value % divisor))
        {
            value /= divisor;
            times++;
        }

        return times;
    }

    private static BigInteger Ceiling(BigInteger value, BigInteger by)
    {
        BigInteger quotient = BigInteger.DivRem(value, by, out BigInteger rest);
        return rest.Sign > 0 ? quotient + 1 : quotient;
    }
}
