using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">How many pods are missing.</param>
/// <param name="Delete">Surplus pods, in the order in which they go.</param>
internal sealed record ReplicaPlan(int Create, IReadOnlyList<MapNode> Delete);

/// <summary>The decisions of the ReplicaSet and ReplicationController controllers.</summary>
internal static class ReplicaSets
{
    /// <summary>Most pods made or deleted in one round.</summary>
    public const int BurstReplicas = 500;

    public static ReplicaPlan Decide(MapNode set, IReadOnlyList<MapNode> pods, Func<MapNode, int> podsOnNode, DateTimeOffset now)
    {
        if (set.IsDeleting())
        {
            return new ReplicaPlan(0, []);
        }

        List<MapNode> active = [.. pods.Where(pod => pod.IsActive())];
        int missing = Desired(set) - active.Count;
        if (missing >= 0)
        {
            return new ReplicaPlan(Math.Min(missing, BurstReplicas), []);
        }

        int surplus = Math.Min(-missing, BurstReplicas);
        if (surplus < active.Count)
        {
            active.Sort((left, right) => Pods.CompareForDeletion(left, right, podsOnNode, now));
        }

        return new ReplicaPlan(0, active[..surplus]);
    }

    /// <param name="failure">Why pods could not be made or deleted in this round; null when all went well.</param>
    public static MapNode Status(MapNode set, IReadOnlyList<MapNode> pods, (string Reason, string Message)? failure, DateTimeOffset now)
    {
        List<MapNode> active = [.. pods.Where(pod => pod.IsActive())];
        int minReadySeconds = set.Spec().Int("minReadySeconds");
        MapNode? templateLabels = set.Spec()["template"]?["metadata"]?["labels"] as MapNode;
        MapNode status = new() { ["replicas"] = active.Count };
        status.PutCount("fullyLabeledReplicas", active.Count(pod => HasAll(pod.Labels(), templateLabels)));
        status.PutCount("readyReplicas", active.Count(pod => pod.IsReady()));
        status.PutCount("availableReplicas", active.Count(pod => pod.IsAvailable(minReadySeconds, now)));
        if (set.Text("kind") == "ReplicaSet")
        {
            status["terminatingReplicas"] = pods.Count(pod => pod.IsDeleting() && !pod.IsFinished());
        }

        status.PutCount("observedGeneration", (int)set.Generation());
        ListNode conditions = Counting.CopyConditions(set.Status());
        if (failure is { } failed)
        {
            Counting.SetCondition(conditions, new MapNode
            {
                ["type"] = "ReplicaFailure",
                ["status"] = "True",
                ["lastTransitionTime"] = now.Stamp(),
                ["reason"] = failed.Reason,
                ["message"] = failed.Message,
            });
        }
        else
        {
            Counting.RemoveCondition(conditions, "ReplicaFailure");
        }

        status.PutConditions(conditions);
        return status;
    }

    public static int Desired(MapNode set) => set.Spec().Int("replicas", 1);

    private static bool HasAll(MapNode? labels, MapNode? wanted) =>
        wanted is null || wanted.All(label => labels?[label.Key] is { } value && value.DeepEquals(label.Value));
}
