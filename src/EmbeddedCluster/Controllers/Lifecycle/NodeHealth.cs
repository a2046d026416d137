using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>
/// Notices nodes that say nothing any more (neither status nor lease), marks them and their pods, and lets their pods be evicted
/// by NoExecute taints, slowly and never when everything seems to be down.
/// </summary>
internal sealed class NodeHealth(ControlPlane plane, TimeSpan grace) : Reconciler(plane)
{
    private const string Component = "node-controller";
    private const string LeaseNamespace = "kube-node-lease";
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private static readonly TimeSpan StartupGrace = TimeSpan.FromSeconds(60);
    private static readonly string[] Watched = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror leases = plane.Mirror("coordination.k8s.io", "Lease");
    private readonly Dictionary<string, Observation> observations = new(StringComparer.Ordinal);
    private readonly NodeZones zones = new();

    public override void Subscribe()
    {
        WatchOwn(nodes);
        Watch(leases, change =>
        {
            if (change.Any.Namespace() == LeaseNamespace)
            {
                Queue.Add(new ObjectName(string.Empty, change.Any.Name()));
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node)
        {
            Forget(key.Name);
            return null;
        }

        Observation seen = Observe(node);
        TimeSpan left = GraceOf(node) - seen.Before - Plane.Time.GetElapsedTime(seen.LastSign);
        if (left < TimeSpan.Zero)
        {
            node = await MarkUnknownAsync(node, cancellationToken).ConfigureAwait(false);
        }

        string ready = ReadyOf(node);
        if (seen.Ready == "True" && ready != "True")
        {
            await MarkPodsAsync(node, cancellationToken).ConfigureAwait(false);
        }

        seen.Ready = ready;
        if (zones.Put(node.Name(), NodeZones.ZoneOf(node), ready == "True"))
        {
            EnqueueAll();
        }

        TimeSpan? limited = await TaintAsync(node, ready, cancellationToken).ConfigureAwait(false);
        TimeSpan? silent = left >= TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(1) : null;
        return limited is { } a && silent is { } b ? (a < b ? a : b) : limited ?? silent;
    }

    private static string ReadyOf(MapNode node) => node.Status().Condition("Ready").Text("status");

    private Observation Observe(MapNode node)
    {
        string sign = string.Concat(
            node.Status().Condition("Ready")?["lastHeartbeatTime"]?.AsString(),
            node.Status().Condition("Ready").Text("status") == "Unknown" ? null : node.Status().Condition("Ready").Text("status"),
            leases.Get(LeaseNamespace, node.Name())?.Spec()["renewTime"]?.AsString());
        if (!observations.TryGetValue(node.Name(), out Observation? seen))
        {
            TimeSpan before = node.Status().Condition("Ready") is null && node.CreatedAt() is { } created && created < Plane.Now ? Plane.Now - created : TimeSpan.Zero;
            observations[node.Name()] = seen = new Observation { Sign = sign, LastSign = Plane.Time.GetTimestamp(), Before = before };
            Plane.Events.Normal(Plain(node), Component, "RegisteredNode", $"Node {node.Name()} event: Registered Node {node.Name()} in Controller");
        }
        else if (seen.Sign != sign)
        {
            (seen.Sign, seen.LastSign, seen.Before) = (sign, Plane.Time.GetTimestamp(), TimeSpan.Zero);
        }

        seen.Node = node;
        return seen;
    }

    // A lease says itself how long it holds; simulated nodes renew theirs seldom.
    private TimeSpan GraceOf(MapNode node)
    {
        TimeSpan promised = TimeSpan.FromSeconds(leases.Get(LeaseNamespace, node.Name())?.Spec().Int("leaseDurationSeconds") ?? 0);
        TimeSpan least = node.Status().Condition("Ready") is null ? StartupGrace : grace;
        return promised > least ? promised : least;
    }

    private async Task<MapNode> MarkUnknownAsync(MapNode node, CancellationToken cancellationToken)
    {
        ListNode conditions = node.Status()["conditions"]?.DeepClone() as ListNode ?? new ListNode();
        foreach (string type in Watched)
        {
            MapNode? present = conditions.Maps().FirstOrDefault(condition => condition.Text("type") == type);
            if (present is null)
            {
                conditions.Add(new MapNode
                {
                    ["type"] = type,
                    ["status"] = "Unknown",
                    ["lastHeartbeatTime"] = (node.CreatedAt() ?? Plane.Now).Stamp(),
                    ["lastTransitionTime"] = Plane.Now.Stamp(),
                    ["reason"] = "NodeStatusNeverUpdated",
                    ["message"] = "Kubelet never posted node status.",
                });
            }
            else if (present.Text("status") != "Unknown")
            {
                present["status"] = "Unknown";
                present["reason"] = "NodeStatusUnknown";
                present["message"] = "Kubelet stopped posting node status.";
                present["lastTransitionTime"] = Plane.Now.Stamp();
            }
        }

        MapNode status = node.Status().Clone();
        status["conditions"] = conditions;
        return await Plane.Writer.SetStatusAsync(nodes, node, status, cancellationToken).ConfigureAwait(false);
    }

    private async Task MarkPodsAsync(MapNode node, CancellationToken cancellationToken)
    {
        Plane.Events.Normal(Plain(node), Component, "NodeNotReady", $"Node {node.Name()} status is now: NodeNotReady");
        foreach (MapNode pod in pods.Indexed(node.Name()))
        {
            if (!pod.Status().ConditionIs("Ready", "True"))
            {
                continue;
            }

            MapNode status = pod.Status().Clone();
            MapNode ready = status.Condition("Ready")!;
            ready["status"] = "False";
            ready["lastTransitionTime"] = Plane.Now.Stamp();
            try
            {
                await Plane.Writer.SetStatusAsync(pods, pod, status, cancellationToken).ConfigureAwait(false);
                Plane.Events.Warning(pod, Component, "NodeNotReady", "Node is not ready");
            }
            catch (ClusterException error) when (error.IsConflict || error.IsNotFound)
            {
                // It changed or went this moment; a node that is back says itself how its pods are.
            }
        }
    }

    // Returns when the zone's rate allows the taint, if that is later.
    private async Task<TimeSpan?> TaintAsync(MapNode node, string ready, CancellationToken cancellationToken)
    {
        string? wanted = ready switch { "True" or "" => null, "False" => NotReady, _ => Unreachable };
        List<MapNode> taints = [.. node.Spec()["taints"].Maps()];
        List<MapNode> present = [.. taints.Where(taint => taint.Text("effect") == "NoExecute" && taint.Text("key") is NotReady or Unreachable)];
        if (zones.AllDown)
        {
            wanted = null;
        }

        if (present.Count == (wanted is null ? 0 : 1) && present.TrueForAll(taint => taint.Text("key") == wanted))
        {
            return null;
        }

        if (wanted is not null && present.Count == 0 && zones.Take(NodeZones.ZoneOf(node), Plane.Now) is { } wait)
        {
            return wait == TimeSpan.MaxValue ? null : wait;
        }

        ListNode rest = new(taints.Except(present));
        if (wanted is not null)
        {
            rest.Add(new MapNode { ["key"] = wanted, ["effect"] = "NoExecute", ["timeAdded"] = Plane.Now.Stamp() });
        }

        MapNode changed = node.Clone();
        changed.EnsureMap("spec").Remove("taints");
        if (rest.Count > 0)
        {
            changed.EnsureMap("spec")["taints"] = rest;
        }

        await Plane.Writer.UpdateAsync(nodes, changed, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private void Forget(string name)
    {
        if (!observations.Remove(name, out Observation? gone))
        {
            return;
        }

        Plane.Events.Normal(Plain(gone.Node!), Component, "RemovingNode", $"Node {name} event: Removing Node {name} from Controller");
        if (zones.Remove(name))
        {
            EnqueueAll();
        }
    }

    private void EnqueueAll()
    {
        foreach (string name in observations.Keys)
        {
            Queue.Add(new ObjectName(string.Empty, name));
        }
    }

    // The events of this controller name the node without a version of it.
    private static MapNode Plain(MapNode node) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new MapNode { ["name"] = node.Name(), ["uid"] = node.Uid() },
    };

    private sealed class Observation
    {
        public MapNode? Node { get; set; }

        public required string Sign { get; set; }

        /// <summary>When this process last saw a sign of life: a timestamp, so that a clock that is set does not make nodes look silent.</summary>
        public required long LastSign { get; set; }

        /// <summary>How long the node had been there before that without ever being ready.</summary>
        public required TimeSpan Before { get; set; }

        public string Ready { get; set; } = string.Empty;
    }
}
