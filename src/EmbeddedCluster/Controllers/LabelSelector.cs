using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>A compiled <c>metav1.LabelSelector</c>: every requirement has to hold.</summary>
internal sealed partial class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);
    public static readonly LabelSelector Nothing = new(null);
    private readonly IReadOnlyList<Requirement>? requirements;

    private LabelSelector(IReadOnlyList<Requirement>? requirements) => this.requirements = requirements;

    public bool IsEmpty => requirements is { Count: 0 };

    /// <summary>A missing selector selects nothing and an empty one everything, as in the API.</summary>
    public static LabelSelector Of(Node? selector)
    {
        if (selector is not MapNode map)
        {
            return Nothing;
        }

        List<Requirement> requirements = [.. Equalities(map["matchLabels"])];
        requirements.AddRange(map["matchExpressions"].Maps().Select(Requirement.Of));
        return new LabelSelector(requirements);
    }

    /// <summary>What all of several selectors select.</summary>
    public static LabelSelector All(IReadOnlyList<LabelSelector> selectors) =>
        selectors.Count == 1 ? selectors[0]
        : selectors.Any(selector => selector.requirements is null) ? Nothing
        : new LabelSelector([.. selectors.SelectMany(selector => selector.requirements!)]);

    /// <summary>A plain map of labels (Service, ReplicationController). An empty one selects nothing.</summary>
    public static LabelSelector OfLabels(Node? labels) =>
        labels is MapNode { Count: > 0 } map ? new LabelSelector([.. Equalities(map)]) : Nothing;

    /// <summary>A selector in its text form (<c>app=web,tier in (a,b),!old</c>), as scale subresources have it; what cannot be read selects nothing.</summary>
    public static LabelSelector Parse(string text)
    {
        List<Requirement> requirements = [];
        foreach (string part in Parts(text))
        {
            if (Expression().Match(part) is not { Success: true } match)
            {
                return Nothing;
            }

            requirements.Add(Read(match));
        }

        return requirements.Count == 0 ? Nothing : new LabelSelector(requirements);
    }

    /// <summary>A <c>metav1.LabelSelector</c> as Go prints a pointer to one.</summary>
    public static string Print(Node? selector)
    {
        if (selector is not MapNode map)
        {
            return "nil";
        }

        string labels = string.Concat(((map["matchLabels"] as MapNode) ?? []).Sorted().Select(label => $"{label.Key}: {label.Value.AsString()},"));
        string expressions = string.Concat(map["matchExpressions"].Maps().Select(expression =>
            $"LabelSelectorRequirement{{Key:{expression.Text("key")},Operator:{expression.Text("operator")},Values:[{string.Join(' ', expression["values"].Strings())}],}},"));
        return $"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}";
    }

    public bool Matches(MapNode? labels)
    {
        if (requirements is null)
        {
            return false;
        }

        foreach (Requirement requirement in requirements)
        {
            if (!requirement.Holds(labels?[requirement.Key]?.AsString()))
            {
                return false;
            }
        }

        return true;
    }

    private static Requirement Read(Match match)
    {
        string key = match.Groups["key"].Value;
        if (match.Groups["set"].Success)
        {
            string[] values = match.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries);
            return new Requirement(key, match.Groups["set"].Value == "in" ? "In" : "NotIn", values);
        }

        if (match.Groups["sign"].Success)
        {
            return new Requirement(key, match.Groups["sign"].Value == "!=" ? "NotIn" : "In", [match.Groups["value"].Value]);
        }

        return new Requirement(key, match.Groups["not"].Length > 0 ? "DoesNotExist" : "Exists", []);
    }

    // Commas inside parentheses separate values.
    private static IEnumerable<string> Parts(string text)
    {
        int start = 0;
        int depth = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
            else
            {
                depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            }
        }
    }

    [GeneratedRegex(@"^(?<not>!?)(?<key>[A-Za-z0-9._/-]+)(?:\s+(?<set>in|notin)\s*\((?<values>[^()]*)\)|\s*(?<sign>==|=|!=)\s*(?<value>[A-Za-z0-9._-]*))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Expression();

    private static IEnumerable<Requirement> Equalities(Node? labels) =>
        (labels as MapNode)?.Select(label => new Requirement(label.Key, "In", [label.Value.AsString() ?? string.Empty])) ?? [];
}

/// <summary>One expression of a label or node selector; <c>Gt</c> and <c>Lt</c> exist for nodes only.</summary>
internal sealed record Requirement(string Key, string Operator, IReadOnlyList<string> Values)
{
    public static Requirement Of(MapNode expression) =>
        new(expression.Text("key"), expression.Text("operator"), [.. expression["values"].Strings()]);

    public bool Holds(string? actual) => Operator switch
    {
        "In" => actual is not null && Values.Contains(actual),
        "NotIn" => actual is null || !Values.Contains(actual),
        "Exists" => actual is not null,
        "DoesNotExist" => actual is null,
        "Gt" => Number(actual) is { } left && Number(Values.FirstOrDefault()) is { } right && left > right,
        "Lt" => Number(actual) is { } left && Number(Values.FirstOrDefault()) is { } right && left < right,
        _ => false,
    };

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
}
