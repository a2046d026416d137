using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>A Kubernetes quantity in billionths, with the family of suffixes it was written in.</summary>
internal readonly record struct Quantity(BigInteger Nano, Quantity.Family Format) : IComparable<Quantity>
{
    private static readonly BigInteger Unit = 1_000_000_000;
    private static readonly string[] Binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] Decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    internal enum Family
    {
        DecimalSi,
        BinarySi,
        DecimalExponent,
    }

    public static Quantity Zero => new(BigInteger.Zero, Family.DecimalSi);

    public static Quantity Of(long value) => new(value * Unit, Family.DecimalSi);

    /// <summary>The value as whole units, rounded up.</summary>
    public BigInteger Units => Ceiling(Nano, Unit);

    public static Quantity operator +(Quantity left, Quantity right) => new(left.Nano + right.Nano, left.Nano.IsZero ? right.Format : left.Format);

    public static Quantity operator -(Quantity left, Quantity right) => new(left.Nano - right.Nano, left.Nano.IsZero ? right.Format : left.Format);

    public int CompareTo(Quantity other) => Nano.CompareTo(other.Nano);

    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = Zero;
        if (string.IsNullOrEmpty(text) || text.Length > 64)
        {
            return false;
        }

        int at = text[0] is '+' or '-' ? 1 : 0;
        int digitsFrom = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
        {
            at++;
        }

        string number = text[digitsFrom..at];
        if (number.Count(c => c == '.') > 1 || !number.Any(char.IsAsciiDigit) || !TryScale(text[at..], out BigInteger multiplier, out BigInteger divisor, out Family format))
        {
            return false;
        }

        int dot = number.IndexOf('.', StringComparison.Ordinal);
        int decimals = dot < 0 ? 0 : number.Length - dot - 1;
        BigInteger digits = BigInteger.Parse("0" + number.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
        BigInteger nano = Ceiling(digits * Unit * multiplier, divisor * BigInteger.Pow(10, decimals));
        quantity = new Quantity(text[0] == '-' ? -nano : nano, format);
        return true;
    }

    public static bool TryCanonical(string? text, [NotNullWhen(true)] out string? canonical)
    {
        bool parsed = TryParse(text, out Quantity quantity);
        canonical = parsed ? quantity.ToString() : null;
        return parsed;
    }

    public override string ToString()
    {
        if (Nano.IsZero)
        {
            return "0";
        }

        StringBuilder text = new();
        if (Nano.Sign < 0)
        {
            text.Append('-');
        }

        BigInteger value = BigInteger.Abs(Nano);
        bool binary = Format == Family.BinarySi && value >= 1024 * Unit;
        return (binary ? AppendBinary(text, Ceiling(value, Unit)) : AppendDecimal(text, value)).ToString();
    }

    private static StringBuilder AppendBinary(StringBuilder text, BigInteger value)
    {
        int power = 0;
        while (power < Binary.Length - 1 && (value % 1024).IsZero)
        {
            value /= 1024;
            power++;
        }

        return text.Append(value).Append(Binary[power]);
    }

    private StringBuilder AppendDecimal(StringBuilder text, BigInteger value)
    {
        int power = 0;
        while (power < Decimal.Length - 1 && (value % 1000).IsZero)
        {
            value /= 1000;
            power++;
        }

        text.Append(value);
        if (Format != Family.DecimalExponent)
        {
            return text.Append(Decimal[power]);
        }

        return power == 3 ? text : text.Append('e').Append((power - 3) * 3);
    }

    private static bool TryScale(string suffix, out BigInteger multiplier, out BigInteger divisor, out Family format)
    {
        (multiplier, divisor, format) = (BigInteger.One, BigInteger.One, Family.DecimalSi);
        int binary = Array.IndexOf(Binary, suffix);
        if (binary > 0)
        {
            multiplier = BigInteger.Pow(1024, binary);
            format = Family.BinarySi;
            return true;
        }

        int si = Array.IndexOf(Decimal, suffix);
        if (si >= 0)
        {
            multiplier = si >= 3 ? BigInteger.Pow(1000, si - 3) : BigInteger.One;
            divisor = si < 3 ? BigInteger.Pow(1000, 3 - si) : BigInteger.One;
            return true;
        }

        if (suffix.Length < 2 || suffix[0] is not ('e' or 'E') || !int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent) || Math.Abs(exponent) > 40)
        {
            return false;
        }

        format = Family.DecimalExponent;
        (multiplier, divisor) = exponent >= 0 ? (BigInteger.Pow(10, exponent), BigInteger.One) : (BigInteger.One, BigInteger.Pow(10, -exponent));
        return true;
    }

    private static BigInteger Ceiling(BigInteger value, BigInteger by)
    {
        BigInteger quotient = BigInteger.DivRem(value, by, out BigInteger rest);
        return rest.Sign > 0 ? quotient + 1 : quotient;
    }
}
