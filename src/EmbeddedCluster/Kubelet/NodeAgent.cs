using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Registers the simulated nodes, keeps their leases, and lets nodes be lost and come back (annotation <c>bowline.dev/lost</c>).</summary>
internal sealed class NodeAgent : Reconciler
{
    public const string Label = "bowline.dev/simulated";
    public const string LostAnnotation = "bowline.dev/lost";
    private const string LeaseNamespace = "kube-node-lease";
    private const int RegisteredAtOnce = 4;

    // Of a swarm of nodes only the first tell how they started: events have a budget, which pods need more.
    private const int TellingNodes = 8;

    // A real kubelet's promise: a lost node is missed as soon as a real one.
    private static readonly TimeSpan LastLeaseDuration = TimeSpan.FromSeconds(40);
    private readonly SimulatedNodeOptions options;
    private readonly StagePlayer stages;
    private readonly NodeDraft draft;
    private readonly NodeBeat beat;
    private readonly ClusterWriter writer;
    private readonly KindMirror nodes;
    private readonly KindMirror leases;
    private readonly KindMirror namespaces;

    // As of the last beat; a kept state may have more than were asked for.
    private int count;

    /// <param name="speed">How many seconds pass in a true one.</param>
    public NodeAgent(ControlPlane plane, SimulatedNodeOptions options, StagePlayer stages, double speed)
        : base(plane)
    {
        this.options = options;
        this.stages = stages;
        draft = new NodeDraft(options);
        beat = new NodeBeat(options.RenewInterval, speed);
        count = options.Count;
        writer = new ClusterWriter(plane.Cluster, "kubelet");
        nodes = plane.Mirror(string.Empty, "Node");
        leases = plane.Mirror("coordination.k8s.io", "Lease");
        namespaces = plane.Mirror(string.Empty, "Namespace");
    }

    public override string Name => "kubelet-nodes";

    public static bool IsLost(MapNode node) => node.Annotation(LostAnnotation) == "true";

    public static bool IsSimulated(MapNode node) => node.Labels()?[Label]?.AsString() == "true";

    public static string AddressOf(MapNode node) => node.Status()["addresses"].Maps().FirstOrDefault(address => address.Text("type") == "InternalIP").Text("address");

    /// <summary>Makes the nodes that are missing; those of a kept state go on.</summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        MapNode @namespace = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = LeaseNamespace } };
        await writer.EnsureAsync(namespaces, string.Empty, @namespace, cancellationToken).ConfigureAwait(false);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = RegisteredAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, options.Count, parallel, async (index, token) => await RegisterAsync(index, token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    public override void Subscribe() => Watch(nodes, change =>
    {
        NoteCordon(change);
        if (change.New is { } node && IsSimulated(node) && (change.Old is null || IsLost(node) != IsLost(change.Old) || IsLost(node) || IsTakenForLost(node) || stages.HasStagesFor("Node")))
        {
            Queue.Add(ObjectName.Of(node));
        }
    });

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node || !IsSimulated(node))
        {
            stages.Forget(key);
            return null;
        }

        long? promised = leases.Get(LeaseNamespace, key.Name)?.Spec().Int("leaseDurationSeconds");
        if (IsLost(node))
        {
            if (promised > (long)LastLeaseDuration.TotalSeconds)
            {
                await RenewAsync(node, LastLeaseDuration, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }

        if (IsTakenForLost(node))
        {
            await ReturnAsync(node, cancellationToken).ConfigureAwait(false);
        }
        else if (promised != (long)Duration.TotalSeconds)
        {
            await RenewAsync(node, Duration, cancellationToken).ConfigureAwait(false);
        }

        return await PlayAsync(node, cancellationToken).ConfigureAwait(false);
    }

    // The node controller heard nothing of the node for long: it was lost, its lease was deleted, or the program stood still.
    private static bool IsTakenForLost(MapNode node) => node.Status().Condition("Ready").Text("status") == "Unknown";

    private TimeSpan Duration => beat.DurationFor(Volatile.Read(ref count));

    private void NoteCordon(Change change)
    {
        if (change is { Old: { } before, New: { } node } && IsSimulated(node) && IsCordoned(before) != IsCordoned(node))
        {
            NoteStatus(node, IsCordoned(node) ? "NodeNotSchedulable" : "NodeSchedulable");
        }
    }

    private static bool IsCordoned(MapNode node) => node.Spec()["unschedulable"]?.AsBool() == true;

    private void NoteStatus(MapNode node, string reason) => Plane.Events.Normal(node, "kubelet", reason, $"Node {node.Name()} status is now: {reason}", node.Name());

    /// <summary>Renews leases, and now and then says in the status that all is well, as kubelets do.</summary>
    public async Task BeatAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(beat.Tick, Plane.Time);
        try
        {
            for (long tick = 0; await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false); tick++)
            {
                List<MapNode> simulated = [.. nodes.All().Where(IsSimulated)];
                Volatile.Write(ref count, simulated.Count);
                foreach (MapNode node in beat.Turn(simulated, tick).Where(node => !IsLost(node)))
                {
                    await BeatQuietlyAsync(node, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RegisterAsync(int index, CancellationToken cancellationToken)
    {
        MapNode wanted = draft.Compose(index, Plane.Now);
        MapNode node = nodes.Get(string.Empty, wanted.Name()) ?? await writer.EnsureAsync(nodes, string.Empty, wanted, cancellationToken).ConfigureAwait(false);
        if (IsLost(node))
        {
            return;
        }

        if (!node.Status().ConditionIs("Ready", "True"))
        {
            node = await writer.SetStatusAsync(nodes, node, draft.Status(index, Plane.Now), cancellationToken).ConfigureAwait(false);
        }

        await RenewAsync(node, Duration, cancellationToken).ConfigureAwait(false);
        if (index < TellingNodes)
        {
            NoteStart(node);
        }
    }

    private void NoteStart(MapNode node)
    {
        Plane.Events.Normal(node, "kubelet", "Starting", "Starting kubelet.", node.Name());
        foreach (string reason in (ReadOnlySpan<string>)["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"])
        {
            NoteStatus(node, reason);
        }

        Plane.Events.Normal(node, "kubelet", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods", node.Name());
        NoteStatus(node, "NodeReady");
    }

    // The kubelet is back: it says that it is ready, and renews its lease again.
    private async Task ReturnAsync(MapNode node, CancellationToken cancellationToken)
    {
        MapNode status = node.Status().Clone();
        foreach (MapNode condition in status["conditions"].Maps())
        {
            MapNode? healthy = draft.Status(0, Plane.Now).Condition(condition.Text("type"));
            if (healthy is not null && condition.Text("status") != healthy.Text("status"))
            {
                foreach ((string key, Node value) in healthy)
                {
                    condition[key] = value;
                }
            }
        }

        MapNode present = await writer.SetStatusAsync(nodes, node, status, cancellationToken).ConfigureAwait(false);
        NoteStatus(present, "NodeReady");
        await RenewAsync(present, Duration, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TimeSpan?> PlayAsync(MapNode node, CancellationToken cancellationToken)
    {
        if (!stages.HasStagesFor("Node") || stages.Choose("Node", node, Plane.Now) is not { } chosen)
        {
            return null;
        }

        if (chosen.Wait > TimeSpan.Zero)
        {
            return chosen.Wait;
        }

        foreach (MapNode happened in StagePlayer.EventsOf(chosen.Stage))
        {
            Action<MapNode, string, string, string, string, string> record = happened.Text("type") == "Warning" ? Plane.Events.Warning : Plane.Events.Normal;
            record(node, "kubelet", happened.Text("reason"), happened.Text("message"), node.Name(), string.Empty);
        }

        IReadOnlyDictionary<string, GoFunction> functions = StageFunctions.For(node.CreatedAt() ?? Plane.Now, Plane.Now, AddressOf(node), options.KubeletVersion, () => AddressOf(node));
        try
        {
            MapNode written = await writer.SetStatusAsync(nodes, node, stages.StatusAfter(chosen.Stage, node, functions, Plane.Time), cancellationToken).ConfigureAwait(false);
            return written.ResourceVersion() == node.ResourceVersion() ? TimeSpan.FromMinutes(1) : null;
        }
        catch (StageException error)
        {
            Plane.Events.Warning(node, "kubelet", "StageFailed", error.Message, node.Name());
            return TimeSpan.FromMinutes(1);
        }
    }

    private async Task BeatQuietlyAsync(MapNode node, CancellationToken cancellationToken)
    {
        try
        {
            await RenewAsync(node, Duration, cancellationToken).ConfigureAwait(false);
            if (node.Status().Condition("Ready")?["lastHeartbeatTime"].Time() is { } last && Plane.Now - last >= beat.ReportingFor(Volatile.Read(ref count)))
            {
                await ReportAsync(node, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ClusterException)
        {
            // The node or the namespace of its lease has gone, or somebody wrote this moment: the next beat is soon enough.
        }
    }

    private async Task ReportAsync(MapNode node, CancellationToken cancellationToken)
    {
        MapNode status = node.Status().Clone();
        foreach (MapNode condition in status["conditions"].Maps().Where(condition => condition["lastHeartbeatTime"] is not null && condition.Text("status") != "Unknown"))
        {
            condition["lastHeartbeatTime"] = Plane.Now.Stamp();
        }

        await writer.SetStatusAsync(nodes, node, status, cancellationToken).ConfigureAwait(false);
    }

    private async Task RenewAsync(MapNode node, TimeSpan duration, CancellationToken cancellationToken)
    {
        string now = Plane.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        if (leases.Get(LeaseNamespace, node.Name()) is { } present)
        {
            MapNode renewed = present.Clone();
            MapNode spec = renewed.EnsureMap("spec");
            spec["renewTime"] = now;
            spec["leaseDurationSeconds"] = (int)duration.TotalSeconds;
            await writer.UpdateAsync(leases, renewed, cancellationToken).ConfigureAwait(false);
            return;
        }

        MapNode lease = new()
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new MapNode
            {
                ["name"] = node.Name(),
                ["namespace"] = LeaseNamespace,
                ["ownerReferences"] = new ListNode(new MapNode { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Name(), ["uid"] = node.Uid() }),
            },
            ["spec"] = new MapNode { ["holderIdentity"] = node.Name(), ["leaseDurationSeconds"] = (int)duration.TotalSeconds, ["renewTime"] = now },
        };
        await writer.EnsureAsync(leases, LeaseNamespace, lease, cancellationToken).ConfigureAwait(false);
    }
}
