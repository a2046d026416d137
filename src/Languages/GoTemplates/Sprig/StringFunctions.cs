using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Texts: cutting (by bytes, as Go does), joining, quoting, indenting.</summary>
internal static class StringFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "hello", _ => "Hello!" },
            { "trim", call => TrimSpace(call.Text(0)), Text },
            { "trimAll", call => Trim(call.Text(1), call.Text(0)), Text, Text },
            { "trimSuffix", call => CutEnd(call.Text(1), call.Text(0)), Text, Text },
            { "trimPrefix", call => CutStart(call.Text(1), call.Text(0)), Text, Text },
            { "substr", call => Substring(call.Integer(0), call.Integer(1), call.Text(2)), Int, Int, Text },
            { "trunc", call => Truncate(call.Integer(0), call.Text(1)), Int, Text },
            { "repeat", call => Repeat(call, call.Text(1), call.Integer(0)), Int, Text },
            { "contains", call => call.Text(1).Contains(call.Text(0), StringComparison.Ordinal), Text, Text },
            { "hasPrefix", call => call.Text(1).StartsWith(call.Text(0), StringComparison.Ordinal), Text, Text },
            { "hasSuffix", call => call.Text(1).EndsWith(call.Text(0), StringComparison.Ordinal), Text, Text },
            { "replace", Replace, Text, Text, Text },
            { "plural", call => call.Integer(2) == 1 ? call[0] : call[1], Text, Text, Int },
            { "indent", call => Indent(call, string.Empty), Int, Text },
            { "nindent", call => Indent(call, "\n"), Int, Text },
            { "toString", call => Cast.ToText(call[0]), Any },
            { "toStrings", call => GoSlice.Strings(Cast.ToTexts(call[0])), Any },
            { "join", call => string.Join(call.Text(0), Cast.ToTexts(call[1])), Text, Any },
            { "sortAlpha", SortAlpha, Any },
            { "split", call => Split(call.Text(1), call.Text(0), -1), Text, Text },
            { "splitn", call => Split(call.Text(2), call.Text(0), call.Integer(1)), Text, Int, Text },
            { "splitList", call => GoSlice.Strings(SplitParts(call.Text(1), call.Text(0), -1)), Text, Text },
            { "fail", call => throw new GoError(call.Text(0)), Text },
        };
        list.Alias("trimall", "trimAll");
        list.Variadic("quote", call => string.Join(' ', NotNil(call).Select(value => GoText.Quote(Cast.ToText(value)))), Any);
        list.Variadic("squote", call => string.Join(' ', NotNil(call).Select(value => "'" + GoPrinter.Sprint(value) + "'")), Any);
        list.Variadic("cat", call => string.Join(' ', NotNil(call).Select(value => GoPrinter.Sprint(value))), Any);
        return list;
    }

    /// <summary>strings.Split and SplitN: an empty separator splits into runes.</summary>
    public static IReadOnlyList<string> SplitParts(string text, string separator, long count)
    {
        if (count == 0)
        {
            return [];
        }

        int most = count < 0 ? int.MaxValue : (int)Math.Min(count, int.MaxValue);
        if (separator.Length > 0)
        {
            return text.Split(separator, most, StringSplitOptions.None);
        }

        List<string> runes = [];
        for (int i = 0; i < text.Length;)
        {
            GoText.RuneAt(text, i, out int used, out _);
            runes.Add(runes.Count == most - 1 ? text[i..] : text.Substring(i, used));
            i += runes[^1].Length;
        }

        return runes;
    }

    public static string TrimSpace(string text)
    {
        int from = 0;
        int to = text.Length;
        while (from < to && IsSpace(text[from]))
        {
            from++;
        }

        while (to > from && IsSpace(text[to - 1]))
        {
            to--;
        }

        return text[from..to];
    }

    public static bool IsSpace(int rune) =>
        rune is '\t' or '\n' or '\v' or '\f' or '\r' or ' ' or 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A)
            or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    /// <summary>Bytes that are no text count as U+FFFD, as Go decodes them; those that stay are kept.</summary>
    private static string Trim(string text, string cutset)
    {
        HashSet<Rune> cut = [.. cutset.EnumerateRunes()];
        ReadOnlySpan<char> rest = text;
        while (rest.Length > 0)
        {
            Rune.DecodeFromUtf16(rest, out Rune first, out int length);
            if (!cut.Contains(first))
            {
                break;
            }

            rest = rest[length..];
        }

        while (rest.Length > 0)
        {
            Rune.DecodeLastFromUtf16(rest, out Rune last, out int length);
            if (!cut.Contains(last))
            {
                break;
            }

            rest = rest[..^length];
        }

        return rest.ToString();
    }

    private static string CutEnd(string text, string end) => text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;

    private static string CutStart(string text, string start) => text.StartsWith(start, StringComparison.Ordinal) ? text[start.Length..] : text;

    private static string Substring(long start, long end, string text)
    {
        byte[] bytes = GoText.ToBytes(text);
        if (start < 0)
        {
            return end < 0 ? throw OutOfRange($"[:{end}]")
                : end > bytes.Length ? throw OutOfRange($"[:{end}] with length {bytes.Length}")
                : GoText.FromBytes(bytes.AsSpan(0, (int)end));
        }

        long to = end < 0 || end > bytes.Length ? bytes.Length : end;
        return start > to ? throw OutOfRange($"[{start}:{to}]") : GoText.FromBytes(bytes.AsSpan((int)start, (int)(to - start)));
    }

    private static GoError OutOfRange(string what) => new($"runtime error: slice bounds out of range {what}");

    private static string Truncate(long count, string text)
    {
        byte[] bytes = GoText.ToBytes(text);
        return count < 0
            ? bytes.Length + count > 0 ? GoText.FromBytes(bytes.AsSpan((int)(bytes.Length + count))) : text
            : bytes.Length > count ? GoText.FromBytes(bytes.AsSpan(0, (int)count)) : text;
    }

    private static string Repeat(FunctionCall call, string text, long count)
    {
        if (count < 0)
        {
            throw new GoError("strings: negative Repeat count");
        }

        call.Run.Charge((long)Int128.Min((Int128)text.Length * count, long.MaxValue));
        return text.Length == 1 ? new string(text[0], (int)count) : new StringBuilder().Insert(0, text, text.Length == 0 ? 0 : (int)count).ToString();
    }

    private static Node Replace(FunctionCall call)
    {
        (string old, string replacement, string text) = (call.Text(0), call.Text(1), call.Text(2));
        if (old.Length > 0)
        {
            if (replacement.Length > old.Length)
            {
                call.Run.Charge((long)(text.Length / old.Length) * replacement.Length);
            }

            return text.Replace(old, replacement, StringComparison.Ordinal);
        }

        // An empty old text matches before every rune and at the end.
        call.Run.Charge((long)(text.Length + 1) * replacement.Length);
        return replacement + string.Concat(SplitParts(text, string.Empty, -1).Select(rune => rune + replacement));
    }

    private static string Indent(FunctionCall call, string before)
    {
        string pad = Repeat(call, " ", call.Integer(0));
        string text = call.Text(1);
        call.Run.Charge((long)text.AsSpan().Count('\n') * pad.Length);
        return before + pad + text.Replace("\n", "\n" + pad, StringComparison.Ordinal);
    }

    private static GoSlice SortAlpha(FunctionCall call)
    {
        List<string> texts = [.. Cast.ToTexts(call[0])];
        texts.Sort(KeyOrder.Compare);
        return GoSlice.Strings(GoTree.Items(call[0]) is null ? [Cast.ToText(call[0])] : texts);
    }

    private static GoMap Split(string text, string separator, long count)
    {
        MapNode parts = new();
        foreach (string part in SplitParts(text, separator, count))
        {
            parts["_" + parts.Count.ToString(CultureInfo.InvariantCulture)] = part;
        }

        return new GoMap(GoType.StringMap, parts);
    }

    private static IEnumerable<Node> NotNil(FunctionCall call) => call.Arguments.ToArray().Where(value => value is not NullNode);
}
