using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

internal sealed partial class TomlReader
{
    /// <summary>The layouts of dates and times, and the names that the decoder gives to zones that are none.</summary>
    private static readonly (string Layout, string? Zone)[] Times =
    [
        ("2006-01-02T15:04:05.999999999Z07:00", null),
        ("2006-01-02T15:04:05.999999999", TomlTime.LocalDateTime),
        ("2006-01-02", TomlTime.LocalDate),
        ("15:04:05.999999999", TomlTime.LocalTime),
        ("2006-01-02T15:04Z07:00", null),
        ("2006-01-02T15:04", TomlTime.LocalDateTime),
        ("15:04", TomlTime.LocalTime),
    ];

    private Node ReadSigned()
    {
        string rest = text[(at + 1)..];
        if (rest.StartsWith("inf", StringComparison.Ordinal) || rest.StartsWith("nan", StringComparison.Ordinal))
        {
            double value = rest[0] == 'n' ? double.NaN : text[at] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            at += 4;
            return new FloatNode(value);
        }

        int sign = at++;
        switch (Current)
        {
            case 'i' or 'n':
                at++;
                throw Error($"invalid float: '{text[sign..at]}'");
            case '0' when text.Length > at + 1 && text[at + 1] is 'b' or 'o' or 'x':
                throw Error($"cannot use sign with non-decimal numbers: '{text[sign..(at + 2)]}'");
            case '.':
                throw Error("floats must start with a digit, not '.'");
            case < '0' or > '9':
                throw Error($"expected a digit but got {Found()}");
        }

        return ReadDecimal(sign);
    }

    private Node ReadNumberOrTime()
    {
        int start = at;
        if (Current == '0' && text.Length > at + 1 && text[at + 1] is 'x' or 'o' or 'b')
        {
            return ReadPrefixed();
        }

        while (char.IsAsciiDigit(Current))
        {
            at++;
        }

        if (Current is not ('-' or ':') || at == start + 1)
        {
            return ReadDecimal(start);
        }

        while (char.IsAsciiDigit(Current) || Current is '-' or ':' or 'T' or 't' or ' ' or '.' or 'Z' or 'z' or '+')
        {
            at++;
        }

        string word = text[start..at].Trim().Replace('z', 'Z').Replace('t', 'T').Replace(' ', 'T');
        foreach ((string layout, string? zone) in Times)
        {
            if (GoTime.Parse(layout, word, zone) is { } time)
            {
                return LacksZero(word, layout) ? throw Error($"invalid datetime: {GoText.Quote(word)}") : time;
            }
        }

        throw Error($"invalid datetime: {GoText.Quote(word)}");
    }

    /// <summary>Go's parser takes hours of one digit, the decoder does not: separators must stand where the layout has them.</summary>
    private static bool LacksZero(string word, string layout)
    {
        for (int i = 0; i < layout.Length && layout[i] is not ('.' or 'Z'); i++)
        {
            if (!char.IsAsciiDigit(layout[i]) && (i >= word.Length || word[i] != layout[i]))
            {
                return true;
            }
        }

        return false;
    }

    private IntegerNode ReadPrefixed()
    {
        int start = at;
        char prefix = text[at + 1];
        at += 2;
        (int numberBase, string kind) = prefix switch { 'x' => (16, "a hexidecimal"), 'o' => (8, "an octal"), _ => (2, "a binary") };
        if (!IsDigit(Current, numberBase))
        {
            throw Error($"not {kind} number: '{text[start..at]}{(AtEnd ? '\0' : Current)}'");
        }

        while (IsDigit(Current, numberBase) || Current == '_')
        {
            at++;
        }

        string word = text[start..at];
        RequireUnderscores(word, word, "integer");
        UInt128 value = 0;
        foreach (char digit in word[2..].Where(c => c != '_'))
        {
            value = (value * (uint)numberBase) + (uint)Convert.ToInt32(digit.ToString(), 16);
            if (value > long.MaxValue)
            {
                throw Error($"{word} is out of range for int64");
            }
        }

        return IntegerNode.Of((long)value);
    }

    private static bool IsDigit(char c, int numberBase) => numberBase switch
    {
        16 => char.IsAsciiHexDigit(c),
        8 => c is >= '0' and <= '7',
        _ => c is '0' or '1',
    };

    private Node ReadDecimal(int start)
    {
        while (char.IsAsciiDigit(Current) || Current == '_')
        {
            at++;
        }

        bool isFloat = Current is '.' or 'e' or 'E';
        while (isFloat && (char.IsAsciiDigit(Current) || Current is '_' or '.' or '-' or '+' or 'e' or 'E'))
        {
            at++;
        }

        string word = text[start..at];
        string kind = isFloat ? "float" : "integer";
        string[] parts = word.Split(['.', 'e', 'E'], StringSplitOptions.RemoveEmptyEntries);
        foreach (string part in parts)
        {
            RequireUnderscores(part, word, kind);
        }

        string digits = parts[0].TrimStart('-', '+');
        if (digits.Length > 1 && digits[0] == '0')
        {
            throw Error($"Invalid {kind} {GoText.Quote(word)}: cannot have leading zeroes");
        }

        return isFloat ? Float(word) : long.TryParse(word.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? IntegerNode.Of(value)
            : throw Error($"{word} is out of range for int64");
    }

    private FloatNode Float(string word)
    {
        for (int i = word.IndexOf('.', StringComparison.Ordinal); i >= 0; i = word.IndexOf('.', i + 1))
        {
            if (i + 1 >= word.Length || !char.IsAsciiDigit(word[i + 1]))
            {
                throw Error($"Invalid float {GoText.Quote(word)}: '.' must be followed by one or more digits");
            }
        }

        return double.TryParse(word.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double value)
            ? double.IsFinite(value) ? new FloatNode(value) : throw Error($"{word} is out of range for float64")
            : throw Error($"Invalid float value: {GoText.Quote(word)}");
    }

    private void RequireUnderscores(string part, string word, string kind)
    {
        bool afterDigit = false;
        foreach (char c in part)
        {
            if (c == '_' && !afterDigit)
            {
                break;
            }

            afterDigit = char.IsAsciiHexDigit(c);
        }

        if (!afterDigit)
        {
            throw Error($"Invalid {kind} {GoText.Quote(word)}: underscores must be surrounded by digits");
        }
    }
}
