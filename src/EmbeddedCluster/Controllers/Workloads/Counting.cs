using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Statuses as Go marshals them: zero counts are left out, conditions replaced in place of appended twice.</summary>
internal static class Counting
{
    public static void PutCount(this MapNode status, string key, int count)
    {
        if (count != 0)
        {
            status[key] = count;
        }
    }

    /// <summary>Sets a condition at the end of the list, unless it says the same already; the transition time moves only with the status.</summary>
    public static void SetCondition(ListNode conditions, MapNode condition)
    {
        MapNode? current = conditions.Maps().FirstOrDefault(item => item.Text("type") == condition.Text("type"));
        if (current is not null)
        {
            if (current.Text("status") == condition.Text("status") && current.Text("reason") == condition.Text("reason"))
            {
                return;
            }

            if (current.Text("status") == condition.Text("status") && current["lastTransitionTime"] is { } since)
            {
                condition["lastTransitionTime"] = since;
            }
        }

        RemoveCondition(conditions, condition.Text("type"));
        conditions.Add(condition);
    }

    public static void RemoveCondition(ListNode conditions, string type) =>
        conditions.RemoveAll(item => item is MapNode map && map.Text("type") == type);

    public static ListNode CopyConditions(MapNode status) => status["conditions"]?.DeepClone() as ListNode ?? new ListNode();

    public static void PutConditions(this MapNode status, ListNode conditions)
    {
        if (conditions.Count > 0)
        {
            status["conditions"] = conditions;
        }
    }
}
