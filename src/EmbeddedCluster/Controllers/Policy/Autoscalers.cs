using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Looks at every HorizontalPodAutoscaler four times a minute and carries out what <see cref="AutoscaleDecision"/> decides.</summary>
internal sealed class Autoscalers(ControlPlane plane, IMetricsSource metrics) : Reconciler(plane)
{
    private const string Component = "horizontal-pod-autoscaler";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private readonly KindMirror autoscalers = plane.Mirror("autoscaling", "HorizontalPodAutoscaler");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly Dictionary<ObjectName, AutoscalerMemory> memories = [];
    private readonly Dictionary<ObjectName, string> selectors = [];

    public override void Subscribe()
    {
        Watch(autoscalers, change =>
        {
            // Its own status writes are no reason to look again.
            if (!Node.DeepEquals(change.Old?["spec"], change.New?["spec"]))
            {
                Queue.Add(ObjectName.Of(change.Any));
            }
        });
        foreach (KindMirror mirror in Plane.Mirrors)
        {
            FollowTargets(mirror);
        }

        Plane.KindAdded += FollowTargets;
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (autoscalers.Get(key) is not { } autoscaler || autoscaler.IsDeleting())
        {
            memories.Remove(key);
            selectors.Remove(key);
            return null;
        }

        if (!memories.TryGetValue(key, out AutoscalerMemory? memory))
        {
            memories[key] = memory = new AutoscalerMemory();
        }

        (ObjectKey? target, MapNode? scale, string problem) = await FindScaleAsync(autoscaler, cancellationToken).ConfigureAwait(false);
        AutoscaleDecision decision = AutoscaleDecision.Decide(autoscaler, Gather(key, scale, problem), metrics, memory);
        foreach ((string reason, string message) in decision.Events)
        {
            Plane.Events.Warning(autoscaler, Component, reason, message);
        }

        string? failure = decision.Rescale is { } size && target is { } scaled
            ? await RescaleAsync(autoscaler, scaled, scale!, size, decision, memory, cancellationToken).ConfigureAwait(false)
            : null;
        await Plane.Writer.SetStatusAsync(autoscalers, autoscaler, decision.Status(failure), cancellationToken).ConfigureAwait(false);
        if (failure is not null || decision.WasOutOfBounds)
        {
            // Someone else wrote the target at this moment; or the metrics have not been looked at yet.
            return Retry;
        }

        // Pods that start have figures soon.
        memory.Failures = decision.Events.Count > 0 ? memory.Failures + 1 : 0;
        TimeSpan soon = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(memory.Failures - 1, 4)));
        return memory.Failures > 0 && soon < Period ? soon : Period;
    }

    private AutoscaleEvidence Gather(ObjectName key, MapNode? scale, string problem)
    {
        string text = scale?.Status().Text("selector") ?? string.Empty;
        selectors[key] = text;
        IReadOnlyList<MapNode> selected = text.Length == 0 ? [] : [.. pods.InNamespace(key.Namespace).Where(pod => Selector(text).Matches(pod.Labels()))];
        List<ObjectName> rivals = [.. selectors
            .Where(other => other.Key != key && other.Key.Namespace == key.Namespace && other.Value.Length > 0 && Selector(other.Value) is var theirs && selected.Any(pod => theirs.Matches(pod.Labels())))
            .Select(other => other.Key)];
        List<string> all = rivals.Count == 0 ? [] : [.. rivals.Append(key).OrderBy(name => name.Name, StringComparer.Ordinal).Select(name => $"{{{name.Name} {name.Namespace}}}")];
        return new AutoscaleEvidence(scale, problem, selected, all, Plane.Now);
    }

    // As scale subresources have it; a text that is none selects nothing.
    private static LabelSelector Selector(string text) => LabelSelector.TryParse(text, out LabelSelector? selector, out _) ? selector : LabelSelector.Nothing;

    private async Task<string?> RescaleAsync(MapNode autoscaler, ObjectKey target, MapNode scale, int size, AutoscaleDecision decision, AutoscalerMemory memory, CancellationToken cancellationToken)
    {
        MapNode body = scale.Clone();
        body.EnsureMap("spec")["replicas"] = size;
        try
        {
            await Plane.Cluster.UpdateAsync(target, body, new WriteOptions { FieldManager = "kube-controller-manager" }, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error)
        {
            Plane.Events.Warning(autoscaler, Component, "FailedRescale", string.Create(CultureInfo.InvariantCulture, $"New size: {size}; reason: {decision.Why}; error: {error.Message}"));
            return error.Message;
        }

        memory.NoteChange(decision.Current, size, Plane.Now);
        Plane.Events.Normal(autoscaler, Component, "SuccessfulRescale", string.Create(CultureInfo.InvariantCulture, $"New size: {size}; reason: {decision.Why}"));
        return null;
    }

    private async Task<(ObjectKey? Key, MapNode? Scale, string Problem)> FindScaleAsync(MapNode autoscaler, CancellationToken cancellationToken)
    {
        MapNode reference = autoscaler.Spec()["scaleTargetRef"] as MapNode ?? new MapNode();
        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        if (Plane.Find(kind.Group, kind.Kind) is not { } mirror)
        {
            return (null, null, $"no matches for kind \"{kind.Kind}\" in group \"{kind.Group}\"");
        }

        ObjectKey key = new(mirror.Kind, autoscaler.Namespace(), reference.Text("name")) { Subresource = "scale" };
        if (mirror.Get(autoscaler.Namespace(), reference.Text("name")) is null)
        {
            string resource = kind.Group.Length == 0 ? mirror.Kind.Plural : $"{mirror.Kind.Plural}.{kind.Group}";
            return (null, null, $"{resource} \"{reference.Text("name")}\" not found");
        }

        try
        {
            MapNode? scale = await Plane.Cluster.GetAsync(key, cancellationToken).ConfigureAwait(false);
            return (key, scale, scale is null ? "the server could not find the requested resource" : string.Empty);
        }
        catch (ClusterException error)
        {
            return (null, null, error.Message);
        }
    }

    // Whoever makes a target, or gives it a size out of bounds, need not wait for the next round; a size within them waits for the metrics.
    private void FollowTargets(KindMirror mirror)
    {
        if (!mirror.Kind.Namespaced || !mirror.Kind.Subresources.Contains("scale"))
        {
            return;
        }

        Watch(mirror, change =>
        {
            if (change.Old is not null && change.New is not null && Node.DeepEquals(change.Old.Spec()["replicas"], change.New.Spec()["replicas"]))
            {
                return;
            }

            foreach (MapNode autoscaler in autoscalers.InNamespace(change.Any.Namespace()))
            {
                MapNode? target = autoscaler.Spec()["scaleTargetRef"] as MapNode;
                int replicas = change.Any.Spec().Int("replicas", 1);
                bool matters = change.Old is null || change.New is null || replicas < autoscaler.Spec().Int("minReplicas", 1) || replicas > autoscaler.Spec().Int("maxReplicas", 1);
                if (matters && target.Text("name") == change.Any.Name() && target.Text("kind") == mirror.Kind.Kind.Kind)
                {
                    Queue.Add(ObjectName.Of(autoscaler));
                }
            }
        });
    }
}
