using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Keeps the status of PodDisruptionBudgets, which evictions are measured against.</summary>
internal sealed class DisruptionBudgets : Reconciler
{
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);
    private readonly KindMirror budgets;
    private readonly KindMirror pods;

    public DisruptionBudgets(ControlPlane plane)
        : base(plane)
    {
        budgets = plane.Mirror("policy", "PodDisruptionBudget");
        pods = plane.Mirror(string.Empty, "Pod");
    }

    public override void Subscribe()
    {
        WatchOwn(budgets);
        Watch(pods, change =>
        {
            foreach (MapNode budget in budgets.InNamespace(change.Any.Namespace()))
            {
                LabelSelector selector = LabelSelector.Of(budget.Spec()["selector"]);
                if (selector.Matches(change.New?.Labels()) || selector.Matches(change.Old?.Labels()))
                {
                    Queue.AddAfter(ObjectName.Of(budget), Patience);
                }
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (budgets.Get(key) is not { } budget || budget.IsDeleting())
        {
            return null;
        }

        LabelSelector selector = LabelSelector.Of(budget.Spec()["selector"]);
        List<MapNode> selected = [.. pods.InNamespace(key.Namespace).Where(pod => selector.Matches(pod.Labels()) && pod.Status().Text("phase") is not ("Succeeded" or "Failed"))];
        MapNode status = Decide(budget, selected, ScaleOf, Plane.Now);
        await Plane.Writer.SetStatusAsync(budgets, budget, status, cancellationToken).ConfigureAwait(false);
        return status["disruptedPods"] is MapNode { Count: > 0 } ? DeletionTimeout : null;
    }

    /// <param name="scaleOf">The controller of a pod (uid) and its wanted replicas; null for a pod without one.</param>
    internal static MapNode Decide(MapNode budget, IReadOnlyList<MapNode> pods, Func<MapNode, (string Uid, int Replicas)?> scaleOf, DateTimeOffset now)
    {
        (int expected, int desired) = Expect(budget, pods, scaleOf);
        MapNode disrupted = new();
        foreach ((string name, Node at) in budget.Status()["disruptedPods"] as MapNode ?? [])
        {
            if (pods.FirstOrDefault(pod => pod.Name() == name) is { } pod && !pod.IsDeleting() && at.Time() + DeletionTimeout > now)
            {
                disrupted[name] = at;
            }
        }

        int healthy = pods.Count(pod => !pod.IsDeleting() && !disrupted.ContainsKey(pod.Name()) && pod.Status().ConditionIs("Ready", "True"));
        int allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        string value = allowed > 0 ? "True" : "False";
        MapNode? before = budget.Status().Condition("DisruptionAllowed");
        MapNode status = new()
        {
            ["observedGeneration"] = budget.Generation(),
            ["disruptionsAllowed"] = allowed,
            ["currentHealthy"] = healthy,
            ["desiredHealthy"] = desired,
            ["expectedPods"] = expected,
            ["conditions"] = new ListNode(new MapNode
            {
                ["type"] = "DisruptionAllowed",
                ["status"] = value,
                ["observedGeneration"] = budget.Generation(),
                ["lastTransitionTime"] = before.Text("status") == value ? before!["lastTransitionTime"]! : now.Stamp(),
                ["reason"] = allowed > 0 ? "SufficientPods" : "InsufficientPods",
                ["message"] = string.Empty,
            }),
        };
        if (disrupted.Count > 0)
        {
            status["disruptedPods"] = disrupted;
        }

        return status;
    }

    private static (int Expected, int Desired) Expect(MapNode budget, IReadOnlyList<MapNode> pods, Func<MapNode, (string Uid, int Replicas)?> scaleOf)
    {
        int Scale() => pods.Select(scaleOf).OfType<(string Uid, int Replicas)>().DistinctBy(scale => scale.Uid).Sum(scale => scale.Replicas);
        if (budget.Spec()["maxUnavailable"] is { } most)
        {
            int expected = Scale();
            return (expected, Math.Max(0, expected - IntOrPercent.Resolve(most, expected, roundUp: true)));
        }

        Node? least = budget.Spec()["minAvailable"];
        int whole = least is StringNode ? Scale() : pods.Count;
        return (whole, IntOrPercent.Resolve(least, whole, roundUp: true, 1));
    }

    private (string Uid, int Replicas)? ScaleOf(MapNode pod)
    {
        MapNode? owner = Owner(pod);
        return owner is null ? null : ((Owner(owner) ?? owner) is var top ? (top.Uid(), top.Spec().Int("replicas", 1)) : null);
    }

    private MapNode? Owner(MapNode node)
    {
        if (node.ControllerReference() is not { } reference)
        {
            return null;
        }

        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        return Plane.Find(kind.Group, kind.Kind)?.ByUid(reference.Text("uid"));
    }
}
