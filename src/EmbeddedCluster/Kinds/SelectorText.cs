using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>A selector object as the text that queries and tables use.</summary>
internal static class SelectorText
{
    public static string Of(Node? selector)
    {
        if (selector is not MapNode map)
        {
            return string.Empty;
        }

        bool structured = map["matchLabels"] is MapNode || map["matchExpressions"] is ListNode;
        MapNode labels = structured ? map["matchLabels"] as MapNode ?? [] : map;
        List<(string Key, string Text)> terms = [.. labels.Select(pair => (pair.Key, $"{pair.Key}={pair.Value.AsString()}"))];
        foreach (Node expression in structured ? map["matchExpressions"]?.AsList() ?? [] : [])
        {
            terms.Add((expression["key"]?.AsString() ?? string.Empty, Expression(expression)));
        }

        return string.Join(",", terms.OrderBy(term => term.Key, StringComparer.Ordinal).Select(term => term.Text));
    }

    private static string Expression(Node expression)
    {
        string key = expression["key"]?.AsString() ?? string.Empty;
        string values = string.Join(",", (expression["values"]?.AsList() ?? []).Select(value => value.AsString()).Order(StringComparer.Ordinal));
        return expression["operator"]?.AsString() switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "Exists" => key,
            _ => "!" + key,
        };
    }
}
