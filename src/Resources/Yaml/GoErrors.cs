using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>
/// How go-yaml words an error. Its lines count from 0 until they are printed, where 0 means that it knows none; v2 prints the line of the
/// problem, v3 the line where the construct around it starts; and only its scanner adds the one that is missing.
/// </summary>
internal static class GoErrors
{
    public static string Scanning(YamlDialect dialect, int contextLine, int problemLine, string reason)
    {
        int line = Known(dialect, contextLine, problemLine);
        return Print(line > 0 ? line + 1 : 0, reason);
    }

    public static string Parsing(YamlDialect dialect, int contextLine, int problemLine, string reason) =>
        Print(Known(dialect, contextLine, problemLine), reason);

    /// <summary>A key that appears twice; lines count from 1.</summary>
    public static string Duplicate(YamlDialect dialect, string key, int firstLine, int keyLine, int valueLine) =>
        dialect == YamlDialect.Yaml12
            ? $"yaml: unmarshal errors:\n  line {keyLine}: mapping key \"{key}\" already defined at line {firstLine}"
            : $"yaml: unmarshal errors:\n  line {valueLine}: key \"{key}\" already set in map";

    /// <summary>A value as Go's <c>%#v</c> prints what go-yaml v2 decoded.</summary>
    public static string Syntax(Node node)
    {
        StringBuilder text = new();
        AppendSyntax(text, node);
        return text.ToString();
    }

    private static void AppendSyntax(StringBuilder text, Node node)
    {
        switch (node)
        {
            case MapNode map:
                text.Append("map[interface {}]interface {}{");
                AppendAll(text, map.OrderBy(member => member.Key, StringComparer.Ordinal), member =>
                {
                    AppendQuoted(text, member.Key);
                    text.Append(':');
                    AppendSyntax(text, member.Value);
                });
                break;
            case ListNode list:
                text.Append("[]interface {}{");
                AppendAll(text, list, item => AppendSyntax(text, item));
                break;
            case StringNode value:
                AppendQuoted(text, value.Value);
                break;
            case FloatNode number:
                text.Append(GoFloat.General(number.Value));
                break;
            case NullNode:
                text.Append("interface {}(nil)");
                break;
            default:
                text.Append(node);
                break;
        }
    }

    private static void AppendAll<T>(StringBuilder text, IEnumerable<T> items, Action<T> append)
    {
        string separator = string.Empty;
        foreach (T item in items)
        {
            text.Append(separator);
            append(item);
            separator = ", ";
        }

        text.Append('}');
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            text.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\u007f' => $"\\x{(int)c:x2}",
                _ => c.ToString(CultureInfo.InvariantCulture),
            });
        }

        text.Append('"');
    }

    private static int Known(YamlDialect dialect, int contextLine, int problemLine) => dialect switch
    {
        YamlDialect.Yaml12 => contextLine > 0 ? contextLine : problemLine,
        _ => problemLine > 0 ? problemLine : contextLine,
    };

    private static string Print(int line, string reason) => line > 0 ? $"yaml: line {line}: {reason}" : $"yaml: {reason}";
}
