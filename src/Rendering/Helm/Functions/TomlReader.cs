using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Reads TOML 1.1 into the tree, with the error texts of BurntSushi's decoder 1.6.</summary>
internal sealed partial class TomlReader
{
    private const int MaxDepth = 128;

    private readonly string text;
    private readonly MapNode root = new();

    /// <summary>Tables that are there only because something lies below them; what names them later is no repetition.</summary>
    private readonly HashSet<MapNode> implied = [];

    /// <summary>Lists that are values, to which no header adds a table.</summary>
    private readonly HashSet<ListNode> values = [];

    /// <summary>The keys of the table that is being filled, and the one whose value is being read: what an error calls the last key.</summary>
    private List<string> context = [];
    private string currentKey = string.Empty;
    private int at;

    private TomlReader(string text) => this.text = text;

    private bool AtEnd => at >= text.Length;

    private char Current => AtEnd ? '\0' : text[at];

    /// <exception cref="ChartException">In the decoder's words: <c>toml: line 1 (last key "a"): …</c>.</exception>
    public static MapNode Read(string text) => new TomlReader(text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimStart('\uFEFF')).ReadDocument();

    private MapNode ReadDocument()
    {
        RequireText();
        MapNode table = root;
        while (true)
        {
            SkipBlankLines();
            if (AtEnd)
            {
                return root;
            }

            if (Current == '[')
            {
                table = ReadHeader();
            }
            else
            {
                ReadPair(table, 0);
                currentKey = string.Empty;
            }

            SkipBlanks();
            if (!AtEnd && Current is not ('\n' or '#'))
            {
                throw Error($"expected a top-level item to end with a newline, comment, or EOF, but got {Found()} instead");
            }
        }
    }

    private void RequireText()
    {
        for (; at < text.Length; at++)
        {
            if ((char.IsControl(text[at]) && text[at] < '\x80' && text[at] is not ('\t' or '\n')))
            {
                throw Error($"TOML files cannot contain control characters: '0x{(int)text[at]:x2}'");
            }

            GoText.RuneAt(text, at, out _, out int stray);
            if (stray >= 0)
            {
                throw Error($"invalid UTF-8 byte: 0x{stray:x2}");
            }
        }

        at = 0;
    }

    private MapNode ReadHeader()
    {
        bool isArray = text.AsSpan(at).StartsWith("[[");
        at += isArray ? 2 : 1;
        List<string> path = ReadTableName();
        if (isArray && Current != ']')
        {
            throw Error($"expected end of table array name delimiter ']', but got {Found()} instead");
        }

        at += isArray ? 1 : 0;
        MapNode table = root;
        for (int i = 0; i < path.Count - 1; i++)
        {
            table = Descend(table, path.GetRange(0, i + 1));
        }

        context = path[..^1];
        MapNode opened = isArray ? Append(table, path) : Open(table, path);
        context = path;
        return opened;
    }

    private List<string> ReadTableName()
    {
        List<string> path = [];
        while (true)
        {
            SkipBlanks();
            if (AtEnd || Current == ']')
            {
                throw Error("unexpected end of table name (table names cannot be empty)");
            }

            if (Current == '.')
            {
                throw Error("unexpected table separator (table names cannot be empty)");
            }

            path.Add(ReadSimpleKey());
            SkipBlanks();
            if (Current != '.' || path.Count > MaxDepth)
            {
                break;
            }

            at++;
        }

        if (Current != ']')
        {
            throw Error($"expected '.' or ']' to end table name, but got {Found()} instead");
        }

        at++;
        return path;
    }

    private MapNode Open(MapNode table, List<string> path)
    {
        if (table[path[^1]] is not { } existing)
        {
            MapNode made = new();
            table[path[^1]] = made;
            return made;
        }

        return existing is MapNode map && implied.Remove(map) ? map : throw Error($"Key '{Dotted(path)}' has already been defined.");
    }

    private MapNode Append(MapNode table, List<string> path)
    {
        ListNode list = table[path[^1]] switch
        {
            null => [],
            ListNode existing when !values.Contains(existing) => existing,
            _ => throw Error($"Key '{Dotted(path)}' was already created and cannot be used as an array."),
        };
        table[path[^1]] = list;
        MapNode item = new();
        list.Add(item);
        return item;
    }

    /// <summary>The table at the end of a path whose parent is given, made if there is none.</summary>
    private MapNode Descend(MapNode table, List<string> path)
    {
        switch (table[path[^1]])
        {
            case null:
                MapNode made = new();
                table[path[^1]] = made;
                implied.Add(made);
                return made;
            case MapNode map:
                return map;
            case ListNode { Count: > 0 } list when !values.Contains(list) && list[^1] is MapNode last:
                return last;
            default:
                throw Error($"Key '{Dotted(path)}' was already created as a hash.");
        }
    }

    private void ReadPair(MapNode table, int depth)
    {
        List<string> outer = context;
        List<string> path = ReadKey();
        currentKey = path[^1];
        context = [.. outer];
        foreach (string key in path[..^1])
        {
            context.Add(key);
            bool known = table.ContainsKey(key);
            table = Descend(table, context);
            if (known)
            {
                implied.Remove(table);
            }
        }

        SkipBlanks();
        Node value = ReadValue(depth + 1);
        switch (table[currentKey])
        {
            case null:
                table[currentKey] = value;
                break;
            case MapNode map when implied.Remove(map):
                // The decoder drops the value without a word.
                break;
            default:
                throw Error($"Key '{Dotted([.. context, currentKey])}' has already been defined.");
        }

        context = outer;
    }

    private List<string> ReadKey()
    {
        SkipBlanks();
        if (AtEnd || Current == '=')
        {
            throw Error("unexpected '=': key name appears blank");
        }

        if (Current == '.')
        {
            throw Error("unexpected '.': keys cannot start with a '.'");
        }

        List<string> path = [];
        while (true)
        {
            SkipBlanks();
            if (AtEnd || Current is '=' or '.')
            {
                throw Error(Current == '.' ? "unexpected '.'" : "unexpected '='");
            }

            path.Add(ReadSimpleKey());
            SkipBlanks();
            if (Current != '.' || path.Count > MaxDepth)
            {
                break;
            }

            at++;
        }

        if (AtEnd)
        {
            throw Error("unexpected EOF; expected key separator '='");
        }

        if (Current != '=')
        {
            throw Error($"expected '.' or '=', but got {Found()} instead");
        }

        at++;
        return path;
    }

    private string ReadSimpleKey()
    {
        if (Current is '"' or '\'')
        {
            return Current == '"' ? ReadBasic() : ReadLiteral();
        }

        int start = at;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-'))
        {
            at++;
        }

        return text[start..at];
    }

    private void SkipBlanks()
    {
        while (Current is ' ' or '\t')
        {
            at++;
        }
    }

    private void SkipBlankLines()
    {
        while (Current is ' ' or '\t' or '\n' or '#')
        {
            if (Current == '#')
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

    /// <summary>The character here as <c>%q</c> prints it; NUL stands for the end.</summary>
    private string Found() => AtEnd ? "'\\x00'" : GoText.Quote(GoText.RuneAt(text, at, out _, out _).ToString(), '\'', ascii: false);

    private static string Dotted(List<string> path) => string.Join('.', path.Select(Quoted));

    private static string Quoted(string key) =>
        key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? key : GoText.Quote(key);

    private ChartException Error(string words)
    {
        string last = Dotted(context) + (context.Count > 0 && currentKey.Length > 0 ? "." : string.Empty) + currentKey;
        string key = last.Length > 0 ? $" (last key {GoText.Quote(last)})" : string.Empty;
        int line = 1 + text.AsSpan(0, Math.Min(at, text.Length)).Count('\n');
        return new ChartException($"toml: line {line}{key}: {words}");
    }
}
