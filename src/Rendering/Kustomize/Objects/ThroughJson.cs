using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>
/// Trees that the original turns into JSON and back: scalars are what they mean rather than what was written, values are
/// shared no longer, and quotes stand only where YAML needs them.
/// </summary>
internal static class ThroughJson
{
    // Numbers of JSON are floats to the original.
    private const long MaxExact = 1L << 53;
    private const double MaxInteger = 9.2e18;

    /// <param name="quotesAll">Whether the JSON itself is read as YAML, where all texts are quoted and whole numbers are exact.</param>
    public static Node Copy(Node node, bool quotesAll = false)
    {
        switch (node)
        {
            case MapNode map:
                MapNode fields = [];
                foreach ((string key, Node value) in map)
                {
                    fields[key] = Copy(value, quotesAll);
                }

                return fields;
            case ListNode list:
                return new ListNode(list.Select(item => Copy(item, quotesAll)));
            case OpaqueNode opaque:
                return Copy(opaque.ToPlain(), quotesAll);
            case StringNode { Quoted: false } text when quotesAll:
                return new StringNode(text.Value) { Line = text.Line, Quoted = true };
            case StringNode text when !quotesAll && text.Value.Length > 0 && text.Quoted == IsPlain(text):
                return new StringNode(text.Value) { Line = text.Line, Quoted = !text.Quoted };
            case FloatNode { Unsigned: not null } number when !quotesAll:
                return new FloatNode(number.Value) { Line = number.Line };
            case IntegerNode { Value: < -MaxExact or > MaxExact } number when !quotesAll:
                double rounded = number.Value;
                return Math.Abs(rounded) < MaxInteger ? new IntegerNode((long)rounded) { Line = number.Line } : new FloatNode(rounded) { Line = number.Line };
            default:
                return node;
        }
    }

    private static bool IsPlain(StringNode text) => YamlWriter.ToText(text)[0] is not ('"' or '\'' or '|');
}
