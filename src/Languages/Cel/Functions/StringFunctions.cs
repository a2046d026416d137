using System.Text;
using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

/// <summary>cel-go's string extension; offsets are code points.</summary>
internal static class StringFunctions
{
    /// <summary>Version 2 of the extension, without reverse.</summary>
    public static CelLibrary Kubernetes()
    {
        CelLibrary library = new();
        library.Add("string charAt(int): string", (_, a) => CharAt(a.Text(0), a.Integer(1)));
        library.Add("string indexOf(string): int", (_, a) => IndexOf(a.Text(0), a.Text(1), 0));
        library.Add("string indexOf(string, int): int", (_, a) => IndexOf(a.Text(0), a.Text(1), a.Integer(2)));
        library.Add("string lastIndexOf(string): int", (_, a) => LastIndexOf(a.Text(0), a.Text(1), null));
        library.Add("string lastIndexOf(string, int): int", (_, a) => LastIndexOf(a.Text(0), a.Text(1), a.Integer(2)));
        library.Add("string lowerAscii(): string", (run, a) => run.Made(string.Create(a.Text(0).Length, a.Text(0), (made, text) => text.AsSpan().ToAsciiLower(made))));
        library.Add("string upperAscii(): string", (run, a) => run.Made(string.Create(a.Text(0).Length, a.Text(0), (made, text) => text.AsSpan().ToAsciiUpper(made))));
        library.Add("string replace(string, string): string", (run, a) => Replace(run, a.Text(0), a.Text(1), a.Text(2), -1));
        library.Add("string replace(string, string, int): string", (run, a) => Replace(run, a.Text(0), a.Text(1), a.Text(2), a.Integer(3)));
        library.Add("string split(string): list<string>", (run, a) => Split(run, a.Text(0), a.Text(1), -1));
        library.Add("string split(string, int): list<string>", (run, a) => Split(run, a.Text(0), a.Text(1), a.Integer(2)));
        library.Add("string substring(int): string", (run, a) => Substring(run, a.Text(0), a.Integer(1), null));
        library.Add("string substring(int, int): string", (run, a) => Substring(run, a.Text(0), a.Integer(1), a.Integer(2)));
        library.Add("string trim(): string", (run, a) => run.Made(a.Text(0).Trim()));
        library.Add("string format(list<dyn>): string", (run, a) => StringFormat.Format(run, a.Text(0), a.Items(1)));
        library.Add("strings.quote(string): string", (run, a) => run.Made(Quote(a.Text(0))));
        library.Add("list<string> join(): string", (run, a) => Join(run, a.Items(0), string.Empty));
        library.Add("list<string> join(string): string", (run, a) => Join(run, a.Items(0), a.Text(1)));
        return library;
    }

    public static CelLibrary Newer()
    {
        CelLibrary library = new();
        library.Add("string reverse(): string", (run, a) => run.Made(string.Concat(a.Text(0).EnumerateRunes().Reverse())));
        return library;
    }

    private static void ToAsciiLower(this ReadOnlySpan<char> text, Span<char> made)
    {
        for (int i = 0; i < text.Length; i++)
        {
            made[i] = text[i] is >= 'A' and <= 'Z' ? (char)(text[i] + 32) : text[i];
        }
    }

    private static void ToAsciiUpper(this ReadOnlySpan<char> text, Span<char> made)
    {
        for (int i = 0; i < text.Length; i++)
        {
            made[i] = text[i] is >= 'a' and <= 'z' ? (char)(text[i] - 32) : text[i];
        }
    }

    private static Node CharAt(string text, long at)
    {
        int length = GoText.RuneCount(text);
        return at < 0 || at > length ? Fail($"index out of range: {at}") : at == length ? StringNode.Empty : Part(text, (int)at, (int)at + 1);
    }

    private static StringNode Part(string text, int from, int to)
    {
        int start = UnitOffset(text, from);
        return (StringNode)StringNode.Of(text[start..(start + UnitOffset(text[start..], to - from))]);
    }

    /// <summary>The UTF-16 offset of a code point.</summary>
    private static int UnitOffset(string text, int runes)
    {
        int offset = 0;
        for (; runes > 0 && offset < text.Length; runes--)
        {
            offset += char.IsSurrogatePair(text, offset) ? 2 : 1;
        }

        return offset;
    }

    private static Node IndexOf(string text, string sought, long from)
    {
        int length = GoText.RuneCount(text);
        if (sought.Length == 0)
        {
            return from < 0 ? Fail($"index out of range: {from}") : IntegerNode.Of(from);
        }

        if (from < 0 || from >= Math.Max(length, 1))
        {
            return from < 0 || from > length ? Fail($"index out of range: {from}") : IntegerNode.Of(-1);
        }

        int found = text.IndexOf(sought, UnitOffset(text, (int)from), StringComparison.Ordinal);
        return IntegerNode.Of(found < 0 ? -1 : GoText.RuneCount(text.AsSpan(0, found)));
    }

    private static Node LastIndexOf(string text, string sought, long? from)
    {
        int length = GoText.RuneCount(text);
        if (sought.Length == 0)
        {
            return from is < 0 ? Fail($"index out of range: {from}") : IntegerNode.Of(from ?? length);
        }

        if (from is { } given && (given < 0 || given >= length))
        {
            return given < 0 || length > 0 ? Fail($"index out of range: {given}") : IntegerNode.Of(-1);
        }

        int last = from is { } start ? UnitOffset(text, (int)start) : text.Length;
        int end = Math.Min(text.Length, last + sought.Length);
        int found = text.AsSpan(0, end).LastIndexOf(sought, StringComparison.Ordinal);
        return IntegerNode.Of(found < 0 ? -1 : GoText.RuneCount(text.AsSpan(0, found)));
    }

    private static Node Replace(CelRun run, string text, string old, string with, long limit)
    {
        if (limit == 0)
        {
            return StringNode.Of(text);
        }

        if (old.Length == 0)
        {
            return Interleave(run, text, with, limit);
        }

        StringBuilder result = new();
        int from = 0;
        for (int found; limit != 0 && (found = text.IndexOf(old, from, StringComparison.Ordinal)) >= 0; limit--, from = found + old.Length)
        {
            run.Allocate(with.Length * 2L);
            result.Append(text, from, found - from).Append(with);
        }

        return run.Made(result.Append(text, from, text.Length - from).ToString());
    }

    /// <summary>Go's replacing of nothing: before every character and at the end.</summary>
    private static Node Interleave(CelRun run, string text, string with, long limit)
    {
        StringBuilder result = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            run.Allocate(with.Length * 2L);
            result.Append(limit != 0 ? with : string.Empty).Append(rune.ToString());
            limit = limit > 0 ? limit - 1 : limit;
        }

        return run.Made(result.Append(limit != 0 ? with : string.Empty).ToString());
    }

    private static Node Split(CelRun run, string text, string separator, long limit)
    {
        if (limit == 0)
        {
            return new ListNode();
        }

        List<string> parts = [];
        if (separator.Length == 0)
        {
            foreach (Rune rune in text.EnumerateRunes())
            {
                parts.Add(rune.ToString());
                if (parts.Count == limit)
                {
                    parts[^1] = text[parts.SkipLast(1).Sum(part => part.Length)..];
                    break;
                }
            }

            return run.Texts(parts);
        }

        int from = 0;
        for (int found; parts.Count + 1 != limit && (found = text.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; from = found + separator.Length)
        {
            parts.Add(text[from..found]);
        }

        parts.Add(text[from..]);
        return run.Texts(parts);
    }

    private static Node Substring(CelRun run, string text, long start, long? end)
    {
        int length = GoText.RuneCount(text);
        long to = end ?? length;
        if (end is not null && start > to)
        {
            return Fail($"invalid substring range. start: {start}, end: {to}");
        }

        if (start < 0 || start > length || to < 0 || to > length)
        {
            return Fail($"index out of range: {(start < 0 || start > length ? start : to)}");
        }

        StringNode part = Part(text, (int)start, (int)to);
        run.Allocate(part.Value.Length * 2L);
        return part;
    }

    private static Node Join(CelRun run, IReadOnlyList<Node> items, string separator)
    {
        StringBuilder joined = new();
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i] is not StringNode text)
            {
                return CelError.NoSuchOverload;
            }

            run.Allocate((text.Value.Length + separator.Length) * 2L);
            joined.Append(i > 0 ? separator : string.Empty).Append(text.Value);
        }

        return StringNode.Of(joined.ToString());
    }

    private static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in GoText.ToValid(text))
        {
            int at = "\a\b\f\n\r\t\v\\\"".IndexOf(c, StringComparison.Ordinal);
            quoted.Append(at >= 0 ? $"\\{"abfnrtv\\\""[at]}" : c.ToString());
        }

        return quoted.Append('"').ToString();
    }
}
