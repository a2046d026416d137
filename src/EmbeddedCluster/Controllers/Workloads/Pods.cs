using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>What the workload controllers ask of a pod, and how they make one from a template.</summary>
internal static class Pods
{
    private const int MaxPrefix = 58;

    public static string Phase(this MapNode pod) => pod.Status().Text("phase");

    /// <summary>Neither finished nor on its way out: counts as a replica.</summary>
    public static bool IsActive(this MapNode pod) => !pod.IsFinished() && !pod.IsDeleting();

    public static bool IsFinished(this MapNode pod) => pod.Phase() is "Succeeded" or "Failed";

    public static bool IsReady(this MapNode pod) => pod.Status().ConditionIs("Ready", "True");

    public static bool IsAvailable(this MapNode pod, int minReadySeconds, DateTimeOffset now) =>
        pod.IsReady() && (minReadySeconds == 0 || AvailableAt(pod, minReadySeconds) <= now);

    /// <summary>When a ready pod will have been ready for long enough; null for one that is not ready.</summary>
    public static DateTimeOffset? AvailableAt(MapNode pod, int minReadySeconds) =>
        pod.Status().Condition("Ready") is { } ready && ready.Text("status") == "True"
            ? ready["lastTransitionTime"].Time() + TimeSpan.FromSeconds(minReadySeconds)
            : null;

    /// <summary>How long until the next ready pod becomes available; null when none is waiting.</summary>
    public static TimeSpan? NextAvailability(IEnumerable<MapNode> pods, int minReadySeconds, DateTimeOffset now)
    {
        if (minReadySeconds == 0)
        {
            return null;
        }

        DateTimeOffset? next = pods.Select(pod => AvailableAt(pod, minReadySeconds)).Where(at => at > now).Min();
        return next - now;
    }

    public static int Restarts(MapNode pod) =>
        pod.Status()["containerStatuses"].Maps().Sum(container => container.Int("restartCount"));

    public static int AllRestarts(MapNode pod) =>
        Restarts(pod) + pod.Status()["initContainerStatuses"].Maps().Sum(container => container.Int("restartCount"));

    public static MapNode FromTemplate(MapNode template, MapNode owner, string? name = null)
    {
        MapNode metadata = new();
        if (name is null)
        {
            metadata["generateName"] = Prefix(owner.Name());
        }
        else
        {
            metadata["name"] = name;
        }

        metadata["namespace"] = owner.Namespace();
        metadata["labels"] = template["metadata"]?["labels"].CopyOf() ?? new MapNode();
        if (template["metadata"]?["annotations"] is MapNode { Count: > 0 } annotations)
        {
            metadata["annotations"] = annotations.Clone();
        }

        if (template["metadata"]?["finalizers"] is ListNode { Count: > 0 } finalizers)
        {
            metadata["finalizers"] = finalizers.DeepClone();
        }

        metadata["ownerReferences"] = new ListNode(Objects.MakeControllerReference(owner));
        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = template["spec"].CopyOf(),
        };
    }

    public static string Prefix(string ownerName) => ownerName.Length > MaxPrefix ? ownerName[..MaxPrefix] : ownerName + "-";

    /// <summary>Which of a Job's pods goes first when there are too many (kube-controller-manager's ActivePods).</summary>
    public static int CompareForDeletion(MapNode left, MapNode right)
    {
        int order = CompareProgress(left, right);
        order = order != 0 || !left.IsReady() ? order : Later(ReadySince(left), ReadySince(right));
        order = order != 0 ? order : Restarts(right).CompareTo(Restarts(left));
        return order != 0 ? order : Later(left.CreatedAt(), right.CreatedAt());
    }

    /// <summary>
    /// Which of a ReplicaSet's pods goes first (kube-controller-manager's ActivePodsWithRanks): by deletion cost and by how many share a node, and of
    /// those that are about as old, to a factor of two, the one with the smaller uid, so that chance spreads what is removed.
    /// </summary>
    /// <param name="podsOnNode">How many related pods share the node of a pod.</param>
    public static int CompareForDeletion(MapNode left, MapNode right, Func<MapNode, int> podsOnNode, DateTimeOffset now)
    {
        int order = CompareProgress(left, right);
        order = order != 0 ? order : DeletionCost(left).CompareTo(DeletionCost(right));
        order = order != 0 ? order : podsOnNode(right).CompareTo(podsOnNode(left));
        if (order == 0 && left.IsReady())
        {
            // Restarts are asked for only when both got ready in the same second; leaving that out keeps the order one that can be sorted by.
            return CompareAges(left, right, ReadySince(left), ReadySince(right), now);
        }

        order = order != 0 ? order : Restarts(right).CompareTo(Restarts(left));
        return order != 0 ? order : CompareAges(left, right, left.CreatedAt(), right.CreatedAt(), now);
    }

    private static int CompareProgress(MapNode left, MapNode right)
    {
        int order = Assigned(left).CompareTo(Assigned(right));
        order = order != 0 ? order : PhaseRank(left).CompareTo(PhaseRank(right));
        return order != 0 ? order : left.IsReady().CompareTo(right.IsReady());
    }

    private static int CompareAges(MapNode left, MapNode right, DateTimeOffset? leftSince, DateTimeOffset? rightSince, DateTimeOffset now)
    {
        int order = AgeRank(leftSince, now).CompareTo(AgeRank(rightSince, now));
        return order != 0 ? order : string.CompareOrdinal(left.Uid(), right.Uid());
    }

    private static long AgeRank(DateTimeOffset? since, DateTimeOffset now) => now > since ? (long)Math.Log2((now - since.Value).TotalNanoseconds) : -1;

    private static bool Assigned(MapNode pod) => pod.Spec().Text("nodeName").Length > 0;

    private static int PhaseRank(MapNode pod) => pod.Phase() switch
    {
        "Pending" or "" => 0,
        "Unknown" => 1,
        _ => 2,
    };

    private static int DeletionCost(MapNode pod) =>
        int.TryParse(pod.Annotation("controller.kubernetes.io/pod-deletion-cost"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int cost) ? cost : 0;

    private static DateTimeOffset? ReadySince(MapNode pod) => pod.Status().Condition("Ready")?["lastTransitionTime"].Time();

    private static int Later(DateTimeOffset? left, DateTimeOffset? right) => Nullable.Compare(right, left);
}
