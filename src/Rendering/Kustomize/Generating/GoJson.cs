using System.Globalization;
using System.Text;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Generating;

/// <summary>JSON exactly as Go's encoding/json marshals maps: sorted keys, and &lt;, &gt;, &amp; escaped; hashes depend on every byte.</summary>
internal static class GoJson
{
    public static void Write(Node node, StringBuilder json)
    {
        switch (node)
        {
            case MapNode map:
                WriteMap(map, json);
                break;
            case ListNode list:
                WriteList(list, json);
                break;
            case StringNode text:
                WriteString(text.Value, json);
                break;
            case BoolNode flag:
                json.Append(flag.Value ? "true" : "false");
                break;
            case IntegerNode integer:
                json.Append(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatNode number:
                json.Append(number.Value.ToString("R", CultureInfo.InvariantCulture));
                break;
            case WrittenScalar written:
                Write(written.Resolved, json);
                break;
            default:
                json.Append("null");
                break;
        }
    }

    private static void WriteMap(MapNode map, StringBuilder json)
    {
        json.Append('{');
        string separator = string.Empty;
        foreach ((string key, Node value) in map.Sorted())
        {
            json.Append(separator);
            WriteString(key, json);
            json.Append(':');
            Write(value, json);
            separator = ",";
        }

        json.Append('}');
    }

    private static void WriteList(ListNode list, StringBuilder json)
    {
        json.Append('[');
        string separator = string.Empty;
        foreach (Node item in list)
        {
            json.Append(separator);
            Write(item, json);
            separator = ",";
        }

        json.Append(']');
    }

    private static void WriteString(string text, StringBuilder json)
    {
        json.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"' or '\\':
                    json.Append('\\').Append(c);
                    break;
                case '\n':
                    json.Append("\\n");
                    break;
                case '\r':
                    json.Append("\\r");
                    break;
                case '\t':
                    json.Append("\\t");
                    break;
                case '\b':
                    json.Append("\\b");
                    break;
                case '\f':
                    json.Append("\\f");
                    break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default:
                    json.Append(c);
                    break;
            }
        }

        json.Append('"');
    }
}
