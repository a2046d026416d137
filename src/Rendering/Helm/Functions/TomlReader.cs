using Bowline.Rendering.Helm.Charts;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Reads TOML 1.0 into the tree; dates and times stay text.</summary>
internal sealed partial class TomlReader
{
    private const int MaxDepth = 128;

    private readonly string text;
    private readonly MapNode root = new();
    private readonly HashSet<MapNode> closed = [];
    private int at;

    private TomlReader(string text) => this.text = text;

    private bool AtEnd => at >= text.Length;

    /// <exception cref="ChartException">In the decoder's words: <c>toml: line 1: …</c>.</exception>
    public static MapNode Read(string text) => new TomlReader(text.Replace("\r\n", "\n", StringComparison.Ordinal)).ReadDocument();

    private MapNode ReadDocument()
    {
        MapNode table = root;
        while (true)
        {
            SkipBlankLines();
            if (AtEnd)
            {
                return root;
            }

            if (text[at] == '[')
            {
                table = ReadHeader();
            }
            else
            {
                ReadPair(table, 0);
            }

            SkipBlanks();
            if (!AtEnd && text[at] is not ('\n' or '#'))
            {
                throw Error($"expected a top-level item to end with a newline, comment, or EOF, but got {GoText.Quote(text[at].ToString(), '\'', ascii: false)} instead");
            }
        }
    }

    private MapNode ReadHeader()
    {
        bool isArray = text.AsSpan(at).StartsWith("[[");
        at += isArray ? 2 : 1;
        List<string> path = ReadKey();
        Expect(isArray ? "]]" : "]", "expected end of table name");
        MapNode table = root;
        foreach (string key in path[..^1])
        {
            table = Descend(table, key);
        }

        string last = path[^1];
        if (!isArray)
        {
            MapNode named = Descend(table, last);
            return closed.Add(named) ? named : throw Error($"Key '{string.Join('.', path)}' has already been defined.");
        }

        ListNode list = table[last] switch
        {
            null => [],
            ListNode existing => existing,
            _ => throw Error($"Key '{string.Join('.', path)}' has already been defined."),
        };
        table[last] = list;
        MapNode item = new();
        list.Add(item);
        return item;
    }

    private MapNode Descend(MapNode table, string key)
    {
        switch (table[key])
        {
            case null:
                MapNode made = new();
                table[key] = made;
                return made;
            case MapNode map:
                return map;
            case ListNode { Count: > 0 } list when list[^1] is MapNode last:
                return last;
            default:
                throw Error($"Key '{key}' has already been defined.");
        }
    }

    private void ReadPair(MapNode table, int depth)
    {
        List<string> path = ReadKey();
        SkipBlanks();
        if (AtEnd)
        {
            throw Error("unexpected EOF; expected key separator '='");
        }

        if (text[at] != '=')
        {
            throw Error($"expected '.' or '=', but got {GoText.Quote(text[at].ToString(), '\'', ascii: false)} instead");
        }

        at++;
        SkipBlanks();
        foreach (string key in path[..^1])
        {
            table = Descend(table, key);
        }

        if (table.ContainsKey(path[^1]))
        {
            throw Error($"Key '{string.Join('.', path)}' has already been defined.");
        }

        table[path[^1]] = ReadValue(depth + 1);
    }

    private List<string> ReadKey()
    {
        List<string> path = [];
        while (true)
        {
            SkipBlanks();
            path.Add(ReadSimpleKey());
            SkipBlanks();
            if (AtEnd || text[at] != '.' || path.Count > MaxDepth)
            {
                return path;
            }

            at++;
        }
    }

    private string ReadSimpleKey()
    {
        if (!AtEnd && text[at] is '"' or '\'')
        {
            return text[at] == '"' ? ReadBasic() : ReadLiteral();
        }

        int start = at;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-'))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Error(AtEnd ? "unexpected EOF; expected a key" : $"expected '.' or '=', but got {GoText.Quote(text[at].ToString(), '\'', ascii: false)} instead");
    }

    private void SkipBlanks()
    {
        while (!AtEnd && text[at] is ' ' or '\t')
        {
            at++;
        }
    }

    private void SkipBlankLines()
    {
        while (!AtEnd && text[at] is ' ' or '\t' or '\n' or '#')
        {
            if (text[at] == '#')
            {
                int end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end;
            }
            else
            {
                at++;
            }
        }
    }

    private void Expect(string wanted, string words)
    {
        SkipBlanks();
        if (!text.AsSpan(Math.Min(at, text.Length)).StartsWith(wanted, StringComparison.Ordinal))
        {
            throw Error(words);
        }

        at += wanted.Length;
    }

    private ChartException Error(string words) => new($"toml: line {1 + text.AsSpan(0, Math.Min(at, text.Length)).Count('\n')}: {words}");
}
