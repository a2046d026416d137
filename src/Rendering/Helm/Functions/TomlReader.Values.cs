using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

internal sealed partial class TomlReader
{
    private Node ReadValue(int depth)
    {
        if (depth > MaxDepth)
        {
            throw Error("values are nested too deep");
        }

        switch (Current)
        {
            case '"':
                return StringNode.Of(text.AsSpan(at).StartsWith("\"\"\"", StringComparison.Ordinal) ? ReadMultiline("\"\"\"", escapes: true) : ReadBasic());
            case '\'':
                return StringNode.Of(text.AsSpan(at).StartsWith("'''", StringComparison.Ordinal) ? ReadMultiline("'''", escapes: false) : ReadLiteral());
            case '[':
                return ReadList(depth);
            case '{':
                return ReadInline(depth);
            case '.':
                throw Error("floats must start with a digit, not '.'");
            case '-' or '+':
                return ReadSigned();
            case >= '0' and <= '9':
                return ReadNumberOrTime();
            default:
                return ReadWord();
        }
    }

    private ListNode ReadList(int depth)
    {
        at++;
        ListNode list = [];
        values.Add(list);
        while (true)
        {
            SkipBlankLines();
            if (Current == ',')
            {
                throw Error("unexpected comma");
            }

            if (Current == ']')
            {
                at++;
                return list;
            }

            list.Add(ReadValue(depth + 1));
            SkipBlankLines();
            if (Current == ',')
            {
                at++;
            }
            else if (Current != ']')
            {
                throw Error($"expected a comma (',') or array terminator (']'), but got {FoundOrEnd()}");
            }
        }
    }

    private MapNode ReadInline(int depth)
    {
        at++;
        MapNode map = new();
        List<string> outer = context;
        string outerKey = currentKey;
        context = [.. context, currentKey];
        currentKey = string.Empty;
        while (true)
        {
            SkipBlankLines();
            if (Current == ',')
            {
                throw Error("unexpected comma");
            }

            // Also behind a comma, since TOML 1.1.
            if (Current != '}')
            {
                ReadPair(map, depth);
                SkipBlankLines();
            }

            if (Current is not (',' or '}'))
            {
                throw Error($"expected a comma or an inline table terminator '}}', but got {FoundOrEnd()} instead");
            }

            if (text[at++] == '}')
            {
                (context, currentKey) = (outer, outerKey);
                return map;
            }
        }
    }

    private string FoundOrEnd() => AtEnd ? "end of file" : $"'{GoText.RuneAt(text, at, out _, out _)}'";

    private Node ReadWord()
    {
        int start = at;
        while (!AtEnd && Rune.IsLetter(GoText.RuneAt(text, at, out int used, out _)))
        {
            at += used;
        }

        string word = text[start..at];
        switch (word)
        {
            case "true":
                return BoolNode.True;
            case "false":
                return BoolNode.False;
            case "inf":
                return new FloatNode(double.PositiveInfinity);
            case "nan":
                return new FloatNode(double.NaN);
            case "" when AtEnd:
                throw Error("unexpected EOF; expected value");
            case "":
                throw Error($"expected value but found {Found()} instead");
            default:
                throw Error($"expected value but found {GoText.Quote(word)} instead");
        }
    }
}
