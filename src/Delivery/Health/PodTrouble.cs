using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>
/// Looks below a workload that is not ready yet for a pod that will not become ready by waiting. The workload's own status only says
/// so when its progress deadline has passed, ten minutes later, and does not say why.
/// </summary>
public static class PodTrouble
{
    // Workload, ReplicaSet or Job, pod; CronJob adds one.
    private const int Depth = 4;

    /// <param name="ownedBy">The objects that name another as their owner.</param>
    /// <returns>The first pod's trouble, or null when all of them may still come up.</returns>
    public static HealthReport? Find(MapNode workload, Func<MapNode, IReadOnlyList<MapNode>> ownedBy) => Find(workload, ownedBy, Depth);

    private static HealthReport? Find(MapNode owner, Func<MapNode, IReadOnlyList<MapNode>> ownedBy, int depth)
    {
        foreach (MapNode owned in depth == 0 ? [] : ownedBy(owner))
        {
            if (owned["kind"]?.AsString() != "Pod")
            {
                if (Find(owned, ownedBy, depth - 1) is { } below)
                {
                    return below;
                }
            }
            else if (owned.At("metadata", "deletionTimestamp") is null && PodHealth.Check(owned) is { Status: HealthStatus.Degraded } trouble)
            {
                return trouble with { Message = $"Pod {owned.At("metadata", "name")}: {trouble.Message}" };
            }
        }

        return null;
    }
}
