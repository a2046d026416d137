using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Reads the conditions of a live object.</summary>
internal static class StatusFields
{
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
