using System.Globalization;
using System.Numerics;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>Kubernetes quantities (<c>500m</c>, <c>1Gi</c>, <c>1e3</c>, 2) as exact numbers.</summary>
internal static class Quantity
{
    private const int MaxLength = 64;
    private const string DecimalSuffixes = "numkMGTPE";
    private const string BinarySuffixes = "KMGTPE";
    // The smallest unit that the reference keeps is a nano; what is finer is rounded up.
    private static readonly BigInteger Nano = BigInteger.Pow(10, 9);

    public static bool AreEqual(Node left, Node right) =>
        TryParse(left.ToString()!, out BigInteger a) && TryParse(right.ToString()!, out BigInteger b) && a == b;

    /// <param name="nanos">The amount in billionths.</param>
    public static bool TryParse(string text, out BigInteger nanos)
    {
        nanos = default;
        int end = 0;
        while (end < text.Length && text[end] is (>= '0' and <= '9') or '.' or '+' or '-')
        {
            end++;
        }

        if (end == 0 || text.Length > MaxLength || !TryScale(text[end..], out BigInteger factor, out BigInteger divisor))
        {
            return false;
        }

        string number = text[..end];
        int point = number.IndexOf('.', StringComparison.Ordinal);
        string digits = point < 0 ? number : number.Remove(point, 1);
        if (!BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger value))
        {
            return false;
        }

        divisor *= point < 0 ? BigInteger.One : BigInteger.Pow(10, number.Length - point - 1);
        BigInteger scaled = BigInteger.DivRem(value * factor * Nano, divisor, out BigInteger rest);
        nanos = rest.IsZero ? scaled : scaled + rest.Sign;
        return true;
    }

    private static bool TryScale(string suffix, out BigInteger factor, out BigInteger divisor)
    {
        factor = BigInteger.One;
        divisor = BigInteger.One;
        int place;
        switch (suffix)
        {
            case "":
                return true;
            case [var letter, 'i'] when (place = BinarySuffixes.IndexOf(letter, StringComparison.Ordinal)) >= 0:
                factor = BigInteger.Pow(1024, place + 1);
                return true;
            case [var letter] when (place = DecimalSuffixes.IndexOf(letter, StringComparison.Ordinal)) >= 0:
                factor = place < 3 ? BigInteger.One : BigInteger.Pow(1000, place - 2);
                divisor = place < 3 ? BigInteger.Pow(1000, 3 - place) : BigInteger.One;
                return true;
            case ['e' or 'E', .. var exponent] when int.TryParse(exponent, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int power) && Math.Abs(power) <= 30:
                factor = power > 0 ? BigInteger.Pow(10, power) : BigInteger.One;
                divisor = power < 0 ? BigInteger.Pow(10, -power) : BigInteger.One;
                return true;
            default:
                return false;
        }
    }
}
