using System.Globalization;

namespace Bowline.Resources.Yaml;

internal enum ScalarKind : byte
{
    Null,
    Bool,
    Integer,

    /// <summary>A whole number above <see cref="long.MaxValue"/> that still fits in 64 bits.</summary>
    Unsigned,
    Float,
    String,
    Timestamp,
}

/// <summary>What a scalar's text means: exactly one of the values is set, according to the kind.</summary>
internal readonly record struct ResolvedScalar(ScalarKind Kind, string Text, long Integer = 0, ulong Unsigned = 0, double Float = 0, bool Bool = false);

/// <summary>Decides what a plain scalar means, by the rules of go-yaml v2 (YAML 1.1) and v3 (nearly YAML 1.2).</summary>
internal static class YamlScalars
{
    /// <summary>The meaning of an untagged plain scalar.</summary>
    public static ResolvedScalar Resolve(string text, YamlDialect dialect)
    {
        if (text.Length == 0)
        {
            return new ResolvedScalar(ScalarKind.Null, text);
        }

        return text[0] switch
        {
            >= '0' and <= '9' or '+' or '-' => ResolveNumber(text, dialect),
            '.' => ResolveDot(text),
            'y' or 'Y' or 'n' or 'N' or 't' or 'T' or 'f' or 'F' or 'o' or 'O' or '~' => ResolveWord(text, dialect),
            _ => new ResolvedScalar(ScalarKind.String, text),
        };
    }

    private static ResolvedScalar ResolveWord(string text, YamlDialect dialect)
    {
        switch (text)
        {
            case "true" or "True" or "TRUE":
                return new ResolvedScalar(ScalarKind.Bool, text, Bool: true);
            case "false" or "False" or "FALSE":
                return new ResolvedScalar(ScalarKind.Bool, text, Bool: false);
            case "~" or "null" or "Null" or "NULL":
                return new ResolvedScalar(ScalarKind.Null, text);
            case "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" when dialect == YamlDialect.Yaml11:
                return new ResolvedScalar(ScalarKind.Bool, text, Bool: true);
            case "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" when dialect == YamlDialect.Yaml11:
                return new ResolvedScalar(ScalarKind.Bool, text, Bool: false);
            default:
                return new ResolvedScalar(ScalarKind.String, text);
        }
    }

    private static ResolvedScalar ResolveDot(string text)
    {
        switch (text)
        {
            case ".nan" or ".NaN" or ".NAN":
                return new ResolvedScalar(ScalarKind.Float, text, Float: double.NaN);
            case ".inf" or ".Inf" or ".INF":
                return new ResolvedScalar(ScalarKind.Float, text, Float: double.PositiveInfinity);
            default:
                return TryFloat(text, out double value)
                    ? new ResolvedScalar(ScalarKind.Float, text, Float: value)
                    : new ResolvedScalar(ScalarKind.String, text);
        }
    }

    private static ResolvedScalar ResolveNumber(string text, YamlDialect dialect)
    {
        switch (text)
        {
            case "+.inf" or "+.Inf" or "+.INF":
                return new ResolvedScalar(ScalarKind.Float, text, Float: double.PositiveInfinity);
            case "-.inf" or "-.Inf" or "-.INF":
                return new ResolvedScalar(ScalarKind.Float, text, Float: double.NegativeInfinity);
        }

        if (YamlTimestamps.LooksLikeOne(text) && YamlTimestamps.TryParse(text, out _))
        {
            return new ResolvedScalar(ScalarKind.Timestamp, text);
        }

        string plain = text.Contains('_') ? text.Replace("_", string.Empty, StringComparison.Ordinal) : text;
        if (TryInteger(plain, out bool negative, out ulong magnitude))
        {
            return Whole(text, negative, magnitude, plain[0] == '+');
        }

        if (TryFloat(plain, out double value))
        {
            return new ResolvedScalar(ScalarKind.Float, text, Float: value);
        }

        return new ResolvedScalar(ScalarKind.String, text);
    }

    /// <summary>A whole number as Go's ParseInt(text, 0, 64) and then ParseUint (which takes no sign) see it; one too large for both is a float when its digits are decimal.</summary>
    private static ResolvedScalar Whole(string text, bool negative, ulong magnitude, bool signed)
    {
        if (magnitude <= long.MaxValue)
        {
            return new ResolvedScalar(ScalarKind.Integer, text, Integer: negative ? -(long)magnitude : (long)magnitude);
        }

        if (negative && magnitude == 1UL << 63)
        {
            return new ResolvedScalar(ScalarKind.Integer, text, Integer: long.MinValue);
        }

        if (!negative && !signed)
        {
            return new ResolvedScalar(ScalarKind.Unsigned, text, Unsigned: magnitude);
        }

        return TryFloat(text.Replace("_", string.Empty, StringComparison.Ordinal), out double value)
            ? new ResolvedScalar(ScalarKind.Float, text, Float: value)
            : new ResolvedScalar(ScalarKind.String, text);
    }

    private static bool TryInteger(ReadOnlySpan<char> text, out bool negative, out ulong magnitude)
    {
        magnitude = 0;
        negative = text.Length > 0 && text[0] == '-';
        ReadOnlySpan<char> digits = text.Length > 0 && text[0] is '-' or '+' ? text[1..] : text;
        uint radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            radix = (char)(digits[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0u };
            digits = radix == 0 ? digits[1..] : digits[2..];
            radix = radix == 0 ? 8 : radix;
        }

        if (digits.IsEmpty)
        {
            return false;
        }

        foreach (char digit in digits)
        {
            uint value = digit switch
            {
                >= '0' and <= '9' => (uint)(digit - '0'),
                >= 'a' and <= 'f' => (uint)(digit - 'a' + 10),
                >= 'A' and <= 'F' => (uint)(digit - 'A' + 10),
                _ => uint.MaxValue,
            };
            if (value >= radix || magnitude > (ulong.MaxValue - value) / radix)
            {
                return false;
            }

            magnitude = (magnitude * radix) + value;
        }

        return true;
    }

    /// <summary><c>[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?</c> within the range of a double.</summary>
    private static bool TryFloat(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        int at = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        int whole = Digits(text, ref at);
        int fraction = 0;
        bool dot = at < text.Length && text[at] == '.';
        if (dot)
        {
            at++;
            fraction = Digits(text, ref at);
        }

        if (whole == 0 && fraction == 0)
        {
            return false;
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            if (at < text.Length && text[at] is '-' or '+')
            {
                at++;
            }

            if (Digits(text, ref at) == 0)
            {
                return false;
            }
        }

        return at == text.Length
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    /// <summary>YAML 1.1's numbers in base 60, such as <c>1:20</c>; never read as numbers, but quoted for readers that do.</summary>
    public static bool IsBase60(ReadOnlySpan<char> text)
    {
        int at = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        if (at >= text.Length || !char.IsAsciiDigit(text[at]))
        {
            return false;
        }

        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        int groups = 0;
        while (at < text.Length && text[at] == ':')
        {
            int from = ++at;
            int digits = Digits(text, ref at);
            if (digits is 0 or > 2 || (digits == 2 && text[from] > '5'))
            {
                return false;
            }

            groups++;
        }

        if (at < text.Length && text[at] == '.')
        {
            at++;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '_'))
            {
                at++;
            }
        }

        return groups > 0 && at == text.Length;
    }

    private static int Digits(ReadOnlySpan<char> text, ref int at)
    {
        int from = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at - from;
    }
}
