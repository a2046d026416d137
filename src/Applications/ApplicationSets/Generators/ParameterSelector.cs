using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>
/// A <c>metav1.LabelSelector</c> over any texts: Argo CD lifts the rules for label values here, so that parameters such as a cluster's
/// address can be selected by.
/// </summary>
internal sealed class ParameterSelector
{
    private readonly List<LabelRequirement> requirements = [];

    /// <param name="selector">Null or empty selects everything.</param>
    /// <exception cref="GeneratorException">An operator or a number of values that there is not.</exception>
    public ParameterSelector(Node? selector)
    {
        foreach ((string key, Node value) in selector?["matchLabels"] as MapNode ?? [])
        {
            requirements.Add(new LabelRequirement(key, "In", [Parameters.Text(value)]));
        }

        foreach (Node expression in selector?["matchExpressions"] as ListNode ?? [])
        {
            string key = Parameters.Text(expression["key"]);
            string @operator = Parameters.Text(expression["operator"]);
            string[] values = expression["values"] is ListNode list ? [.. list.Select(item => Parameters.Text(item))] : [];
            bool allowed = @operator switch
            {
                "In" or "NotIn" => values.Length > 0,
                "Exists" or "DoesNotExist" => values.Length == 0,
                "Gt" or "Lt" => values.Length == 1 && long.TryParse(values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
                _ => throw new GeneratorException($"error parsing label selector: \"{@operator}\" is not a valid label selector operator"),
            };
            requirements.Add(allowed ? new LabelRequirement(key, @operator, values) : throw new GeneratorException($"error parsing label selector: {key}: the values do not go with operator {@operator}"));
        }
    }

    public bool IsEmpty => requirements.Count == 0;

    public bool Matches(Node? labels) => requirements.TrueForAll(requirement => requirement.Holds(labels?[requirement.Key] is { } value ? Parameters.Text(value) : null));
}
