using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Keeps the status of PodDisruptionBudgets, which evictions are measured against.</summary>
internal sealed class DisruptionBudgets : Reconciler
{
    private const string Component = "controllermanager";
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
        if (selected.Count == 0)
        {
            Plane.Events.Normal(budget, Component, "NoPods", "No matching pods found");
        }

        MapNode status;
        try
        {
            Dictionary<string, (string Uid, int Replicas)?> scales = await ScalesAsync(budget, selected, cancellationToken).ConfigureAwait(false);
            status = Decide(budget, selected, pod => scales.GetValueOrDefault(pod.Uid()), Plane.Now);
        }
        catch (ScaleException error)
        {
            Plane.Events.Warning(budget, Component, "CalculateExpectedPodCountFailed", $"Failed to calculate the number of expected pods: {error.Message}");
            status = Failed(budget, error.Message, Plane.Now);
        }

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

    // How many pods whoever manages the selected ones wants; asked only where the budget needs it.
    private async Task<Dictionary<string, (string Uid, int Replicas)?>> ScalesAsync(MapNode budget, List<MapNode> selected, CancellationToken cancellationToken)
    {
        Dictionary<string, (string Uid, int Replicas)?> scales = [];
        if (budget.Spec()["maxUnavailable"] is null && budget.Spec()["minAvailable"] is not StringNode)
        {
            return scales;
        }

        Dictionary<string, (string Uid, int Replicas)> asked = [];
        int unmanaged = 0;
        foreach (MapNode pod in selected)
        {
            if (pod.ControllerReference() is not { } reference)
            {
                unmanaged++;
                continue;
            }

            string uid = reference.Text("uid");
            if (!asked.TryGetValue(uid, out (string Uid, int Replicas) scale))
            {
                asked[uid] = scale = await ScaleAsync(reference, pod.Namespace(), cancellationToken).ConfigureAwait(false);
            }

            scales[pod.Uid()] = scale;
        }

        if (unmanaged > 0)
        {
            Plane.Events.Warning(budget, Component, "UnmanagedPods", $"Pods selected by this PodDisruptionBudget (selector: {SelectorText.Go(budget.Spec()["selector"])}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.");
        }

        return scales;
    }

    private async Task<(string Uid, int Replicas)> ScaleAsync(MapNode reference, string @namespace, CancellationToken cancellationToken)
    {
        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        KindMirror mirror = Plane.Find(kind.Group, kind.Kind) ?? throw new ScaleException($"no matches for kind \"{kind.Kind}\" in version \"{kind.ApiVersion}\"");
        if (mirror.ByUid(reference.Text("uid")) is not { } owner)
        {
            throw new ScaleException($"found no controllers for pod of {kind.Kind} \"{reference.Text("name")}\"");
        }

        if (owner.ControllerReference() is { } above && kind is { Group: "apps", Kind: "ReplicaSet" })
        {
            return await ScaleAsync(above, @namespace, cancellationToken).ConfigureAwait(false);
        }

        if (kind.Group == "apps" && kind.Kind is "Deployment" or "ReplicaSet" or "StatefulSet" || kind is { Group: "", Kind: "ReplicationController" })
        {
            return (owner.Uid(), owner.Spec().Int("replicas", 1));
        }

        string resource = kind.Group.Length == 0 ? mirror.Kind.Plural : $"{mirror.Kind.Plural}.{kind.Group}";
        MapNode? scale = mirror.Kind.Subresources.Contains("scale")
            ? await Plane.Cluster.GetAsync(new ObjectKey(mirror.Kind, @namespace, owner.Name()) { Subresource = "scale" }, cancellationToken).ConfigureAwait(false)
            : throw new ScaleException($"{resource} does not implement the scale subresource");
        return (owner.Uid(), scale?.Spec().Int("replicas") ?? 0);
    }

    // Nothing may be disrupted while nobody knows how many pods there should be.
    private static MapNode Failed(MapNode budget, string message, DateTimeOffset now)
    {
        MapNode status = budget.Status().Clone();
        status["observedGeneration"] = budget.Generation();
        status["disruptionsAllowed"] = 0;
        foreach (string member in (ReadOnlySpan<string>)["currentHealthy", "desiredHealthy", "expectedPods"])
        {
            status[member] = status.Int(member);
        }

        MapNode? before = budget.Status().Condition("DisruptionAllowed");
        status["conditions"] = new ListNode(new MapNode
        {
            ["type"] = "DisruptionAllowed",
            ["status"] = "False",
            ["observedGeneration"] = budget.Generation(),
            ["lastTransitionTime"] = before.Text("status") == "False" ? before!["lastTransitionTime"]! : now.Stamp(),
            ["reason"] = "SyncFailed",
            ["message"] = message,
        });
        return status;
    }

    private sealed class ScaleException(string message) : Exception(message);
}
