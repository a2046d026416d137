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

    /// <summary>A <c>metav1.LabelSelector</c> as Go prints a pointer to one.</summary>
    public static string Go(Node? selector)
    {
        if (selector is not MapNode map)
        {
            return "nil";
        }

        string labels = string.Concat((map["matchLabels"] as MapNode ?? []).OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}: {label.Value.AsString()},"));
        string expressions = string.Concat((map["matchExpressions"] as ListNode ?? []).Select(LabelRequirement.Of).Select(expression =>
            $"LabelSelectorRequirement{{Key:{expression.Key},Operator:{expression.Operator},Values:[{string.Join(' ', expression.Values)}],}},"));
        return $"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}";
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
