using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Deletes pods from nodes with NoExecute taints, when they do not tolerate them or no longer.</summary>
internal sealed class TaintEviction : Reconciler
{
    private const string Component = "taint-eviction-controller";
    private readonly KindMirror nodes;
    private readonly KindMirror pods;
    private readonly HashSet<ObjectName> scheduled = [];

    public TaintEviction(ControlPlane plane)
        : base(plane)
    {
        nodes = plane.Mirror(string.Empty, "Node");
        pods = plane.Mirror(string.Empty, "Pod");
    }

    public override void Subscribe()
    {
        Watch(nodes, change =>
        {
            if (change.New is { } node && !Node.DeepEquals(Taints(change.Old), Taints(node)))
            {
                foreach (MapNode pod in pods.Indexed(node.Name()))
                {
                    Queue.Add(ObjectName.Of(pod));
                }
            }
        });
        Watch(pods, change =>
        {
            if (change.New is { } pod && pod.Spec().Text("nodeName") is { Length: > 0 } node && node != change.Old?.Spec().Text("nodeName")
                && Taints(nodes.Get(string.Empty, node)).Count > 0)
            {
                Queue.Add(ObjectName.Of(pod));
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (pods.Get(key) is not { } pod || pod.IsDeleting())
        {
            scheduled.Remove(key);
            return null;
        }

        DateTimeOffset? due = Due(pod, nodes.Get(string.Empty, pod.Spec().Text("nodeName")), Plane.Now);
        if (due is not { } at)
        {
            if (scheduled.Remove(key))
            {
                Plane.Events.Normal(pod, Component, "TaintManagerEviction", $"Cancelling deletion of Pod {key}");
            }

            return null;
        }

        if (at > Plane.Now)
        {
            scheduled.Add(key);
            return at - Plane.Now;
        }

        scheduled.Remove(key);
        Plane.Events.Normal(pod, Component, "TaintManagerEviction", $"Marking for deletion Pod {key}");
        await Disruption.DeleteAsync(Plane, pods, pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>When the pod has to go; null when it may stay.</summary>
    internal static DateTimeOffset? Due(MapNode pod, MapNode? node, DateTimeOffset now)
    {
        ListNode taints = Taints(node);
        if (taints.Count == 0)
        {
            return null;
        }

        DateTimeOffset since = pod.Status()["startTime"].Time() ?? pod.CreatedAt() ?? now;
        long? seconds = null;
        foreach (MapNode taint in taints.Maps())
        {
            MapNode? toleration = pod.Spec()["tolerations"].Maps().FirstOrDefault(toleration => NodeMatching.Tolerates(toleration, taint));
            if (toleration is null)
            {
                return now;
            }

            if (toleration["tolerationSeconds"]?.AsInteger() is { } limit)
            {
                seconds = Math.Min(seconds ?? long.MaxValue, Math.Max(0, limit));
            }

            since = taint["timeAdded"].Time() is { } added && added > since ? added : since;
        }

        // A start that lies ahead is a clock that was set back.
        return seconds is { } wait ? (since > now ? now : since) + TimeSpan.FromSeconds(Math.Min(wait, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerSecond / 4)) : null;
    }

    private static ListNode Taints(MapNode? node) =>
        node is null ? new ListNode() : new ListNode(node.Spec()["taints"].Maps().Where(taint => taint.Text("effect") == "NoExecute"));
}
