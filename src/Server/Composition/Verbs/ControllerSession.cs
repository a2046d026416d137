using System.Net;
using System.Security.Cryptography;
using Bowline.Applications.Model;
using Bowline.Applications.Sharding;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Server.Composition.Up;
using Bowline.Server.Monitoring;

namespace Bowline.Server.Composition.Verbs;

/// <summary>What <c>bowline controller</c> was asked to do.</summary>
/// <param name="Hub">Which cluster, which namespace, and how to deliver.</param>
public sealed record ControllerOptions(UpOptions Hub)
{
    /// <summary>Of this process among the replicas; empty for one made of the pod's or machine's name.</summary>
    public string Identity { get; init; } = string.Empty;

    /// <summary>Where health and metrics are served.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Any, 8080);
}

/// <summary>One replica of the controller: delivers its share of what the hub holds, for as long as its Lease is held.</summary>
public sealed class ControllerSession : IMonitored, IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private readonly ControllerOptions options;
    private readonly TimeProvider time;
    private readonly IUpObserver observer;
    private readonly HttpCluster own;
    private readonly ReplicaLeases leases;
    private readonly CancellationTokenSource leaving = new();
    private readonly Task renewing;
    private UpSession? session;
    private volatile bool delivers;
    private string told = string.Empty;

    private ControllerSession(ControllerOptions options, TimeProvider time, IUpObserver observer)
    {
        this.options = options;
        this.time = time;
        this.observer = observer;
        // A connection of its own: renewing never waits behind deliveries.
        own = new HttpCluster(ClusterFleet.LoadContexts(options.Hub).Connection(options.Hub.TargetContext), time, HttpClusterOptions.Default with { MaxRetries = 0 });
        leases = new ReplicaLeases(own, options.Hub.SettingsNamespace, options.Identity.Length > 0 ? options.Identity : MakeIdentity(), ReplicaSettings.Default, time);
        renewing = Task.Run(() => leases.RunAsync(leaving.Token), CancellationToken.None);
    }

    public string Identity => leases.Identity;

    public IReadOnlyList<string> Replicas => leases.Replicas;

    public bool IsReady => delivers && leases.IsHeld;

    public bool IsAlive => !renewing.IsCompleted && session?.IsBroken != true;

    public string Trouble => leases.Trouble;

    public IReadOnlyList<DeliveredStanding> Applications => session?.Standings ?? [];

    public IReadOnlyList<SyncCount> Syncs => session?.Syncs ?? [];

    /// <summary>Begins to renew the replica's Lease, in the pod's own cluster when no other is named.</summary>
    public static ControllerSession Start(ControllerOptions options, TimeProvider time, IUpObserver observer)
    {
        bool inPod = options.Hub is { TargetKubeconfig: "", TargetContext: "" } && ServiceAccount.Connection() is not null;
        UpOptions hub = options.Hub with { ArgoCdNamespace = options.Hub.SettingsNamespace, TargetContext = inPod ? ServiceAccount.Context : options.Hub.TargetContext };
        return new ControllerSession(options with { Hub = hub }, time, observer);
    }

    /// <summary>Delivers until cancelled.</summary>
    /// <exception cref="UsageException">Argo CD's own controller runs.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using MonitoringListener listener = await MonitoringListener.StartAsync(options.Listen, this, cancellationToken).ConfigureAwait(false);
        observer.Note($"replica {Identity}: {listener.Address}/healthz, /readyz, /metrics");
        string said = string.Empty;
        while (!leases.IsHeld)
        {
            if (leases.Trouble is { Length: > 0 } trouble && trouble != said)
            {
                observer.Note($"no Lease yet: {said = trouble}");
            }

            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false);
        }

        UpOptions hub = options.Hub with { Stay = true, Timeout = TimeSpan.Zero, Replica = leases };
        session = await UpSession.OpenAsync(hub, time, observer, cancellationToken).ConfigureAwait(false);
        await session.DeliverAsync(cancellationToken).ConfigureAwait(false);
        delivers = true;
        leases.Changed += TellOfOthers;
        TellOfOthers();
        await session.StayAsync(observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says beside whom this replica delivers, whenever that changes.</summary>
    private void TellOfOthers()
    {
        string[] others = [.. Replicas.Where(other => other != Identity)];
        string sentence = $"replica {Identity} delivers, with {(others.Length > 0 ? string.Join(", ", others) : "no other")}";
        if (IsReady && Interlocked.Exchange(ref told, sentence) != sentence)
        {
            observer.Note(sentence);
        }
    }

    /// <summary>Ends what runs, then gives the Lease back, so that the others take over at once.</summary>
    public async ValueTask DisposeAsync()
    {
        delivers = false;
        if (session is not null)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        await leaving.CancelAsync().ConfigureAwait(false);
        await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        own.Dispose();
        leaving.Dispose();
    }

    /// <summary>The pod's or machine's name, and something that no second process has.</summary>
    private static string MakeIdentity()
    {
        string name = Environment.GetEnvironmentVariable("POD_NAME") is { Length: > 0 } pod ? pod : Environment.MachineName;
        string usable = new([.. name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-').Take(200)]);
        return $"{usable.Trim('-')}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
    }
}
