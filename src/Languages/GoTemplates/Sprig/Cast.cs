using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>spf13/cast and Sprig's strval: conversions that never fail but fall back to zero.</summary>
internal static class Cast
{
    public static long ToInt64(Node value) => value switch
    {
        IntegerNode integer => integer.Value,
        GoInteger integer => integer.Value,
        GoDuration duration => duration.Nanoseconds,
        FloatNode number => Truncate(number.Value),
        BoolNode flag => flag.Value ? 1 : 0,
        StringNode text => GoLiterals.Integer(TrimZeroDecimal(text.Value)) ?? 0,
        _ => 0,
    };

    public static double ToFloat64(Node value) => value switch
    {
        IntegerNode integer => integer.Value,
        GoInteger { IsUnsigned: true } integer => (ulong)integer.Value,
        GoInteger integer => integer.Value,
        FloatNode number => number.Value,
        BoolNode flag => flag.Value ? 1 : 0,
        StringNode text => ParseFloat(text.Value) ?? 0,
        _ => 0,
    };

    public static string ToText(Node value) => value switch
    {
        StringNode text => text.Value,
        GoBytes bytes => GoText.FromBytes(bytes.Bytes.Span),
        GoValue { Text: { } text } => text,
        _ => GoPrinter.Sprint(value),
    };

    /// <summary>Sprig's strslice: the texts of a list's items, nil ones left out; anything else is a list of itself.</summary>
    public static IEnumerable<string> ToTexts(Node value)
    {
        if (value is NullNode)
        {
            return [];
        }

        return GoTree.Items(value) is { } items ? items.Where(item => item is not NullNode).Select(ToText) : [ToText(value)];
    }

    public static double? ParseFloat(string text)
    {
        string plain = text.TrimStart('+', '-');
        if (text.Length - plain.Length <= 1 && plain.ToLowerInvariant() is "inf" or "infinity")
        {
            return text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        }

        return text.Contains('_', StringComparison.Ordinal) ? null : GoLiterals.Float(text);
    }

    /// <summary>Go's conversion of a float outside of int64 gives the lowest value on amd64.</summary>
    private static long Truncate(double value) => value is >= -9.2233720368547758e18 and < 9.2233720368547758e18 ? (long)value : long.MinValue;

    /// <summary>"1.00" counts as "1".</summary>
    private static string TrimZeroDecimal(string text)
    {
        string trimmed = text.TrimEnd('0');
        return trimmed.Length < text.Length && trimmed.EndsWith('.') ? trimmed[..^1] : text;
    }
}
