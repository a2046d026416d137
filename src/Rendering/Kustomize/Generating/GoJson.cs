using System.Globalization;
using System.Text;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Generating;

/// <summary>JSON exactly as Go's encoding/json marshals maps: sorted keys, and &lt;, &gt;, &amp; escaped; hashes depend on every byte.</summary>
internal static class GoJson
{
    private const long MaxExact = 1L << 53;

    /// <param name="line">A line feed and the indentation so far, to indent by two blanks; null for one line.</param>
    public static void Write(Node node, StringBuilder json, string? line = null)
    {
        switch (node)
        {
            case MapNode map:
                WriteMap(map, json, line);
                break;
            case ListNode list:
                WriteList(list, json, line);
                break;
            case StringNode text:
                WriteString(text.Value, json);
                break;
            case BoolNode flag:
                json.Append(flag.Value ? "true" : "false");
                break;
            case IntegerNode integer when integer.Value is < -MaxExact or > MaxExact:
                // What has been JSON before is a float by now.
                json.Append(Number(integer.Value));
                break;
            case IntegerNode integer:
                json.Append(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatNode number:
                json.Append(Number(number.Value));
                break;
            case OpaqueNode opaque:
                Write(opaque.ToPlain(), json, line);
                break;
            default:
                json.Append("null");
                break;
        }
    }

    private static void WriteMap(MapNode map, StringBuilder json, string? line)
    {
        string? inner = line is null ? null : $"{line}  ";
        string separator = string.Empty;
        json.Append('{');
        foreach ((string key, Node value) in map.Sorted())
        {
            json.Append(separator).Append(inner);
            WriteString(key, json);
            json.Append(inner is null ? ":" : ": ");
            Write(value, json, inner);
            separator = ",";
        }

        json.Append(map.Count > 0 ? line : null).Append('}');
    }

    private static void WriteList(ListNode list, StringBuilder json, string? line)
    {
        string? inner = line is null ? null : $"{line}  ";
        string separator = string.Empty;
        json.Append('[');
        foreach (Node item in list)
        {
            json.Append(separator).Append(inner);
            Write(item, json, inner);
            separator = ",";
        }

        json.Append(list.Count > 0 ? line : null).Append(']');
    }

    /// <summary>Shortest digits; an exponent only below 1e-6 and from 1e21 on.</summary>
    private static string Number(double value)
    {
        double magnitude = Math.Abs(value);
        if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21))
        {
            return decimal.TryParse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal plain)
                ? plain.ToString(CultureInfo.InvariantCulture)
                : value.ToString("F0", CultureInfo.InvariantCulture);
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.Replace("e-0", "e-", StringComparison.Ordinal).Replace("e+0", "e+", StringComparison.Ordinal);
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
