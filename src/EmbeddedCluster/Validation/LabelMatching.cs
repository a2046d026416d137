using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Whether a metav1.LabelSelector selects labels.</summary>
internal static class LabelMatching
{
    public static bool Selects(Node selector, Node? labels)
    {
        bool plain = (selector["matchLabels"] as MapNode ?? []).All(pair => labels?[pair.Key]?.AsString() == pair.Value.AsString());
        return plain && (selector["matchExpressions"]?.AsList() ?? []).All(expression => Matches(expression, labels));
    }

    private static bool Matches(Node expression, Node? labels)
    {
        string? value = labels?[expression["key"]?.AsString() ?? string.Empty]?.AsString();
        bool contained = (expression["values"]?.AsList() ?? []).Any(item => item.AsString() == value);
        return expression["operator"]?.AsString() switch
        {
            "In" => value is not null && contained,
            "NotIn" => value is null || !contained,
            "Exists" => value is not null,
            _ => value is null,
        };
    }
}
