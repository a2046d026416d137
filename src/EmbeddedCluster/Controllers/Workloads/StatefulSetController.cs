using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="StatefulSets"/> decides.</summary>
internal sealed class StatefulSetController(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "statefulset-controller";
    private static readonly TimeSpan TakenName = TimeSpan.FromMilliseconds(10);
    private readonly KindMirror sets = plane.Mirror("apps", "StatefulSet");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror history = plane.Mirror("apps", "ControllerRevision");

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(sets);
        WatchOwned(pods, "StatefulSet");
        Watch(claims, change =>
        {
            // A set may wait for a claim of an earlier pod to go.
            if (change.New is null && change.Old!.OwnerReferences().FirstOrDefault(owner => owner.Text("kind") == "Pod") is { } pod && pod.Text("name").LastIndexOf('-') is > 0 and var dash)
            {
                Queue.Add(new ObjectName(change.Old!.Namespace(), pod.Text("name")[..dash]));
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (sets.Get(key) is not { } set)
        {
            return null;
        }

        LabelSelector selector = LabelSelector.Of(set.Spec()["selector"]);
        List<MapNode> owned = await Claims.ClaimAsync(Plane, pods, set, selector, cancellationToken).ConfigureAwait(false);
        RevisionPlan revisions = Revise(set, owned);
        if (set.IsDeleting() && revisions.Create is not null)
        {
            // The garbage collector has begun with its revisions: another would outlive it for a moment.
            return null;
        }

        if (!await RevisionHistory.KeepAsync(Plane, history, sets, set, revisions, cancellationToken).ConfigureAwait(false))
        {
            return TakenName;
        }

        StatefulPlan plan = StatefulSets.Decide(set, revisions, owned, Plane.Now);
        foreach (MapNode pod in plan.Create.Where(pod => !HasStaleClaim(set, pod)))
        {
            await CreateAsync(set, pod, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode pod in owned.Where(pod => !pod.IsFinished()))
        {
            await KeepAsync(set, pod, plan.Condemned.Contains(pod), cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode pod in plan.Delete)
        {
            TellOfEnd(set, pod, plan.Condemned.Contains(pod));
            await Plane.Writer.DeleteAsync(pods, pod, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(set, Component, "SuccessfulDelete", $"Delete Pod {pod.Name()} in StatefulSet {set.Name()} successful");
        }

        await Plane.Writer.SetStatusAsync(sets, set, plan.Status, cancellationToken).ConfigureAwait(false);
        foreach (MapNode revision in revisions.Delete)
        {
            await Plane.Writer.DeleteAsync(history, revision, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        return Pods.NextAvailability(owned, set.Spec().Int("minReadySeconds"), Plane.Now);
    }

    // A pod that ended is made anew, whatever its exit code was.
    private void TellOfEnd(MapNode set, MapNode pod, bool condemned)
    {
        if (!condemned && pod.Phase() == "Failed")
        {
            Plane.Events.Warning(set, Component, "RecreatingFailedPod", $"StatefulSet {set.Namespace()}/{set.Name()} is recreating failed Pod {pod.Name()}");
        }
        else if (!condemned && pod.Phase() == "Succeeded")
        {
            Plane.Events.Normal(set, Component, "RecreatingTerminatedPod", $"StatefulSet {set.Namespace()}/{set.Name()} is recreating terminated Pod {pod.Name()}");
        }
    }

    private RevisionPlan Revise(MapNode set, List<MapNode> owned)
    {
        MapNode wanted = Revisions.Of(set, null, set.Status().Int("collisionCount"));
        HashSet<string> live = [.. owned.Select(pod => pod.Labels()?[StatefulSets.RevisionLabel]?.AsString()).OfType<string>()];
        return Revisions.Decide(
            set,
            wanted,
            [.. history.OwnedBy(set.Uid()).Where(revision => revision.IsControlledBy(set))],
            set.Status().Text("currentRevision"),
            revision => live.Contains(revision.Name()));
    }

    private async Task CreateAsync(MapNode set, MapNode pod, CancellationToken cancellationToken)
    {
        string name = pod.Name();
        try
        {
            foreach ((_, MapNode claim) in StatefulSets.Claims(set, name).Where(entry => claims.Get(ObjectName.Of(entry.Claim)) is null))
            {
                await Plane.Writer.EnsureAsync(claims, set.Namespace(), claim, cancellationToken).ConfigureAwait(false);
                Plane.Events.Normal(set, Component, "SuccessfulCreate", $"Create Claim {claim.Name()} Pod {name} in StatefulSet {set.Name()} success");
            }

            await Plane.Writer.CreateAsync(pods, set.Namespace(), pod, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(set, Component, "SuccessfulCreate", $"Create Pod {name} in StatefulSet {set.Name()} successful");
        }
        catch (ClusterException error) when (error.Reason != "AlreadyExists")
        {
            Plane.Events.Warning(set, Component, "FailedCreate", $"create Pod {name} in StatefulSet {set.Name()} failed error: {error.Message}");
            throw;
        }
    }

    // Claims follow the retention policy, and one that is missing while its pod waits is made again.
    private async Task KeepAsync(MapNode set, MapNode pod, bool condemned, CancellationToken cancellationToken)
    {
        foreach ((_, MapNode wanted) in StatefulSets.Claims(set, pod.Name()))
        {
            if (claims.Get(ObjectName.Of(wanted)) is not { } claim)
            {
                await (pod.Phase() == "Pending" && !condemned && !pod.IsDeleting() ? Plane.Writer.EnsureAsync(claims, set.Namespace(), wanted, cancellationToken) : Task.CompletedTask).ConfigureAwait(false);
                continue;
            }

            List<MapNode> owners = StatefulSets.OwnersOf(claim, set, pod, condemned);
            bool isCurrent = claim.OwnerReferences().Select(owner => owner.Text("uid")).SequenceEqual(owners.Select(owner => owner.Text("uid")));
            if (!isCurrent)
            {
                MapNode patch = new() { ["metadata"] = new MapNode { ["ownerReferences"] = owners.Count > 0 ? new ListNode(owners) : Node.Null } };
                await Plane.Writer.MergePatchAsync(claims, claim, patch, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // The claim of an earlier pod of this name is about to go with it.
    private bool HasStaleClaim(MapNode set, MapNode pod) => StatefulSets.Claims(set, pod.Name())
        .Select(entry => claims.Get(ObjectName.Of(entry.Claim)))
        .Any(claim => claim is not null && claim.OwnerReferences().Any(owner => owner.Text("kind") == "Pod" && owner.Text("name") == pod.Name()));
}
