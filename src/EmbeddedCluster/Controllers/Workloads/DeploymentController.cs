using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="DeploymentRollout"/> decides.</summary>
internal sealed class DeploymentController(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "deployment-controller";
    private readonly KindMirror deployments = plane.Mirror("apps", "Deployment");
    private readonly KindMirror sets = plane.Mirror("apps", "ReplicaSet");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(deployments);
        WatchOwned(sets, "Deployment");
        Watch(sets, EnqueueForOrphan);
        Watch(pods, EnqueueForGonePod);
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (deployments.Get(key) is not { } deployment)
        {
            return null;
        }

        LabelSelector selector = LabelSelector.Of(deployment.Spec()["selector"]);
        if (selector.IsEmpty)
        {
            Plane.Events.Warning(deployment, Component, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return null;
        }

        List<MapNode> owned = await Claims.ClaimAsync(Plane, sets, deployment, selector, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MapNode> running = deployment.Spec()["strategy"]?["type"]?.AsString() == "Recreate"
            ? [.. owned.SelectMany(set => pods.OwnedBy(set.Uid()))]
            : [];
        DeploymentPlan plan = DeploymentRollout.Decide(deployment, owned, running, Plane.Now);
        return await CarryOutAsync(deployment, plan, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TimeSpan?> CarryOutAsync(MapNode deployment, DeploymentPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Create is { } create && !await CreateAsync(deployment, create, cancellationToken).ConfigureAwait(false))
        {
            return TimeSpan.FromMilliseconds(10);
        }

        foreach (MapNode set in plan.Update)
        {
            await Plane.Writer.UpdateAsync(sets, set, cancellationToken).ConfigureAwait(false);
        }

        foreach (string message in plan.Events)
        {
            Plane.Events.Normal(deployment, Component, "ScalingReplicaSet", message);
        }

        foreach (MapNode set in plan.Delete)
        {
            await Plane.Writer.DeleteAsync(sets, set, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        await WriteStatusAsync(deployment, plan.Status, plan.Revision, cancellationToken).ConfigureAwait(false);
        return plan.RequeueAfter;
    }

    private async Task<bool> CreateAsync(MapNode deployment, MapNode set, CancellationToken cancellationToken)
    {
        try
        {
            await Plane.Writer.CreateAsync(sets, deployment.Namespace(), set, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ClusterException error) when (error.Reason == "AlreadyExists")
        {
            MapNode? present = await Plane.Writer.RefreshAsync(sets, ObjectName.Of(set), cancellationToken).ConfigureAwait(false);
            bool isOurs = present is not null && present.IsControlledBy(deployment)
                && DeploymentRollout.SameTemplate((MapNode)deployment.Spec()["template"]!, present.Spec()["template"] as MapNode);
            if (!isOurs)
            {
                // Another template has this hash: the count goes into the next one.
                MapNode status = deployment.Status().Clone();
                status["collisionCount"] = deployment.Status().Int("collisionCount") + 1;
                await WriteStatusAsync(deployment, status, null, cancellationToken).ConfigureAwait(false);
            }

            return false;
        }
        catch (ClusterException error) when (!error.IsConflict && error.Status is >= 400 and < 500)
        {
            string message = $"Failed to create new replica set \"{set.Name()}\": {error.Message}";
            Plane.Events.Warning(deployment, Component, "ReplicaSetCreateError", message);
            await NoteFailureAsync(deployment, message, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task NoteFailureAsync(MapNode deployment, string message, CancellationToken cancellationToken)
    {
        MapNode status = deployment.Status().Clone();
        ListNode conditions = Counting.CopyConditions(status);
        Counting.SetCondition(conditions, new MapNode
        {
            ["type"] = "Progressing",
            ["status"] = "False",
            ["lastUpdateTime"] = Plane.Now.Stamp(),
            ["lastTransitionTime"] = Plane.Now.Stamp(),
            ["reason"] = "ReplicaSetCreateError",
            ["message"] = message,
        });
        status["conditions"] = conditions;
        await WriteStatusAsync(deployment, status, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteStatusAsync(MapNode deployment, MapNode status, string? revision, CancellationToken cancellationToken)
    {
        if (revision is null)
        {
            await Plane.Writer.SetStatusAsync(deployments, deployment, status, cancellationToken).ConfigureAwait(false);
            return;
        }

        // The status of a Deployment may carry annotations along, which saves a second write.
        MapNode changed = deployment.Clone();
        changed.EnsureMap("metadata").EnsureMap("annotations")[ReplicaSetDraft.RevisionAnnotation] = revision;
        changed["status"] = status;
        changed = await Plane.Writer.UpdateStatusAsync(deployments, changed, cancellationToken).ConfigureAwait(false);
        if (changed.Annotation(ReplicaSetDraft.RevisionAnnotation) != revision)
        {
            MapNode patch = new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [ReplicaSetDraft.RevisionAnnotation] = revision } } };
            await Plane.Writer.MergePatchAsync(deployments, changed, patch, cancellationToken).ConfigureAwait(false);
        }
    }

    private void EnqueueForOrphan(Change change)
    {
        if (change.New is not { } set || set.IsDeleting() || set.ControllerReference() is not null)
        {
            return;
        }

        foreach (MapNode deployment in deployments.InNamespace(set.Namespace()))
        {
            if (LabelSelector.Of(deployment.Spec()["selector"]).Matches(set.Labels()))
            {
                Queue.Add(ObjectName.Of(deployment));
            }
        }
    }

    // Recreate waits for the last old pod to be gone.
    private void EnqueueForGonePod(Change change)
    {
        if (change.Old is { } pod && change.New is null && pod.ControllerReference() is { } owner && owner.Text("kind") == "ReplicaSet"
            && sets.Get(pod.Namespace(), owner.Text("name"))?.ControllerReference() is { } deployment)
        {
            Queue.Add(new ObjectName(pod.Namespace(), deployment.Text("name")));
        }
    }
}
