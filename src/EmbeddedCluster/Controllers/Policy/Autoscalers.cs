using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Keeps HorizontalPodAutoscalers over metrics that are simulated to lie just below every target, so that only their bounds move anything.</summary>
internal sealed class Autoscalers(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "horizontal-pod-autoscaler";
    private readonly KindMirror autoscalers = plane.Mirror("autoscaling", "HorizontalPodAutoscaler");

    public override void Subscribe()
    {
        WatchOwn(autoscalers);
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
            return null;
        }

        (ObjectKey? scaleKey, MapNode? scale, string problem) = await FindScaleAsync(autoscaler, cancellationToken).ConfigureAwait(false);
        AutoscaleDecision decision = AutoscaleDecision.Decide(autoscaler, scale, problem, Plane.Now);
        if (decision.Problem.Length > 0)
        {
            Plane.Events.Warning(autoscaler, Component, "FailedGetScale", decision.Problem);
        }

        if (decision.Rescale is { } size && scaleKey is { } target)
        {
            MapNode body = scale!.Clone();
            body.EnsureMap("spec")["replicas"] = size;
            await Plane.Cluster.UpdateAsync(target, body, new WriteOptions { FieldManager = "kube-controller-manager" }, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(autoscaler, Component, "SuccessfulRescale", string.Create(CultureInfo.InvariantCulture, $"New size: {size}; reason: {decision.Why}"));
        }

        await Plane.Writer.SetStatusAsync(autoscalers, autoscaler, decision.Status, cancellationToken).ConfigureAwait(false);
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
            return (key, await Plane.Cluster.GetAsync(key, cancellationToken).ConfigureAwait(false), string.Empty);
        }
        catch (ClusterException error)
        {
            return (null, null, error.Message);
        }
    }

    private void FollowTargets(KindMirror mirror)
    {
        if (!mirror.Kind.Namespaced || !mirror.Kind.Subresources.Contains("scale"))
        {
            return;
        }

        Watch(mirror, change =>
        {
            foreach (MapNode autoscaler in autoscalers.InNamespace(change.Any.Namespace()))
            {
                MapNode? target = autoscaler.Spec()["scaleTargetRef"] as MapNode;
                if (target.Text("name") == change.Any.Name() && target.Text("kind") == mirror.Kind.Kind.Kind)
                {
                    Queue.Add(ObjectName.Of(autoscaler));
                }
            }
        });
    }
}
