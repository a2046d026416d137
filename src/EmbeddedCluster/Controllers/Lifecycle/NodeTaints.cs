using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Keeps the NoSchedule taints that follow from a node's conditions and cordon, and its ttl annotation.</summary>
internal sealed class NodeTaints(ControlPlane plane) : Reconciler(plane)
{
    private const string Ttl = "node.alpha.kubernetes.io/ttl";
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly (string Condition, string Key)[] Pressures =
    [
        ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "node.kubernetes.io/disk-pressure"),
        ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
        ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    ];

    private static readonly HashSet<string> Managed = [NotReady, Unreachable, Unschedulable, .. Pressures.Select(pressure => pressure.Key)];
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");

    public override void Subscribe() => WatchOwn(nodes);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node || node.IsDeleting())
        {
            return null;
        }

        ListNode taints = Decide(node, Plane.Now);
        bool same = Node.DeepEquals(node.Spec()["taints"] as ListNode ?? [], taints) && node.Annotation(Ttl) is not null;
        if (!same)
        {
            MapNode changed = node.Clone();
            changed.EnsureMap("metadata").EnsureMap("annotations")[Ttl] = node.Annotation(Ttl) ?? "0";
            changed.EnsureMap("spec").Remove("taints");
            if (taints.Count > 0)
            {
                changed.EnsureMap("spec")["taints"] = taints;
            }

            await Plane.Writer.UpdateAsync(nodes, changed, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    internal static ListNode Decide(MapNode node, DateTimeOffset now)
    {
        HashSet<string> wanted = [];
        string ready = node.Status().Condition("Ready").Text("status");
        if (ready == "False")
        {
            wanted.Add(NotReady);
        }
        else if (ready == "Unknown")
        {
            wanted.Add(Unreachable);
        }

        wanted.UnionWith(Pressures.Where(pressure => node.Status().ConditionIs(pressure.Condition, "True")).Select(pressure => pressure.Key));
        if (node.Spec().Flag("unschedulable"))
        {
            wanted.Add(Unschedulable);
        }

        List<MapNode> kept = [.. node.Spec()["taints"].Maps().Where(taint =>
            taint.Text("effect") != "NoSchedule" || !Managed.Contains(taint.Text("key")) || wanted.Contains(taint.Text("key")))];
        foreach (string key in wanted.Where(key => !kept.Exists(taint => taint.Text("key") == key && taint.Text("effect") == "NoSchedule")).Order(StringComparer.Ordinal))
        {
            kept.Add(new MapNode { ["key"] = key, ["effect"] = "NoSchedule", ["timeAdded"] = now.Stamp() });
        }

        return new ListNode(kept);
    }
}
