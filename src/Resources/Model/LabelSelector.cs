namespace Bowline.Resources.Model;

/// <summary>
/// What selects objects by their labels, whether an object holds it (<c>metav1.LabelSelector</c>) or a text does
/// (<c>app=web,tier in (a,b),!old</c>): every requirement has to hold.
/// </summary>
public sealed partial class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);
    public static readonly LabelSelector Nothing = new(null);
    private readonly IReadOnlyList<LabelRequirement>? requirements;

    private LabelSelector(IReadOnlyList<LabelRequirement>? requirements) => this.requirements = requirements;

    /// <summary>Without any requirement, and so of everything.</summary>
    public bool IsEmpty => requirements is { Count: 0 };

    public IReadOnlyList<LabelRequirement> Requirements => requirements ?? [];

    /// <summary>A missing selector selects nothing and an empty one everything, as in the API.</summary>
    public static LabelSelector Of(Node? selector) => selector is MapNode map
        ? new LabelSelector([.. Equalities(map["matchLabels"]), .. (map["matchExpressions"] as ListNode ?? []).Select(LabelRequirement.Of)])
        : Nothing;

    /// <summary>A selector that may be left out, and then selects everything (webhooks, policies).</summary>
    public static LabelSelector OfOptional(Node? selector) => selector is MapNode ? Of(selector) : Everything;

    /// <summary>A plain map of labels (Service, ReplicationController). An empty one selects nothing.</summary>
    public static LabelSelector OfLabels(Node? labels) => labels is MapNode { Count: > 0 } map ? new LabelSelector([.. Equalities(map)]) : Nothing;

    /// <summary>What all of several selectors select.</summary>
    public static LabelSelector All(IReadOnlyList<LabelSelector> selectors) =>
        selectors.Count == 1 ? selectors[0]
        : selectors.Any(selector => selector.requirements is null) ? Nothing
        : new LabelSelector([.. selectors.SelectMany(selector => selector.requirements!)]);

    /// <param name="labels">A map of labels; null for an object without any.</param>
    public bool Matches(Node? labels)
    {
        if (requirements is null)
        {
            return false;
        }

        foreach (LabelRequirement requirement in requirements)
        {
            if (!requirement.Holds(labels?[requirement.Key]?.AsString()))
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<LabelRequirement> Equalities(Node? labels) =>
        (labels as MapNode)?.Select(label => new LabelRequirement(label.Key, "In", [label.Value.AsString() ?? string.Empty])) ?? [];
}
