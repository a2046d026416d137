using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Certificates;
using Bowline.EmbeddedCluster.Controllers.Lifecycle;
using Bowline.EmbeddedCluster.Controllers.Networking;
using Bowline.EmbeddedCluster.Controllers.Policy;
using Bowline.EmbeddedCluster.Controllers.Storage;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>What runs inside an embedded cluster besides its API server.</summary>
public sealed record ControllerManagerOptions
{
    public static readonly ControllerManagerOptions Default = new();

    /// <summary>How fast simulated pods become ready.</summary>
    public StageTiming Timing { get; init; } = StageTiming.Immediate;

    /// <summary>Missing Secrets keep pods from starting, as on a real cluster, and storage classes have to exist.</summary>
    public bool Strict { get; init; }

    /// <summary>The cluster's certificate authority as PEM, published in every namespace.</summary>
    public string CertificateAuthority { get; init; } = string.Empty;

    public SimulatedNodeOptions Nodes { get; init; } = SimulatedNodeOptions.Default;

    /// <summary>Schedules pods and simulates nodes; without it pods stay Pending, as without scheduler and kubelets.</summary>
    public bool SimulateNodes { get; init; } = true;

    /// <summary>How long a node may be silent before it counts as lost; a lease that promises more gets more.</summary>
    public TimeSpan NodeGrace { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>What users declare about pods and nodes: YAML documents of kind Stage and Behaviour (docs/simulated-nodes.md).</summary>
    public string? Stages { get; init; }

    /// <summary>Draws among Stages and their jitter.</summary>
    public Random Random { get; init; } = new();

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Where autoscalers have their figures from; by default such as keep every target's size.</summary>
    internal IMetricsSource? Metrics { get; init; }
}

/// <summary>The controllers, the scheduler and the simulated nodes of one embedded cluster, all in this process.</summary>
public sealed class ControllerManager : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Reconciler> reconcilers = [];
    private readonly List<Task> running = [];

    private ControllerManager()
    {
    }

    /// <summary>Secrets that are missing and were taken for granted.</summary>
    public Assumptions Assumptions { get; } = new();

    /// <summary>Whether no controller has anything to do at this moment; what waits for a time does not count.</summary>
    public bool IsIdle => reconcilers.TrueForAll(reconciler => reconciler.Queue.IsIdle);

    /// <summary>Returns once everything is listed and the nodes are registered; controllers work from then on.</summary>
    public static async Task<ControllerManager> StartAsync(ICluster cluster, TimeProvider time, ControllerManagerOptions options, CancellationToken cancellationToken)
    {
        ControllerManager manager = new();
        try
        {
            await manager.RunAsync(cluster, time, options, cancellationToken).ConfigureAwait(false);
            return manager;
        }
        catch
        {
            await manager.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        foreach (Reconciler reconciler in reconcilers)
        {
            reconciler.Dispose();
        }

        stopping.Dispose();
    }

    private async Task RunAsync(ICluster cluster, TimeProvider time, ControllerManagerOptions options, CancellationToken cancellationToken)
    {
        ControlPlane plane = new(cluster, time, options.Logger, stopping.Token);
        await plane.DiscoverAsync(cancellationToken).ConfigureAwait(false);
        StageFile file = StageFile.Parse(options.Stages);
        Behaviours behaviours = new(file.Behaviours);
        IMetricsSource metrics = options.Metrics ?? (options.SimulateNodes ? new DeclaredMetrics(plane, behaviours, new SimulatedMetrics()) : new AbsentMetrics());
        reconcilers.AddRange(ControllersOf(plane, options, metrics));
        if (cluster is InProcessCluster { Issuer: var issuer })
        {
            reconcilers.Add(new CertificateRequests(plane, issuer));
        }

        if (options.SimulateNodes)
        {
            reconcilers.Add(new PodScheduler(plane));
            reconcilers.Add(new VolumeAttacher(plane));
            StagePlayer player = new(file.Stages, options.Random);
            (cluster as InProcessCluster)?.Simulate(behaviours);
            reconcilers.Add(new PodAgent(plane, new PodAgentSettings(options.Timing, options.Strict, Behaviours: behaviours, Stages: player), Assumptions));
            reconcilers.Add(new NodeAgent(plane, options.Nodes, player, (time as FasterTime)?.Factor ?? 1));
        }

        foreach (Reconciler reconciler in reconcilers)
        {
            reconciler.Subscribe();
        }

        // Workers begin when everything is listed: a controller that sees half of the state makes things twice.
        await plane.FollowAllAsync(cancellationToken).ConfigureAwait(false);
        running.Add(plane.Events.RunAsync(stopping.Token));
        if (options.SimulateNodes)
        {
            await DefaultStorageClass.EnsureAsync(plane, cancellationToken).ConfigureAwait(false);
            NodeAgent nodes = reconcilers.OfType<NodeAgent>().Single();
            await nodes.RegisterAsync(cancellationToken).ConfigureAwait(false);
            running.Add(nodes.BeatAsync(stopping.Token));
        }

        await SettleAsync(plane, cancellationToken).ConfigureAwait(false);
        running.AddRange(reconcilers.Select(reconciler => reconciler.RunAsync(stopping.Token)));
    }

    // Whoever comes first finds service accounts and nodes to run on.
    private async Task SettleAsync(ControlPlane plane, CancellationToken cancellationToken)
    {
        foreach (NamespaceDefaults defaults in reconcilers.OfType<NamespaceDefaults>())
        {
            await ReconcileAllAsync(defaults, plane.Mirror(string.Empty, "Namespace"), cancellationToken).ConfigureAwait(false);
        }

        foreach (NodeTaints taints in reconcilers.OfType<NodeTaints>())
        {
            await ReconcileAllAsync(taints, plane.Mirror(string.Empty, "Node"), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task ReconcileAllAsync(Reconciler reconciler, KindMirror mirror, CancellationToken cancellationToken)
    {
        foreach (MapNode node in mirror.All())
        {
            await reconciler.ReconcileAsync(ObjectName.Of(node), cancellationToken).ConfigureAwait(false);
        }
    }

    private static IEnumerable<Reconciler> ControllersOf(ControlPlane plane, ControllerManagerOptions options, IMetricsSource metrics) =>
    [
        new KindFollower(plane),
        new NamespaceDefaults(plane, options.CertificateAuthority),
        new NamespaceDeletion(plane),
        new GarbageCollector(plane),
        new NodeTaints(plane),
        new NodeHealth(plane, options.NodeGrace),
        new TaintEviction(plane),
        new PodCollector(plane),
        new DeploymentController(plane),
        ReplicaSetController.ForReplicaSets(plane),
        ReplicaSetController.ForReplicationControllers(plane),
        new EndpointSliceController(plane),
        new EndpointSliceMirroring(plane),
        new EndpointsController(plane),
        new StatefulSetController(plane),
        new DaemonSetController(plane),
        new JobController(plane),
        new CronJobController(plane),
        new VolumeBinder(plane, options.Strict),
        new VolumeReclaimer(plane),
        new ClaimProtection(plane),
        new EphemeralClaims(plane),
        new DisruptionBudgets(plane),
        new Autoscalers(plane, metrics),
        new Quotas(plane),
        new AggregatedRoles(plane),
        new PolicyTypes(plane),
        new TokenSecrets(plane, options.CertificateAuthority),
        new LoadBalancers(plane),
        new ServiceRanges(plane),
        new IngressAddresses(plane),
    ];
}
