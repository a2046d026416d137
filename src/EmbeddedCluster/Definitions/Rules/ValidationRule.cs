using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>One entry of x-kubernetes-validations.</summary>
internal sealed record ValidationRule(string Rule, string Message, string MessageExpression, string? Reason, string FieldPath, bool? OptionalOldSelf)
{
    /// <summary>What messages call the rule.</summary>
    public string Shown => Message.Length > 0 ? Message.Trim() : Rule.Trim();

    public string DefaultDetail => Message.Length > 0 ? Message.Trim() : $"failed rule: {Rule.Trim()}";

    public static IEnumerable<ValidationRule> Of(MapNode schema) => (schema["x-kubernetes-validations"]?.AsList() ?? []).Select(Read);

    /// <summary>The rule as Go's JSON prints the internal type, which compile errors quote.</summary>
    public string ToJson() => GoEscaped(JsonWriter.ToText(new MapNode
    {
        ["Rule"] = Rule,
        ["Message"] = Message,
        ["MessageExpression"] = MessageExpression,
        ["Reason"] = Reason is null ? Node.Null : Reason,
        ["FieldPath"] = FieldPath,
        ["OptionalOldSelf"] = OptionalOldSelf is { } flag ? flag : Node.Null,
    }));

    private static string GoEscaped(string json) => json
        .Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);

    private static ValidationRule Read(Node node)
    {
        string Text(string key) => node[key]?.AsString() ?? string.Empty;
        return new ValidationRule(Text("rule"), Text("message"), Text("messageExpression"), node["reason"]?.AsString(), Text("fieldPath"), node["optionalOldSelf"]?.AsBool());
    }
}
