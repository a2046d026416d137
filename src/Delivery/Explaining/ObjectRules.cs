using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>What any object says of itself.</summary>
internal static class ObjectRules
{
    // Conditions of these types are good news when they are False.
    private static readonly HashSet<string> Negative = ["Stalled", "Reconciling", "ReplicaFailure", "Failed", "Degraded", "ScalingLimited", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>Conditions that are not as they should be.</summary>
    public static IEnumerable<Cause> Conditions(CauseQuestion question)
    {
        foreach (Node condition in question.Live.At("status", "conditions") as ListNode ?? [])
        {
            string type = condition["type"]?.AsString() ?? string.Empty;
            bool bad = condition["status"]?.AsString() == (Negative.Contains(type) ? "True" : "False");
            string message = condition["message"]?.AsString() is { Length: > 0 } said ? said : condition["reason"]?.AsString() ?? string.Empty;
            if (bad && type != "Suspended" && message.Length > 0)
            {
                yield return new Cause(null, $"{type} is {condition["status"]}: {message}");
            }
        }
    }

    /// <summary>The newest warnings about it.</summary>
    public static IEnumerable<Cause> Warnings(CauseQuestion question) =>
        question.View.WarningsOf(question.Live).Take(2).Select(warning => new Cause(null, $"{warning.Reason}: {warning.Message}"));
}
