using System.Globalization;
using System.Numerics;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>
/// How apimachinery holds a parsed quantity, which shows in the text that is hashed: a whole number times a power of ten, or
/// a big decimal beyond that, and the written form only where its parser could tell cheaply that it is the canonical one.
/// </summary>
internal readonly record struct GoQuantity(long Value, int Scale, string Format)
{
    private const int MaxDigits = 18;
    private const int MaxBinaryDigits = 15;

    /// <summary>The written form that Go kept; empty when it would make it anew.</summary>
    public string Cached { get; private init; } = string.Empty;

    /// <summary>The big decimal as go-spew prints it; null when 64 bits suffice.</summary>
    public string? Big { get; private init; }

    public static GoQuantity Parse(string written)
    {
        if (written.Length == 0)
        {
            return new GoQuantity(0, 0, string.Empty);
        }

        if (written == "0")
        {
            return new GoQuantity(0, 0, "DecimalSI") { Cached = written };
        }

        if (!WrittenQuantity.TrySplit(written, out WrittenQuantity parts))
        {
            return new GoQuantity(0, 0, string.Empty);
        }

        string number = parts.Whole.IsEmpty ? "0" : parts.Whole.ToString();
        string fraction = parts.Fraction.ToString();
        return parts.Notation switch
        {
            QuantityNotation.Binary => ParseBinary(written, parts.IsNegative, number, fraction, parts.Exponent),
            QuantityNotation.Exponent => ParseDecimal(written, parts.IsNegative, number + fraction, parts.Exponent - fraction.Length, "DecimalExponent"),
            _ => ParseDecimal(written, parts.IsNegative, number + fraction, parts.Exponent - fraction.Length, "DecimalSI"),
        };
    }

    private static GoQuantity ParseBinary(string written, bool negative, string number, string fraction, int exponent)
    {
        int precision = fraction.Length > 0 ? -1 : MaxBinaryDigits - number.Length - (int)(exponent * 3f / 10) - 1;
        BigInteger digits = BigInteger.Parse(number + fraction, CultureInfo.InvariantCulture);
        BigInteger value = digits << exponent;
        if (precision < 0 || value > long.MaxValue)
        {
            return OfBig(negative ? -value : value, fraction.Length, "BinarySI");
        }

        return new GoQuantity((long)(negative ? -value : value), 0, "BinarySI")
        {
            Cached = ((long)digits & 7) != 0 ? written : string.Empty,
        };
    }

    private static GoQuantity ParseDecimal(string written, bool negative, string digits, int scale, string format)
    {
        if (digits.Length > MaxDigits || scale < -9)
        {
            BigInteger big = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
            return OfBig(negative ? -big : big, -scale, format);
        }

        long value = long.Parse(digits, CultureInfo.InvariantCulture);
        return new GoQuantity(negative ? -value : value, scale, format)
        {
            Cached = scale % 3 == 0 && !digits.EndsWith("000", StringComparison.Ordinal) && digits[0] != '0' ? written : string.Empty,
        };
    }

    private static GoQuantity OfBig(BigInteger unscaled, int scale, string format)
    {
        while (scale > 9)
        {
            BigInteger rest = BigInteger.Remainder(unscaled, 10);
            unscaled = (unscaled / 10) + (rest.IsZero ? 0 : rest.Sign);
            scale--;
        }

        List<string> words = [];
        for (BigInteger left = BigInteger.Abs(unscaled); left > 0; left >>= 64)
        {
            words.Add(((ulong)(left & ulong.MaxValue)).ToString(CultureInfo.InvariantCulture));
        }

        string abs = words.Count == 0 ? "<nil>" : $"[{string.Join(' ', words)}]";
        string sign = unscaled.Sign < 0 ? "true" : "false";
        return new GoQuantity(0, 0, format)
        {
            Big = $"{{unscaled:(big.Int){{neg:(bool){sign} abs:(big.nat){abs}}} scale:(inf.Scale){scale.ToString(CultureInfo.InvariantCulture)}}}",
        };
    }
}
