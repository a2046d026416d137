using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>What a stage leads to.</summary>
/// <param name="Wait">How long to wait before <see cref="Stage"/> begins; zero for now.</param>
internal sealed record StageStep(Stage Stage, TimeSpan Wait);

/// <summary>Plays the kubelet of every simulated node: leads pods through the stages.</summary>
internal sealed class PodAgent : Reconciler
{
    private const string Component = "kubelet";
    private const int MaxSteps = 16;
    private readonly IReadOnlyList<Stage> stages;
    private readonly StageTiming timing;
    private readonly bool strict;
    private readonly Assumptions assumptions;
    private readonly PodAddresses addresses;
    private readonly ClusterWriter writer;
    private readonly KindMirror pods;
    private readonly KindMirror nodes;
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, (string Stage, DateTimeOffset Since)> begun = [];
    private readonly HashSet<ObjectName> blocked = [];

    public PodAgent(ControlPlane plane, IReadOnlyList<Stage> stages, StageTiming timing, bool strict, Assumptions assumptions)
        : base(plane)
    {
        this.stages = stages;
        this.timing = timing;
        this.strict = strict;
        this.assumptions = assumptions;
        writer = new ClusterWriter(plane.Cluster, Component);
        pods = plane.Mirror(string.Empty, "Pod");
        nodes = plane.Mirror(string.Empty, "Node");
        addresses = new PodAddresses(pods);
    }

    public override string Name => Component;

    protected override int Workers => 2;

    public override void Subscribe()
    {
        Watch(pods, change =>
        {
            if (change.Any.Spec().Text("nodeName").Length > 0)
            {
                Queue.Add(ObjectName.Of(change.Any));
            }
        });
        Watch(Plane.Find(string.Empty, "Secret"), change => RetryIn(change.Any.Namespace()));
        Watch(Plane.Find(string.Empty, "ConfigMap"), change => RetryIn(change.Any.Namespace()));
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? pod = pods.Get(key);
        if (pod is null || pod.Phase() is "Succeeded" or "Failed" || !IsMine(pod, out _))
        {
            Forget(key, pod);
        }

        if (pod is null || !IsMine(pod, out MapNode? node))
        {
            return null;
        }

        PodVariables Variables(MapNode state) => new(state, Surround(key, state, node));
        return await WalkAsync(key, pod, node, Variables, cancellationToken).ConfigureAwait(false);
    }

    // Goes on as long as the next stage is due, and writes once.
    private async Task<TimeSpan?> WalkAsync(ObjectName key, MapNode pod, MapNode node, Func<MapNode, PodVariables> variables, CancellationToken cancellationToken)
    {
        MapNode state = pod;
        TimeSpan? wait = null;
        for (int step = 0; step < MaxSteps; step++)
        {
            PodVariables known = variables(state);
            if (Next(key, state, known) is not { Stage.Rest: false } next)
            {
                break;
            }

            if (next.Wait > TimeSpan.Zero)
            {
                wait = next.Wait;
                break;
            }

            if (next.Stage.Delete)
            {
                await writer.DeleteAsync(pods, pod, new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken).ConfigureAwait(false);
                return null;
            }

            state = Apply(next.Stage, pod, state, known, node);
        }

        if (!ReferenceEquals(state, pod))
        {
            await writer.SetStatusAsync(pods, pod, state.Status(), cancellationToken).ConfigureAwait(false);
        }

        return wait;
    }

    private StageStep? Next(ObjectName key, MapNode pod, PodVariables variables)
    {
        Stage? stage = stages.FirstOrDefault(candidate => candidate.When.All(condition => condition.Holds(pod, variables)));
        if (stage is null || timing == StageTiming.Immediate || Seconds(stage.Delay, variables) is not (> 0 and var seconds))
        {
            return stage is null ? null : new StageStep(stage, TimeSpan.Zero);
        }

        lock (gate)
        {
            if (!begun.TryGetValue(key, out (string Stage, DateTimeOffset Since) since) || since.Stage != stage.Name)
            {
                begun[key] = since = (stage.Name, Plane.Now);
            }

            return new StageStep(stage, since.Since + TimeSpan.FromSeconds(seconds) - Plane.Now);
        }
    }

    private static double Seconds(Node? delay, PodVariables variables) => delay switch
    {
        StringNode text => variables.Get(text.Value.TrimStart('$'))?.AsNumber() ?? 0,
        _ => delay?.AsNumber() ?? 0,
    };

    private MapNode Apply(Stage stage, MapNode pod, MapNode state, PodVariables variables, MapNode node)
    {
        foreach (MapNode declared in stage.Events)
        {
            Announce(pod, declared, variables, node.Name());
        }

        if (stage.Status is null || StageTemplate.Fill(stage.Status, variables) is not MapNode filled)
        {
            return state;
        }

        MapNode next = ClusterWriter.Shallow(state);
        next["status"] = StageTemplate.Lay(state.Status(), filled, Plane.Now);
        return next;
    }

    private void Announce(MapNode pod, MapNode declared, PodVariables variables, string host)
    {
        bool isWarning = declared.Text("type") == "Warning";
        string list = declared.Text("each");
        IEnumerable<IStageVariables> subjects = list.Length == 0 ? [variables] : variables.Each(list).Select(entry => entry.Variables);
        foreach (IStageVariables subject in subjects)
        {
            string message = StageTemplate.Text(declared.Text("message"), subject);
            string field = list.Length == 0 ? string.Empty : $"spec.{list}{{{subject.Get("name")?.AsString()}}}";
            Action<MapNode, string, string, string, string, string> record = isWarning ? Plane.Events.Warning : Plane.Events.Normal;
            record(pod, Component, declared.Text("reason"), message, host, field);
        }
    }

    private PodSurroundings Surround(ObjectName key, MapNode pod, MapNode node)
    {
        string hostIP = node.Status()["addresses"].Maps().FirstOrDefault(address => address.Text("type") == "InternalIP").Text("address");
        string podIP = pod.Spec().Flag("hostNetwork") ? hostIP : addresses.Of(pod, node);
        return new PodSurroundings(hostIP, podIP, timing, Check(key, pod), Plane.Now);
    }

    private PodProblems Check(ObjectName key, MapNode pod)
    {
        if (pod.IsDeleting())
        {
            return PodProblems.None;
        }

        MapNode? Find(string kind, string name) => Plane.Find(string.Empty, kind)?.Get(key.Namespace, name);
        IReadOnlyList<PodReference> missing = PodReferences.Missing(pod, Find);
        List<PodReference> assumed = strict ? [] : [.. missing.Where(reference => reference.Kind == "Secret")];
        if (!strict)
        {
            string owner = assumed.Count == 0 ? string.Empty : Assumptions.OwnerOf(pod, (group, kind, name) => Plane.Find(group, kind)?.Get(key.Namespace, name));
            assumptions.Set(key, owner, assumed);
        }

        PodProblems problems = PodReferences.Problems(pod, missing.Except(assumed), Find);
        lock (gate)
        {
            _ = problems.IsEmpty ? blocked.Remove(key) : blocked.Add(key);
        }

        return problems;
    }

    private void RetryIn(string @namespace)
    {
        foreach (ObjectName pod in assumptions.PodsIn(@namespace))
        {
            Queue.Add(pod);
        }

        lock (gate)
        {
            foreach (ObjectName pod in blocked.Where(pod => pod.Namespace == @namespace))
            {
                Queue.Add(pod);
            }
        }
    }

    private bool IsMine(MapNode pod, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MapNode? node)
    {
        node = nodes.Get(string.Empty, pod.Spec().Text("nodeName"));
        return node?.Labels()?[SimulatedNodes.Label]?.AsString() == "true";
    }

    private void Forget(ObjectName key, MapNode? pod)
    {
        assumptions.Forget(key);
        if (pod is null)
        {
            addresses.Release(key);
        }

        lock (gate)
        {
            begun.Remove(key);
            blocked.Remove(key);
        }
    }
}
