using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

internal static class Texts
{
    public static IReadOnlyDictionary<string, Builtin> All { get; } = new Dictionary<string, Builtin>
    {
        ["trim"] = new(1, 2, static call => StringNode.Of(call.Count == 1 ? call.Text(0).Trim() : call.Text(0).Trim(call.Text(1).ToCharArray()))),
        ["trimPrefix"] = new(1, 2, static call => Cut(call.Text(0), Affix(call), atEnd: false)),
        ["trimSuffix"] = new(1, 2, static call => Cut(call.Text(0), Affix(call), atEnd: true)),
        ["upper"] = new(1, 1, static call => call.Built(call.Text(0).ToUpperInvariant())),
        ["lower"] = new(1, 1, static call => call.Built(call.Text(0).ToLowerInvariant())),
        ["split"] = new(2, 3, static call => Split(call, keep: false)),
        ["splitAfter"] = new(2, 3, static call => Split(call, keep: true)),
        ["replace"] = new(3, 4, Replace),
        ["repeat"] = new(2, 2, Repeat),
        ["indexOf"] = new(2, 2, static call => Position(call.Text(0), call.Text(0).IndexOf(call.Text(1), StringComparison.Ordinal))),
        ["lastIndexOf"] = new(2, 2, static call => Position(call.Text(0), call.Text(0).LastIndexOf(call.Text(1), StringComparison.Ordinal))),
        ["hasPrefix"] = new(2, 2, static call => call.Text(0).StartsWith(call.Text(1), StringComparison.Ordinal)),
        ["hasSuffix"] = new(2, 2, static call => call.Text(0).EndsWith(call.Text(1), StringComparison.Ordinal)),
        ["join"] = new(1, 2, Join),
    };

    private static string Affix(BuiltinCall call) => call.Count == 1 ? " " : call.Text(1);

    private static string Cut(string text, string affix, bool atEnd) => affix.Length == 0 ? text
        : atEnd ? text.EndsWith(affix, StringComparison.Ordinal) ? text[..^affix.Length] : text
        : text.StartsWith(affix, StringComparison.Ordinal) ? text[affix.Length..] : text;

    /// <summary>Where in UTF-8, as Go counts.</summary>
    private static GoInteger Position(string text, int at) => GoInteger.Int(at < 0 ? -1 : System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, at)));

    private static GoSlice Split(BuiltinCall call, bool keep)
    {
        string text = call.Text(0);
        string separator = call.Text(1);
        long most = call.Count > 2 ? call.Integer(2) : -1;
        if (most == 0)
        {
            return GoSlice.Strings([]);
        }


        List<string> parts = [];
        int start = 0;
        while (most < 0 || parts.Count < most - 1)
        {
            int at = separator.Length == 0
                ? start + 1 < text.Length ? start + 1 : -1
                : text.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(text[start..(keep ? at + separator.Length : at)]);
            start = at + separator.Length;
        }

        parts.Add(text[start..]);
        call.Run.Build(parts.Count);
        return GoSlice.Strings(parts);
    }

    private static Node Replace(BuiltinCall call)
    {
        string text = call.Text(0);
        string old = call.Text(1);
        string other = call.Text(2);
        long most = call.Count > 3 ? call.Integer(3) : -1;
        if (old.Length == 0 || most == 0)
        {
            return StringNode.Of(text);
        }

        System.Text.StringBuilder result = new();
        int start = 0;
        for (long n = 0; most < 0 || n < most; n++)
        {
            int at = text.IndexOf(old, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            call.Run.BuildText(at - start + other.Length);
            result.Append(text, start, at - start).Append(other);
            start = at + old.Length;
        }

        return call.Built(result.Append(text, start, text.Length - start).ToString());
    }

    private static StringNode Repeat(BuiltinCall call)
    {
        long count = call.Integer(1);
        if (count < 0)
        {
            throw new Failure($"invalid argument for repeat (expected positive integer, got {count})");
        }

        string text = call.Text(0);
        call.Run.BuildText((long)Int128.Min((Int128)text.Length * count, long.MaxValue / 2));
        return StringNode.Of(string.Concat(Enumerable.Repeat(text, (int)count)));
    }

    private static Node Join(BuiltinCall call)
    {
        IReadOnlyList<Node> items = Values.Items(call[0]);
        string glue = call.Count > 1 ? call.Text(1) : string.Empty;
        call.Run.BuildText(items.Sum(item => (long)Values.Text(item).Length + glue.Length));
        return StringNode.Of(string.Join(glue, items.Select(Values.Text)));
    }
}
