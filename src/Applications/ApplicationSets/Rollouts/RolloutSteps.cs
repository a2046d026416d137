using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Rollouts;

/// <summary>The steps of a set's <c>strategy: {type: RollingSync}</c>: which applications each one selects by their labels, and how many may move at once.</summary>
internal sealed class RolloutSteps
{
    private readonly ListNode steps;

    private RolloutSteps(ListNode steps, bool reverseDeletion)
    {
        this.steps = steps;
        DeletesInReverse = reverseDeletion;
    }

    public int Count => steps.Count;

    /// <summary>Whether a set that is deleted deletes its applications from the last step to the first.</summary>
    public bool DeletesInReverse { get; }

    /// <summary>Null for a set that rolls nothing out: all applications sync at once.</summary>
    public static RolloutSteps? Of(MapNode set) =>
        set.At("spec", "strategy") is { } strategy && strategy["type"]?.AsString() == "RollingSync" && strategy.At("rollingSync", "steps") is ListNode { Count: > 0 } steps
            ? new RolloutSteps(steps, string.Equals(strategy["deletionOrder"]?.AsString(), "Reverse", StringComparison.OrdinalIgnoreCase))
            : null;

    /// <summary>The step of an application, from 1; -1 for one that no step selects.</summary>
    public int StepOf(MapNode application)
    {
        Node? labels = application.At("metadata", "labels");
        int index = 0;
        foreach (Node step in steps)
        {
            index++;
            if ((step["matchExpressions"] as ListNode ?? []).Select(LabelRequirement.Of).All(requirement => Selects(requirement, labels)))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>How many applications of a step may be on their way at once; a percentage above zero is at least one.</summary>
    public int MostAtOnce(int step, int applications) => (step > 0 ? steps[step - 1]["maxUpdate"] : null) switch
    {
        null or NullNode => int.MaxValue,
        StringNode { Value: var text } when text.EndsWith('%') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int percent) =>
            percent == 0 ? 0 : Math.Max(1, (int)((long)applications * percent / 100)),
        { } number when int.TryParse(number.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int most) => most,
        _ => int.MaxValue,
    };

    /// <summary>What of the steps cannot be meant; null when nothing.</summary>
    public string? Problem()
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if ((steps[i]["matchExpressions"] as ListNode ?? []).FirstOrDefault(expression => expression["operator"]?.AsString() is not ("In" or "NotIn")) is { } wrong)
            {
                return $"step {i + 1} has a match expression with operator \"{wrong["operator"]}\"; there are In and NotIn";
            }

            if (steps[i]["maxUpdate"] is StringNode { Value: var text } && !int.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return $"step {i + 1} has maxUpdate \"{text}\", which is neither a number nor a percentage";
            }
        }

        return null;
    }

    private static bool Selects(LabelRequirement requirement, Node? labels) =>
        requirement.Operator is "In" or "NotIn" && requirement.Holds(labels?[requirement.Key]?.AsString());
}
