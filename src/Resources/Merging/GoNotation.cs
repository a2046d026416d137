using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>Values as Go's fmt prints them, which the API server's errors do here and there.</summary>
public static class GoNotation
{
    /// <summary><c>%v</c>: <c>map[a:1]</c> with sorted keys, <c>[a b]</c>, texts without quotes.</summary>
    public static string Plain(Node node) => node switch
    {
        MapNode map => $"map[{string.Join(' ', map.Sorted().Select(pair => $"{pair.Key}:{Plain(pair.Value)}"))}]",
        ListNode list => $"[{string.Join(' ', list.Select(Plain))}]",
        NullNode => "<nil>",
        _ => node.ToString() ?? string.Empty,
    };

    /// <summary><c>%#v</c>: the value as Go would write it.</summary>
    public static string Literal(Node node) => node switch
    {
        MapNode map => $"map[string]interface {{}}{{{string.Join(", ", map.Sorted().Select(pair => $"{Quoted(pair.Key)}:{Literal(pair.Value)}"))}}}",
        ListNode list => $"[]interface {{}}{{{string.Join(", ", list.Select(Literal))}}}",
        NullNode => "interface {}(nil)",
        StringNode text => Quoted(text.Value),
        _ => node.ToString() ?? string.Empty,
    };

    /// <summary><c>%T</c> of what JSON decodes to.</summary>
    public static string TypeOf(Node node) => node switch
    {
        MapNode => "map[string]interface {}",
        ListNode => "[]interface {}",
        StringNode => "string",
        BoolNode => "bool",
        IntegerNode => "int64",
        FloatNode => "float64",
        _ => "<nil>",
    };

    /// <summary>What encoding/json calls a value that does not fit: <c>cannot unmarshal string into Go value of type …</c>.</summary>
    public static string JsonKind(Node node) => node switch
    {
        MapNode => "object",
        ListNode => "array",
        StringNode => "string",
        BoolNode => "bool",
        _ => "number",
    };

    private static string Quoted(string text)
    {
        System.Text.StringBuilder quoted = new("\"", text.Length + 2);
        foreach (char letter in text)
        {
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}"),
                _ => letter.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
