using System.Globalization;

namespace Bowline.Resources.Model;

/// <summary>Prints floats as Go does: the shortest digits that read back the same, in the notation that each of its packages chooses.</summary>
public static class GoFloat
{
    /// <summary><c>strconv.FormatFloat(value, 'g', -1, 64)</c> with YAML's names for the infinities and NaN: an exponent from 1e+06 and below 1e-04.</summary>
    public static string General(double value) =>
        Special(value) ?? Print(value.ToString("R", CultureInfo.InvariantCulture), lowest: -4, highest: 6, exponentDigits: 2);

    /// <summary><c>strconv.FormatFloat(value, 'g', -1, 32)</c> with YAML's names for the infinities and NaN.</summary>
    public static string General(float value) =>
        Special(value) ?? Print(value.ToString("R", CultureInfo.InvariantCulture), lowest: -4, highest: 6, exponentDigits: 2);

    /// <summary>What encoding/json writes for a finite number: an exponent from 1e+21 and below 1e-6, without leading zeros.</summary>
    public static string Json(double value) =>
        Special(value) ?? Print(value.ToString("R", CultureInfo.InvariantCulture), lowest: -6, highest: 21, exponentDigits: 1);

    private static string? Special(double value)
    {
        if (value == 0)
        {
            return double.IsNegative(value) ? "-0" : "0";
        }

        if (double.IsFinite(value))
        {
            return null;
        }

        return double.IsNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
    }

    /// <summary>Prints .NET's shortest round-trip form again, with an exponent outside of <paramref name="lowest"/>..<paramref name="highest"/>-1.</summary>
    private static string Print(ReadOnlySpan<char> shortest, int lowest, int highest, int exponentDigits)
    {
        bool negative = shortest[0] == '-';
        Span<char> digits = stackalloc char[32];
        int exponent = Split(negative ? shortest[1..] : shortest, digits, out int count);
        digits = digits[..count];
        Span<char> output = stackalloc char[48];
        int at = 0;
        if (negative)
        {
            output[at++] = '-';
        }

        at = exponent < lowest || exponent >= highest
            ? Scientific(digits, exponent, exponentDigits, output, at)
            : Decimal(digits, exponent, output, at);
        return output[..at].ToString();
    }

    /// <summary>Takes the significant digits; the result is the decimal exponent of the first of them.</summary>
    private static int Split(ReadOnlySpan<char> text, Span<char> digits, out int count)
    {
        int mark = text.IndexOf('E');
        int exponent = mark < 0 ? 0 : int.Parse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        ReadOnlySpan<char> mantissa = mark < 0 ? text : text[..mark];
        int point = mantissa.IndexOf('.');
        int before = point < 0 ? mantissa.Length : point;
        count = 0;
        int skipped = 0;
        foreach (char digit in mantissa)
        {
            if (digit == '.')
            {
                continue;
            }

            if (count == 0 && digit == '0')
            {
                skipped++;
                continue;
            }

            digits[count++] = digit;
        }

        while (count > 1 && digits[count - 1] == '0')
        {
            count--;
        }

        return exponent + before - skipped - 1;
    }

    private static int Scientific(ReadOnlySpan<char> digits, int exponent, int exponentDigits, Span<char> output, int at)
    {
        output[at++] = digits[0];
        if (digits.Length > 1)
        {
            output[at++] = '.';
            digits[1..].CopyTo(output[at..]);
            at += digits.Length - 1;
        }

        output[at++] = 'e';
        output[at++] = exponent < 0 ? '-' : '+';
        Math.Abs(exponent).TryFormat(output[at..], out int written, exponentDigits == 2 ? "00" : "0", CultureInfo.InvariantCulture);
        return at + written;
    }

    private static int Decimal(ReadOnlySpan<char> digits, int exponent, Span<char> output, int at)
    {
        if (exponent < 0)
        {
            output[at++] = '0';
            output[at++] = '.';
            output.Slice(at, -exponent - 1).Fill('0');
            at += -exponent - 1;
            digits.CopyTo(output[at..]);
            return at + digits.Length;
        }

        for (int i = 0; i <= exponent || i < digits.Length; i++)
        {
            if (i == exponent + 1)
            {
                output[at++] = '.';
            }

            output[at++] = i < digits.Length ? digits[i] : '0';
        }

        return at;
    }
}
