using System.Globalization;
using System.Text.Json;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Values;

/// <summary>What the text behind the equals sign means.</summary>
internal enum SetKind
{
    /// <summary><c>--set</c>: booleans, null and whole numbers are themselves, everything else is text.</summary>
    Typed,

    /// <summary><c>--set-string</c>.</summary>
    Text,

    /// <summary><c>--set-file</c>: the name of a file whose content it is.</summary>
    File,

    /// <summary><c>--set-json</c>.</summary>
    Json,

    /// <summary><c>--set-literal</c>: everything up to the end, escapes and commas included.</summary>
    Literal,
}

/// <summary>
/// Helm's <c>--set</c> grammar: <c>a.b=1,c[0].d=x,e={1,2}</c> with backslash escapes. Writes into the given values as it reads.
/// </summary>
internal sealed class SetParser(string input, SetKind kind, Func<string, string>? readFile = null)
{
    private const int MaxNesting = 30;
    private const int MaxIndex = 65536;

    private readonly Rune[] runes = [.. input.EnumerateRunes()];
    private int at;

    private bool AtEnd => at >= runes.Length;

    /// <exception cref="ChartException">In Helm's words, without naming the option.</exception>
    public void Into(MapNode values)
    {
        while (!AtEnd)
        {
            if (ReadKey(values, 0))
            {
                return;
            }
        }
    }

    /// <summary>Reads one <c>key=value</c>; true when the input ended where more could have come.</summary>
    private bool ReadKey(MapNode data, int nesting)
    {
        string key = ReadUntil(kind == SetKind.Literal ? "=[." : "=[,.", out char stop);
        switch (stop)
        {
            case '\0' when key.Length == 0:
                return true;
            case '\0':
                throw new ChartException($"key {GoText.Quote(key)} has no value");
            case '[':
                return ReadIndexed(data, key, nesting);
            case '=':
                return ReadAssigned(data, key);
            case ',':
                Set(data, key, StringNode.Empty);
                throw new ChartException($"key {GoText.Quote(key)} has no value (cannot end with ,)");
            default:
                return ReadNested(data, key, nesting + 1);
        }
    }

    private bool ReadNested(MapNode data, string key, int nesting)
    {
        if (nesting > MaxNesting)
        {
            throw new ChartException($"value name nested level is greater than maximum supported nested level of {MaxNesting}");
        }

        MapNode inner = data[key] switch
        {
            null => new MapNode(),
            MapNode map => map,
            Node other => throw WrongType(other, "map[string]interface {}"),
        };
        bool ended = ReadKey(inner, nesting);
        if (!ended && inner.Count == 0)
        {
            throw new ChartException($"key map {GoText.Quote(key)} has no value");
        }

        if (inner.Count > 0)
        {
            Set(data, key, inner);
        }

        return ended;
    }

    private bool ReadIndexed(MapNode data, string key, int nesting)
    {
        int index = ReadIndex();
        ListNode list = data[key] switch
        {
            null => [],
            ListNode existing => existing,
            Node other => throw WrongType(other, "[]interface {}"),
        };
        bool ended = ReadItem(list, index, nesting);
        Set(data, key, list);
        return ended;
    }

    private bool ReadAssigned(MapNode data, string key)
    {
        bool nothing = AtEnd && kind is SetKind.Typed or SetKind.Text or SetKind.File;
        Set(data, key, ReadValue());
        return nothing && AtEnd;
    }

    private bool ReadItem(ListNode list, int index, int nesting)
    {
        if (index < 0)
        {
            throw new ChartException($"negative {index} index not allowed");
        }

        string rest = ReadUntil("[.=", out char stop);
        if (rest.Length > 0)
        {
            throw new ChartException($"unexpected data at end of array index: [{string.Join(' ', rest.EnumerateRunes().Select(rune => $"'{rune}'"))}]");
        }

        switch (stop)
        {
            case '\0':
                return true;
            case '=':
                Place(list, index, ReadValue());
                return false;
            case '[':
                return ReadInnerList(list, index, nesting);
            default:
                MapNode map = index < list.Count && list[index] is MapNode existing ? existing : new MapNode();
                bool ended = ReadKey(map, nesting);
                if (!ended)
                {
                    Place(list, index, map);
                }

                return ended;
        }
    }

    private bool ReadInnerList(ListNode list, int index, int nesting)
    {
        // Indices nest without dots, so they count as levels here where Helm would let them grow with the input.
        if (nesting >= MaxNesting)
        {
            throw new ChartException($"value name nested level is greater than maximum supported nested level of {MaxNesting}");
        }

        int inner = ReadIndex();
        ListNode target = index < list.Count ? list[index] switch
        {
            NullNode => [],
            ListNode existing => existing,
            Node other => throw WrongType(other, "[]interface {}"),
        } : [];
        if (ReadItem(target, inner, nesting + 1))
        {
            return true;
        }

        Place(list, index, target);
        return false;
    }

    private int ReadIndex()
    {
        string text = ReadUntil("]", out char stop);
        if (stop == '\0')
        {
            throw new ChartException("error parsing index: EOF");
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long index))
        {
            return (int)Math.Clamp(index, int.MinValue, int.MaxValue);
        }

        throw new ChartException($"error parsing index: strconv.Atoi: parsing {GoText.Quote(text)}: invalid syntax");
    }

    private Node ReadValue()
    {
        switch (kind)
        {
            case SetKind.Json:
                return ReadJson();
            case SetKind.Literal:
                string literal = string.Concat(runes[at..]);
                at = runes.Length;
                return StringNode.Of(literal);
            case var _ when AtEnd:
                return StringNode.Empty;
            case var _ when runes[at].Value == '{':
                at++;
                return ReadList();
            default:
                return Interpret(ReadUntil(",", out _));
        }
    }

    private ListNode ReadList()
    {
        ListNode list = [];
        while (true)
        {
            string item = ReadUntil(",}", out char stop);
            if (stop == '\0')
            {
                throw new ChartException("list must terminate with '}'");
            }

            list.Add(Interpret(item));
            if (stop == '}')
            {
                if (!AtEnd && runes[at].Value == ',')
                {
                    at++;
                }

                return list;
            }
        }
    }

    private Node ReadJson()
    {
        if (SkipToValue())
        {
            return Node.Null;
        }

        byte[] rest = Encoding.UTF8.GetBytes(string.Concat(runes[at..]));
        try
        {
            Utf8JsonReader reader = new(rest, isFinalBlock: true, default);
            reader.Read();
            reader.Skip();
            int length = (int)reader.BytesConsumed;
            Node value = JsonFloats.Read(rest.AsSpan(0, length));
            at += Encoding.UTF8.GetString(rest, 0, length).EnumerateRunes().Count();
            SkipToValue();
            return value;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ChartException(error.Message, inner: error);
        }
    }

    /// <summary>Skips blanks and one comma; true when that leaves no value.</summary>
    private bool SkipToValue()
    {
        while (!AtEnd)
        {
            if (runes[at].Value == ',')
            {
                at++;
                return true;
            }

            if (!Rune.IsWhiteSpace(runes[at]))
            {
                return false;
            }

            at++;
        }

        return true;
    }

    private string ReadUntil(string stops, out char stop)
    {
        StringBuilder text = new();
        while (!AtEnd)
        {
            Rune rune = runes[at++];
            if (rune.IsAscii && stops.Contains((char)rune.Value, StringComparison.Ordinal))
            {
                stop = (char)rune.Value;
                return text.ToString();
            }

            if (rune.Value == '\\' && kind != SetKind.Literal)
            {
                if (AtEnd)
                {
                    break;
                }

                rune = runes[at++];
            }

            text.Append(rune.ToString());
        }

        stop = '\0';
        return text.ToString();
    }

    private Node Interpret(string text)
    {
        if (kind == SetKind.File)
        {
            return StringNode.Of(readFile!(text));
        }

        if (kind == SetKind.Text)
        {
            return StringNode.Of(text);
        }

        return text.ToUpperInvariant() switch
        {
            "TRUE" => BoolNode.True,
            "FALSE" => BoolNode.False,
            "NULL" => Node.Null,
            "0" => IntegerNode.Of(0),
            _ when text.Length > 0 && text[0] != '0' && char.IsAscii(text[^1])
                && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => IntegerNode.Of(number),
            _ => StringNode.Of(text),
        };
    }

    private static void Set(MapNode data, string key, Node value)
    {
        if (key.Length > 0)
        {
            data[key] = value;
        }
    }

    private static void Place(ListNode list, int index, Node value)
    {
        if (index > MaxIndex)
        {
            throw new ChartException($"index of {index} is greater than maximum supported index of {MaxIndex}");
        }

        while (list.Count <= index)
        {
            list.Add(Node.Null);
        }

        list[index] = value;
    }

    private static ChartException WrongType(Node found, string wanted) =>
        new($"unable to parse key: interface conversion: interface {{}} is {TypeName(found)}, not {wanted}");

    private static string TypeName(Node node) => node.Kind switch
    {
        NodeKind.Map => "map[string]interface {}",
        NodeKind.List => "[]interface {}",
        NodeKind.String => "string",
        NodeKind.Bool => "bool",
        NodeKind.Integer => "int64",
        NodeKind.Float => "float64",
        _ => "nil",
    };
}
