using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Reads the parts of a live object that health rules ask for, with Kubernetes' meaning of absence (0, false, none).</summary>
internal static class StatusFields
{
    public static long Count(this MapNode live, string section, string field, long absent = 0) => live.At(section, field)?.AsInteger() ?? absent;

    public static bool IsObserved(this MapNode live) =>
        live.Count("status", "observedGeneration") >= (live.At("metadata", "generation")?.AsInteger() ?? 0);

    public static Node? Condition(this MapNode live, string type)
    {
        if (live.At("status", "conditions") is ListNode conditions)
        {
            foreach (Node condition in conditions)
            {
                if (condition["type"]?.AsString() == type)
                {
                    return condition;
                }
            }
        }

        return null;
    }

    public static bool Is(this Node? condition, string status) => condition?["status"]?.AsString() == status;

    public static string Message(this Node? condition) =>
        condition?["message"]?.AsString() is { Length: > 0 } message ? message : condition?["reason"]?.AsString() ?? string.Empty;

    public static IEnumerable<Node> AsItems(this Node? node) => node as ListNode ?? (IEnumerable<Node>)[];
}
