using System.Globalization;
using System.Numerics;
using System.Text;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>Go's string, character and number literals.</summary>
internal static class GoLiterals
{
    /// <summary>strconv.Unquote for the three quoting styles; null when the literal is malformed.</summary>
    public static string? Unquote(string literal)
    {
        char quote = literal[0];
        if (quote == '`')
        {
            return literal[1..^1].Replace("\r", string.Empty, StringComparison.Ordinal);
        }

        if (!literal.Contains('\\', StringComparison.Ordinal))
        {
            return literal[1..^1];
        }

        List<byte>? bytes = null;
        StringBuilder text = new(literal.Length);
        ReadOnlySpan<char> rest = literal.AsSpan(1, literal.Length - 2);
        while (!rest.IsEmpty)
        {
            if (!TryUnquoteChar(ref rest, quote, out Rune rune, out bool isByte))
            {
                return null;
            }

            if (isByte && rune.Value >= 0x80)
            {
                // Escaped bytes may together be UTF-8, so they meet as bytes at the end.
                bytes ??= [];
                bytes.AddRange(GoText.ToBytes(text.ToString()));
                text.Clear();
                bytes.Add((byte)rune.Value);
            }
            else
            {
                text.Append(rune.ToString());
            }
        }

        if (bytes is null)
        {
            return text.ToString();
        }

        bytes.AddRange(GoText.ToBytes(text.ToString()));
        return GoText.FromBytes([.. bytes]);
    }

    /// <summary>The value of a character constant with its quotes; null when malformed.</summary>
    public static long? Character(string literal, out string error)
    {
        error = "invalid syntax";
        ReadOnlySpan<char> rest = literal.AsSpan(1);
        if (!TryUnquoteChar(ref rest, '\'', out Rune rune, out _))
        {
            return null;
        }

        error = $"malformed character constant: {literal}";
        return rest is "'" ? rune.Value : null;
    }

    public static NumberSyntax? Number(int position, string text, out string error)
    {
        error = $"illegal number syntax: {GoText.Quote(text)}";
        if (text.EndsWith('i') && Float(text[..^1]) is { } imaginary)
        {
            return OfComplex(position, text, new Complex(0, imaginary));
        }

        ulong? unsigned = text[0] is '+' or '-' ? null : Unsigned(text);
        long? integer = Integer(text);
        if (integer == 0)
        {
            unsigned = 0;
        }

        double? number = integer ?? (double?)unsigned;
        if (number is null)
        {
            number = Float(text);
            if (number is { } value)
            {
                if (text.IndexOfAny(['.', 'e', 'E', 'p', 'P']) < 0)
                {
                    error = $"integer overflow: {GoText.Quote(text)}";
                    return null;
                }

                (integer, unsigned) = Whole(value);
            }
        }

        return number is null ? null : new NumberSyntax(position, text) { Integer = integer, Unsigned = unsigned, Float = number };
    }

    public static NumberSyntax? OfComplexPair(int position, string text)
    {
        int split = text.AsSpan(1).LastIndexOfAny('+', '-') + 1;
        if (split > 1 && text[split - 1] is 'e' or 'E' or 'p' or 'P')
        {
            split = text.AsSpan(1, split - 2).LastIndexOfAny('+', '-') + 1;
        }

        return split > 0 && Float(text[..split]) is { } real && Float(text[split..^1]) is { } imaginary
            ? OfComplex(position, text, new Complex(real, imaginary))
            : null;
    }

    /// <summary>strconv.ParseInt(text, 0, 64).</summary>
    public static long? Integer(string text)
    {
        bool negative = text.StartsWith('-');
        string digits = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        return Unsigned(digits) switch
        {
            null => null,
            <= long.MaxValue and var value => negative ? -(long)value : (long)value,
            1UL << 63 when negative => long.MinValue,
            _ => null,
        };
    }

    /// <summary>strconv.ParseUint(text, 0, 64): prefixes 0x, 0o, 0b, a leading 0 for octal, and underscores between digits.</summary>
    public static ulong? Unsigned(string text)
    {
        (int numberBase, int from) = text switch
        {
            _ when text.Length < 2 || text[0] != '0' => (10, 0),
            _ when text[1] is 'x' or 'X' => (16, 2),
            _ when text[1] is 'o' or 'O' => (8, 2),
            _ when text[1] is 'b' or 'B' => (2, 2),
            _ => (8, 1),
        };
        if (from == text.Length || !UnderscoresOk(text, from))
        {
            return null;
        }

        UInt128 value = 0;
        foreach (char c in text.AsSpan(from))
        {
            if (c == '_')
            {
                continue;
            }

            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            value = digit < numberBase ? (value * (uint)numberBase) + (uint)digit : UInt128.MaxValue >> 8;
            if (value > ulong.MaxValue)
            {
                return null;
            }
        }

        return (ulong)value;
    }

    /// <summary>strconv.ParseFloat for literals: decimal or hexadecimal.</summary>
    public static double? Float(string text)
    {
        string plain = text.Replace("_", string.Empty, StringComparison.Ordinal);
        if (plain.Length == 0)
        {
            return null;
        }

        int sign = plain[0] is '+' or '-' ? 1 : 0;
        if (plain.AsSpan(sign).StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return HexFloat(plain[(sign + 2)..]) * (plain[0] == '-' ? -1 : 1);
        }

        if (plain.AsSpan(sign).IndexOfAnyExcept("0123456789.eE+-") >= 0)
        {
            return null;
        }

        return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;
    }

    private static double? HexFloat(string text)
    {
        int exponentAt = text.IndexOfAny(['p', 'P']);
        if (exponentAt < 0 || !int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent))
        {
            return null;
        }

        double mantissa = 0;
        bool fraction = false;
        foreach (char c in text.AsSpan(0, exponentAt))
        {
            if (c == '.' && !fraction)
            {
                fraction = true;
                continue;
            }

            if (!char.IsAsciiHexDigit(c))
            {
                return null;
            }

            mantissa = (mantissa * 16) + Convert.ToInt32(c.ToString(), 16);
            exponent -= fraction ? 4 : 0;
        }

        double value = Math.ScaleB(mantissa, exponent);
        return double.IsFinite(value) ? value : null;
    }

    private static bool UnderscoresOk(string text, int from)
    {
        char before = from > 0 ? '0' : '_';
        foreach (char c in text.AsSpan(from))
        {
            if (c == '_' && before == '_')
            {
                return false;
            }

            before = c;
        }

        return before != '_';
    }

    private static NumberSyntax OfComplex(int position, string text, Complex value)
    {
        (long? integer, ulong? unsigned) = value.Imaginary == 0 ? Whole(value.Real) : (null, null);
        return new NumberSyntax(position, text)
        {
            Complex = value,
            Float = value.Imaginary == 0 ? value.Real : null,
            Integer = integer,
            Unsigned = unsigned,
        };
    }

    private static (long? Integer, ulong? Unsigned) Whole(double value)
    {
        bool whole = Math.Truncate(value) == value;
        return (whole && Math.Abs(value) < 9.223372036854775e18 ? (long)value : null,
            whole && value is >= 0 and < 1.8446744073709550e19 ? (ulong)value : null);
    }

    private static bool TryUnquoteChar(ref ReadOnlySpan<char> rest, char quote, out Rune rune, out bool isByte)
    {
        isByte = false;
        rune = default;
        if (rest.IsEmpty || rest[0] == quote)
        {
            return false;
        }

        if (rest[0] != '\\')
        {
            Rune.DecodeFromUtf16(rest, out rune, out int used);
            rest = rest[used..];
            return true;
        }

        if (rest.Length < 2)
        {
            return false;
        }

        char c = rest[1];
        rest = rest[2..];
        int simple = "abfnrtv\\".IndexOf(c, StringComparison.Ordinal);
        if (simple >= 0)
        {
            rune = new Rune("\a\b\f\n\r\t\v\\"[simple]);
            return true;
        }

        if (c is '\'' or '"')
        {
            rune = new Rune(c);
            return c == quote;
        }

        isByte = c is 'x' or (>= '0' and <= '7');
        return TryUnquoteNumber(c, ref rest, out rune);
    }

    private static bool TryUnquoteNumber(char kind, ref ReadOnlySpan<char> rest, out Rune rune)
    {
        rune = default;
        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, >= '0' and <= '7' => 2, _ => -1 };
        if (digits < 0 || rest.Length < digits)
        {
            return false;
        }

        bool octal = char.IsAsciiDigit(kind);
        uint value = octal ? (uint)(kind - '0') : 0;
        foreach (char c in rest[..digits])
        {
            if (octal ? c is < '0' or > '7' : !char.IsAsciiHexDigit(c))
            {
                return false;
            }

            value = octal ? (value * 8) + (uint)(c - '0') : (value * 16) + Convert.ToUInt32(c.ToString(), 16);
        }

        rest = rest[digits..];
        return !(octal && value > 255) && Rune.TryCreate(value, out rune);
    }
}
