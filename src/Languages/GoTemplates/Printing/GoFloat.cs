using System.Globalization;

namespace Bowline.Languages.GoTemplates.Printing;

/// <summary>strconv.FormatFloat for float64.</summary>
public static class GoFloat
{
    /// <param name="precision">Digits as the format counts them; -1 for the fewest that read back as the same value.</param>
    public static string Format(double value, char format, int precision)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "+Inf" : "-Inf";
        }

        return format switch
        {
            'b' => Binary(value),
            'x' or 'X' => Hexadecimal(value, precision, format == 'X'),
            'e' or 'E' => Exponential(value, format, precision),
            'f' => precision < 0 ? Shortest(value) : value.ToString("F" + precision, CultureInfo.InvariantCulture) is var text && IsNegativeZero(value, text) ? "-" + text : value.ToString("F" + precision, CultureInfo.InvariantCulture),
            _ => General(value, format == 'G' ? 'E' : 'e', precision),
        };
    }

    /// <summary>The flag <c>#</c>: always a decimal point, and for %g no zeros cut off.</summary>
    internal static string WithPoint(string number, char verb, int precision)
    {
        int exponentAt = verb is 'x' or 'X' ? number.IndexOfAny(['p', 'P']) : number.IndexOfAny(['e', 'E']);
        string mantissa = exponentAt < 0 ? number : number[..exponentAt];
        string exponent = exponentAt < 0 ? string.Empty : number[exponentAt..];
        bool hasPoint = mantissa.Contains('.', StringComparison.Ordinal);
        if (verb is 'g' or 'G' or 'x')
        {
            // Go counts the x of a hexadecimal number among its digits, but not the zero before it; of X it pads nothing.
            int digits = verb == 'x' ? mantissa.Count(char.IsAsciiLetterOrDigit) - 1
                : mantissa.Count(char.IsAsciiDigit) - (mantissa.StartsWith("0.", StringComparison.Ordinal) ? 1 : 0);
            int wanted = precision < 0 ? 6 : precision;
            mantissa += (hasPoint ? string.Empty : ".") + new string('0', Math.Max(0, wanted - digits));
            return mantissa + exponent;
        }

        return mantissa + (hasPoint ? string.Empty : ".") + exponent;
    }

    private static string General(double value, char letter, int precision)
    {
        (string digits, int exponent) = Digits(value, precision < 0 ? -1 : Math.Max(precision, 1));
        int threshold = precision < 0 ? 6 : precision == 0 ? 1 : precision;
        digits = digits.TrimEnd('0');
        if (digits.Length == 0)
        {
            return Sign(value) + "0";
        }

        if (precision >= 0 && threshold > digits.Length && digits.Length >= exponent + 1)
        {
            threshold = digits.Length;
        }

        if (precision < 0 && digits.Length > threshold && exponent < 21 && digits.Length >= exponent + 1 && exponent >= threshold)
        {
            // Shortest formatting decides with 6 digits whatever the number needs.
            threshold = 6;
        }

        if (exponent < -4 || exponent >= threshold)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : string.Empty;
            return Sign(value) + digits[0] + fraction + ExponentText(letter, exponent);
        }

        if (exponent < 0)
        {
            return Sign(value) + "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? Sign(value) + digits.PadRight(exponent + 1, '0')
            : Sign(value) + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string Exponential(double value, char letter, int precision)
    {
        (string digits, int exponent) = Digits(value, precision < 0 ? -1 : precision + 1);
        if (precision < 0)
        {
            digits = digits.TrimEnd('0');
            digits = digits.Length == 0 ? "0" : digits;
        }

        string fraction = digits.Length > 1 ? "." + digits[1..] : string.Empty;
        return Sign(value) + digits[0] + fraction + ExponentText(letter, exponent);
    }

    private static string Shortest(double value)
    {
        (string digits, int exponent) = Digits(value, -1);
        digits = digits.TrimEnd('0');
        if (digits.Length == 0)
        {
            return Sign(value) + "0";
        }

        return exponent < 0 ? Sign(value) + "0." + new string('0', -exponent - 1) + digits
            : digits.Length <= exponent + 1 ? Sign(value) + digits.PadRight(exponent + 1, '0')
            : Sign(value) + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>Decimal digits without a point and the exponent of the first one.</summary>
    private static (string Digits, int Exponent) Digits(double value, int count)
    {
        string text = Math.Abs(value).ToString(count < 0 ? "E16" : "E" + (count - 1), CultureInfo.InvariantCulture);
        if (count < 0)
        {
            string shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
            return FromPlain(shortest);
        }

        int e = text.IndexOf('E', StringComparison.Ordinal);
        return (text[..e].Replace(".", string.Empty, StringComparison.Ordinal), int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    private static (string Digits, int Exponent) FromPlain(string text)
    {
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? mantissa.Length : point;
        string digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal);
        int leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits[leading..];
        return digits.Length == 0 ? ("0", 0) : (digits, exponent + whole - 1 - leading);
    }

    private static string Binary(double value)
    {
        (long mantissa, int exponent) = Parts(value);
        return $"{Sign(value)}{mantissa}p{(exponent >= 0 ? "+" : string.Empty)}{exponent}";
    }

    private static string Hexadecimal(double value, int precision, bool upper)
    {
        (long bits, int exponent) = Parts(value);
        if (bits == 0)
        {
            exponent = 0;
        }
        else
        {
            // Normalised to 1.xxx: 53 bits, the leading one in front of the point.
            while (bits < 1L << 52)
            {
                bits <<= 1;
                exponent--;
            }

            exponent += 52;
        }

        if (precision is >= 0 and < 13)
        {
            int drop = 52 - (precision * 4);
            long half = 1L << (drop - 1);
            long rest = bits & ((1L << drop) - 1);
            bits >>= drop;
            bits += rest > half || (rest == half && (bits & 1) == 1) ? 1 : 0;
            bits <<= drop;
            if (bits >> 53 != 0)
            {
                bits >>= 1;
                exponent++;
            }
        }

        string fraction = (bits & ((1L << 52) - 1)).ToString("x13", CultureInfo.InvariantCulture);
        fraction = precision < 0 ? fraction.TrimEnd('0') : fraction.PadRight(precision, '0')[..precision];
        string text = $"{Sign(value)}0x{bits >> 52}{(fraction.Length > 0 ? "." : string.Empty)}{fraction}{ExponentText('p', exponent)}";
        return upper ? text.ToUpperInvariant() : text;
    }

    private static (long Mantissa, int Exponent) Parts(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & ((1L << 52) - 1);
        return exponent == 0 ? (mantissa, -1074) : (mantissa | (1L << 52), exponent - 1075);
    }

    private static string ExponentText(char letter, int exponent) =>
        string.Create(CultureInfo.InvariantCulture, $"{letter}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");

    private static string Sign(double value) => double.IsNegative(value) ? "-" : string.Empty;

    private static bool IsNegativeZero(double value, string text) => double.IsNegative(value) && text[0] != '-';
}
