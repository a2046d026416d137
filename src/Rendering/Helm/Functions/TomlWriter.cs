using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Writes TOML as BurntSushi's encoder lays it out: values before tables, both sorted, tables indented by their depth.</summary>
internal sealed class TomlWriter
{
    private readonly StringBuilder output = new();

    private TomlWriter()
    {
    }

    /// <summary>A value that is no table is written alone, without a key.</summary>
    public static string Write(Node root)
    {
        TomlWriter writer = new();
        switch (root)
        {
            case MapNode map:
                writer.WriteTable(map, []);
                break;
            default:
                if (IsTables(root))
                {
                    throw new GoError("toml: top-level values must be Go maps or structs");
                }

                writer.WriteValue(root);
                break;
        }

        return writer.output.ToString();
    }

    private static bool IsTables(Node node)
    {
        if (node is not ListNode { Count: > 0 } list)
        {
            return false;
        }

        return list.Any(item => item.IsNull)
            ? throw new GoError("toml: cannot encode array with nil element")
            : list.All(item => item is MapNode);
    }

    private static bool IsTable(Node node) => node is MapNode || IsTables(node);

    private static string Indent(string[] path) => new(' ', 2 * (path.Length - 1));

    private static string Name(string[] path) => string.Join('.', path.Select(Key));

    private static string Key(string key) =>
        key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? key : Quote(key);

    private void WriteTable(MapNode map, string[] path)
    {
        KeyValuePair<string, Node>[] members = [.. map.Sorted().Where(member => !member.Value.IsNull)];
        foreach ((string key, Node value) in members.Where(member => !IsTable(member.Value)))
        {
            string[] inner = [.. path, key];
            output.Append(Indent(inner)).Append(Key(key)).Append(" = ");
            WriteValue(value);
            output.Append('\n');
        }

        foreach ((string key, Node value) in members.Where(member => IsTable(member.Value)))
        {
            WriteTables(value, [.. path, key]);
        }
    }

    private void WriteTables(Node value, string[] path)
    {
        if (value is MapNode map)
        {
            if (path.Length == 1)
            {
                NewLine();
            }

            output.Append(Indent(path)).Append('[').Append(Name(path)).Append("]\n");
            WriteTable(map, path);
            return;
        }

        foreach (Node item in (ListNode)value)
        {
            NewLine();
            output.Append(Indent(path)).Append("[[").Append(Name(path)).Append("]]\n");
            WriteTable((MapNode)item, path);
        }
    }

    private void NewLine()
    {
        if (output.Length > 0)
        {
            output.Append('\n');
        }
    }

    private void WriteValue(Node value)
    {
        switch (value)
        {
            case StringNode text:
                output.Append(Quote(text.Value));
                break;
            case FloatNode number:
                output.Append(Float(number.Value));
                break;
            case GoTime time:
                output.Append(TomlTime.Text(time));
                break;
            case GoDuration duration:
                output.Append(Quote(duration.Text));
                break;
            case ListNode list:
                output.Append('[');
                WriteJoined(list, WriteValue);
                output.Append(']');
                break;
            case MapNode map:
                WriteInline(map);
                break;
            case NullNode:
                throw new GoError("toml: cannot encode array with nil element");
            default:
                output.Append(value);
                break;
        }
    }

    /// <summary>In a line, too, tables come after values. Upstream puts a comma behind a value where a nil follows.</summary>
    private void WriteInline(MapNode map)
    {
        KeyValuePair<string, Node>[] members = [.. map.Sorted()];
        KeyValuePair<string, Node>[] values = [.. members.Where(member => !IsTable(member.Value))];
        KeyValuePair<string, Node>[] tables = [.. members.Where(member => IsTable(member.Value))];
        output.Append('{');
        WriteMembers(values, tables.Length > 0);
        WriteMembers(tables, commaBehind: false);
        output.Append('}');
    }

    private void WriteMembers(KeyValuePair<string, Node>[] members, bool commaBehind)
    {
        for (int i = 0; i < members.Length; i++)
        {
            if (members[i].Value.IsNull)
            {
                continue;
            }

            output.Append(Key(members[i].Key)).Append(" = ");
            WriteValue(members[i].Value);
            output.Append(commaBehind || i < members.Length - 1 ? ", " : string.Empty);
        }
    }

    private void WriteJoined<T>(IEnumerable<T> items, Action<T> write)
    {
        bool first = true;
        foreach (T item in items)
        {
            output.Append(first ? string.Empty : ", ");
            write(item);
            first = false;
        }
    }

    private static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string text = GoFloat.General(value);
        return text.Contains('.', StringComparison.Ordinal) || text.Contains('e', StringComparison.Ordinal) ? text : text + ".0";
    }

    private static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\t' => "\\t",
                '\n' => "\\n",
                '\r' => "\\r",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
