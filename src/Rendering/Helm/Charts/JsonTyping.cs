using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>How sigs.k8s.io/yaml and encoding/json treat a value that a Go type does not fit.</summary>
internal static class JsonTyping
{
    /// <summary>What a plain scalar becomes where a string is wanted; null for maps and lists.</summary>
    public static string? ScalarText(Node node) => node switch
    {
        StringNode text => text.Value,
        IntegerNode integer => integer.ToString(),
        FloatNode number => GoFloat.General(number.Value),
        BoolNode flag => flag.Value ? "true" : "false",
        _ => null,
    };

    public static string Mismatch(Node node, string into, string goType) =>
        $"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {KindName(node)} into Go {into} of type {goType}";

    /// <summary>encoding/json's own words, where no YAML is around it.</summary>
    public static string PlainMismatch(Node node, string goType) => $"json: cannot unmarshal {KindName(node)} into Go value of type {goType}";

    private static string KindName(Node node) => node.Kind switch
    {
        NodeKind.Map => "object",
        NodeKind.List => "array",
        NodeKind.String => "string",
        NodeKind.Bool => "bool",
        _ => "number",
    };
}
