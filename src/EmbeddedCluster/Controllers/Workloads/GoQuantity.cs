using System.Globalization;
using System.Numerics;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>
/// How apimachinery holds a parsed quantity, which shows in the text that is hashed: a whole number times a power of ten, or
/// a big decimal beyond that, and the written form only where its parser could tell cheaply that it is the canonical one.
/// </summary>
internal readonly record struct GoQuantity(long Value, int Scale, string Format)
{
    private const int MaxDigits = 18;
    private const int MaxBinaryDigits = 15;
    private static readonly string[] Binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    private static readonly (string Suffix, int Exponent)[] Metric =
        [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

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

        bool negative = written[0] == '-';
        ReadOnlySpan<char> rest = written.AsSpan(written[0] is '-' or '+' ? 1 : 0).TrimStart('0');
        int end = rest.IndexOfAnyExceptInRange('0', '9') is var at && at < 0 ? rest.Length : at;
        string number = end == 0 ? "0" : rest[..end].ToString();
        rest = rest[end..];
        string fraction = string.Empty;
        if (rest.StartsWith("."))
        {
            rest = rest[1..];
            end = rest.IndexOfAnyExceptInRange('0', '9') is var stop && stop < 0 ? rest.Length : stop;
            fraction = rest[..end].ToString();
            rest = rest[end..];
        }

        string suffix = rest.ToString();
        int binary = Array.IndexOf(Binary, suffix);
        return binary >= 0
            ? ParseBinary(written, negative, number, fraction, 10 * (binary + 1))
            : ParseDecimal(written, negative, number, fraction, suffix);
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

    private static GoQuantity ParseDecimal(string written, bool negative, string number, string fraction, string suffix)
    {
        string format = "DecimalSI";
        int exponent = Metric.FirstOrDefault(unit => unit.Suffix == suffix).Exponent;
        if (suffix.Length > 1 && suffix[0] is 'e' or 'E' && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int power))
        {
            format = "DecimalExponent";
            exponent = power;
        }

        string digits = number + fraction;
        int scale = exponent - fraction.Length;
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
