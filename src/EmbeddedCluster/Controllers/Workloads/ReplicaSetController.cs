using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Keeps as many pods as a ReplicaSet or a ReplicationController asks for.</summary>
internal sealed class ReplicaSetController : Reconciler
{
    private readonly string kind;
    private readonly string component;
    private readonly KindMirror sets;
    private readonly KindMirror pods;

    private ReplicaSetController(ControlPlane plane, string group, string kind, string component)
        : base(plane)
    {
        this.kind = kind;
        this.component = component;
        sets = plane.Mirror(group, kind);
        pods = plane.Mirror(string.Empty, "Pod");
    }

    public override string Name => component;

    protected override int Workers => 2;

    public static ReplicaSetController ForReplicaSets(ControlPlane plane) => new(plane, "apps", "ReplicaSet", "replicaset-controller");

    public static ReplicaSetController ForReplicationControllers(ControlPlane plane) => new(plane, string.Empty, "ReplicationController", "replication-controller");

    public override void Subscribe()
    {
        WatchOwn(sets);
        WatchOwned(pods, kind);
        Watch(pods, change =>
        {
            if (change.New is { } pod && pod.ControllerReference() is null && !pod.IsDeleting())
            {
                EnqueueMatching(pod);
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (sets.Get(key) is not { } set)
        {
            return null;
        }

        List<MapNode> owned = await Claims.ClaimAsync(Plane, pods, set, SelectorOf(set), cancellationToken).ConfigureAwait(false);
        ReplicaPlan plan = ReplicaSets.Decide(set, owned, pod => CountRelated(set, pod), Plane.Now);
        (string Reason, string Message)? failure = await CreateAsync(set, plan.Create, cancellationToken).ConfigureAwait(false);
        foreach (MapNode pod in plan.Delete)
        {
            await Plane.Writer.DeleteAsync(pods, pod, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(set, component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
        }

        owned = [.. pods.OwnedBy(set.Uid()).Where(pod => pod.IsControlledBy(set))];
        MapNode status = ReplicaSets.Status(set, owned, failure, Plane.Now);
        await Plane.Writer.SetStatusAsync(sets, set, status, cancellationToken).ConfigureAwait(false);
        if (failure is { } failed)
        {
            throw new ClusterException(failed.Message, 409, "Conflict");
        }

        bool more = plan.Create == ReplicaSets.BurstReplicas || plan.Delete.Count == ReplicaSets.BurstReplicas;
        return more ? TimeSpan.Zero : Pods.NextAvailability(owned, set.Spec().Int("minReadySeconds"), Plane.Now);
    }

    // Batches of 1, 2, 4 …, as upstream: when the first pod is refused, the others are not tried.
    private async Task<(string Reason, string Message)?> CreateAsync(MapNode set, int count, CancellationToken cancellationToken)
    {
        MapNode template = set.Spec()["template"] as MapNode ?? new MapNode();
        for (int i = 0; i < count; i++)
        {
            try
            {
                MapNode pod = await Plane.Writer.CreateAsync(pods, set.Namespace(), Pods.FromTemplate(template, set), cancellationToken).ConfigureAwait(false);
                Plane.Events.Normal(set, component, "SuccessfulCreate", $"Created pod: {pod.Name()}");
            }
            catch (ClusterException error)
            {
                if (error.Message.Contains("because it is being terminated", StringComparison.Ordinal))
                {
                    return null;
                }

                Plane.Events.Warning(set, component, "FailedCreate", $"Error creating: {error.Message}");
                return ("FailedCreate", error.Message);
            }
        }

        return null;
    }

    private LabelSelector SelectorOf(MapNode set) =>
        kind == "ReplicaSet" ? LabelSelector.Of(set.Spec()["selector"]) : LabelSelector.OfLabels(set.Spec()["selector"]);

    private int CountRelated(MapNode set, MapNode pod)
    {
        string node = pod.Spec().Text("nodeName");
        return node.Length == 0 ? 0 : pods.Indexed(node).Count(other => other.IsActive() && other.IsControlledBy(set));
    }

    private void EnqueueMatching(MapNode pod)
    {
        foreach (MapNode set in sets.InNamespace(pod.Namespace()))
        {
            if (SelectorOf(set).Matches(pod.Labels()))
            {
                Queue.Add(ObjectName.Of(set));
            }
        }
    }
}
