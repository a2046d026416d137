using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Conditions of certificate requests get their times from the server.</summary>
internal static class Approval
{
    public static void Settle(MapNode next, MapNode live, string now)
    {
        foreach (MapNode condition in (next.At("status", "conditions")?.AsList() ?? []).OfType<MapNode>())
        {
            if (condition["lastUpdateTime"] is null or NullNode)
            {
                condition["lastUpdateTime"] = now;
            }

            if (condition["lastTransitionTime"] is null or NullNode)
            {
                Node? before = (live.At("status", "conditions")?.AsList() ?? []).FirstOrDefault(other => Node.DeepEquals(other["type"], condition["type"]));
                condition["lastTransitionTime"] = before is not null && Node.DeepEquals(before["status"], condition["status"]) ? before["lastTransitionTime"] ?? StringNode.Of(now) : StringNode.Of(now);
            }
        }
    }
}
