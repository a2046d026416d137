using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="DaemonSets"/> decides.</summary>
internal sealed class DaemonSetController(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "daemonset-controller";
    private static readonly TimeSpan TakenName = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(15);
    private readonly KindMirror sets = plane.Mirror("apps", "DaemonSet");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly KindMirror history = plane.Mirror("apps", "ControllerRevision");

    private readonly Dictionary<(string Set, string Node), (int Count, DateTimeOffset At)> failures = [];

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(sets);
        WatchOwned(pods, "DaemonSet");
        Watch(nodes, change =>
        {
            if (change.Old is { } old && change.New is { } node
                && Node.DeepEquals(old.Labels(), node.Labels()) && Node.DeepEquals(old.Spec()["taints"], node.Spec()["taints"]))
            {
                return;
            }

            foreach (MapNode set in sets.All())
            {
                Queue.Add(ObjectName.Of(set));
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
        if (selector.IsEmpty)
        {
            Plane.Events.Warning(set, Component, "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return null;
        }

        // The garbage collector takes its pods and revisions: others would outlive it for a moment.
        if (set.IsDeleting())
        {
            return null;
        }

        List<MapNode> owned = await Claims.ClaimAsync(Plane, pods, set, selector, cancellationToken).ConfigureAwait(false);
        if (await ReviseAsync(set, owned, cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return TakenName;
        }

        IReadOnlyList<MapNode> known = [.. nodes.All().OrderBy(node => node.Name(), StringComparer.Ordinal)];
        DaemonPlan plan = DaemonSets.Decide(set, hash, known, owned, Plane.Now, pod => MayReplace(set, pod));
        await ActAsync(set, hash, plan, cancellationToken).ConfigureAwait(false);
        if (plan.Create.Count + plan.Delete.Count > 0)
        {
            owned = [.. pods.OwnedBy(set.Uid()).Where(pod => pod.IsControlledBy(set))];
            plan = DaemonSets.Decide(set, hash, known, owned, Plane.Now, _ => false);
        }

        await Plane.Writer.SetStatusAsync(sets, set, plan.Status, cancellationToken).ConfigureAwait(false);
        return owned.Exists(pod => pod.Phase() == "Failed") ? FirstBackoff : Pods.NextAvailability(owned, set.Spec().Int("minReadySeconds"), Plane.Now);
    }

    // A node that fails pod after pod is given more and more time.
    private bool MayReplace(MapNode set, MapNode pod)
    {
        (string, string) key = (set.Uid(), DaemonSets.NodeOf(pod));
        (int count, DateTimeOffset at) = failures.GetValueOrDefault(key);
        TimeSpan wait = count == 0 ? TimeSpan.Zero : FirstBackoff * Math.Pow(2, Math.Min(count - 1, 10));
        TimeSpan passed = Plane.Now - at;
        if (passed >= TimeSpan.Zero && passed < wait)
        {
            return false;
        }

        failures[key] = (passed > LongestBackoff ? 1 : count + 1, Plane.Now);
        return true;
    }

    private async Task ActAsync(MapNode set, string hash, DaemonPlan plan, CancellationToken cancellationToken)
    {
        foreach ((string type, string reason, string message) in plan.Events)
        {
            Plane.Events.Record(set, Component, type, reason, message);
        }

        foreach (string node in plan.Create)
        {
            try
            {
                MapNode pod = await Plane.Writer.CreateAsync(pods, set.Namespace(), DaemonSets.MakePod(set, hash, node), cancellationToken).ConfigureAwait(false);
                Plane.Events.Normal(set, Component, "SuccessfulCreate", $"Created pod: {pod.Name()}");
            }
            catch (ClusterException error)
            {
                Plane.Events.Warning(set, Component, "FailedCreate", $"Error creating: {error.Message}");
                throw;
            }
        }

        foreach (MapNode pod in plan.Delete)
        {
            await Plane.Writer.DeleteAsync(pods, pod, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(set, Component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
        }
    }

    /// <returns>The hash that pods of the present template carry; null when its revision's name is taken, and the next round gives another.</returns>
    private async Task<string?> ReviseAsync(MapNode set, List<MapNode> owned, CancellationToken cancellationToken)
    {
        int? collisions = set.Status()["collisionCount"] is { } count ? (int?)count.AsInteger() : null;
        string hash = PodTemplateHash.Of((MapNode)set.Spec()["template"]!, collisions);
        HashSet<string> live = [.. owned.Select(pod => pod.Labels()?[DaemonSets.HashLabel]?.AsString()).OfType<string>()];
        RevisionPlan plan = Revisions.Decide(
            set,
            Revisions.Of(set, hash, null),
            [.. history.OwnedBy(set.Uid()).Where(revision => revision.IsControlledBy(set))],
            string.Empty,
            revision => live.Contains(revision.Labels()?[DaemonSets.HashLabel]?.AsString() ?? string.Empty));
        if (!await RevisionHistory.KeepAsync(Plane, history, sets, set, plan, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        foreach (MapNode revision in plan.Delete)
        {
            await Plane.Writer.DeleteAsync(history, revision, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        return plan.Update.Labels()?[DaemonSets.HashLabel]?.AsString() ?? hash;
    }
}
