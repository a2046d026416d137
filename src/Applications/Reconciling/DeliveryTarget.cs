using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>One cluster as the applications on it share it: one cache, one set of inventories, one way of syncing.</summary>
public sealed class DeliveryTarget : IAsyncDisposable
{
    private readonly ClusterCache cache;
    private readonly Lock gate = new();
    private Task? prepared;
    private bool admissionIsKnown = true;

    /// <param name="argoCdNamespace">Where Argo CD has its ConfigMaps in the cluster.</param>
    /// <param name="assumeKinds">Make permissive CRDs for kinds that are not served: for embedded clusters only.</param>
    /// <param name="scope">What of the cluster may be looked at and delivered to; null for all of it.</param>
    public DeliveryTarget(ICluster cluster, bool assumeKinds, TimeProvider time, SyncOptions options, string argoCdNamespace = "argocd", LiveScope? scope = null)
    {
        Cluster = cluster;
        Scope = scope ?? LiveScope.Everything;
        cache = new ClusterCache(cluster, time);
        Live = new LiveState(cache, time, Scope);
        Everything = new Everything(cluster, Live);
        Kinds = new ServedKinds(cluster, assumeKinds, time);
        Inventories = new InventoryStore(cluster);
        Differ = new Differ(cluster, Live, time, options.Parallelism);
        Scripts = new HealthScripts(Live, new ResourceId(string.Empty, "ConfigMap", argoCdNamespace, ArgoCdSettings.ConfigName), time);
        Health = new HealthAssessor(Kinds.IsAssumed) { Custom = resource => Scripts.Current.Health(resource) };
        Synchronizer = new Synchronizer(cluster, Live, Health, time, options);
    }

    public string Name => Cluster.Name;

    public ICluster Cluster { get; }

    public LiveState Live { get; }

    public LiveScope Scope { get; }

    public Everything Everything { get; }

    public ServedKinds Kinds { get; }

    public InventoryStore Inventories { get; }

    public Differ Differ { get; }

    public HealthAssessor Health { get; }

    /// <summary>What argocd-cm adds to <see cref="Health"/>.</summary>
    public HealthScripts Scripts { get; }

    public Synchronizer Synchronizer { get; }

    /// <summary>What Argo CD's ConfigMaps say of deliveries; the same instance as long as they say the same.</summary>
    public InstallationSettings Settings { get; set; } = InstallationSettings.Usual;

    /// <summary>The cluster's API server as Argo CD's settings name it.</summary>
    public string Server { get; init; } = ClusterSecret.LocalServer;

    /// <summary>Who owns what on this cluster; set whenever the applications' claims change.</summary>
    public Ownership Ownership { get; set; } = new([], []);

    /// <summary>The repository that is delivered: what another one delivered to this cluster is nothing to it. The same wherever it is cloned to.</summary>
    public string Home { get; set; } = string.Empty;

    /// <summary>Whether an application's objects go when nothing declares it any more; one that a hub holds says so by its finalizer instead.</summary>
    public Func<ApplicationSpec, bool> PrunesOnRemoval { get; set; } = static spec => spec.Policy.Prune;

    /// <summary>The user in whose name an application's objects are written; empty for the connection's own.</summary>
    public Func<ApplicationSpec, string> ActsAs { get; set; } = static _ => string.Empty;

    /// <summary>
    /// Whether applications that say nothing of automation are delivered without being asked for: on clusters that exist for this
    /// delivery alone, which have nothing else to wait for.
    /// </summary>
    public bool DeliversUnasked { get; init; } = true;

    /// <summary>Whether an application with this policy is synced without being asked for.</summary>
    public bool IsAutomatic(SyncPolicy policy) => policy.Automated || (DeliversUnasked && !policy.IsManual);

    /// <summary>Which of several replicas this process is; empty where it alone delivers.</summary>
    public string Holder { get; init; } = string.Empty;

    /// <summary>Whether what every delivery looks at is known by now.</summary>
    public bool IsPrepared
    {
        get
        {
            lock (gate)
            {
                return prepared is { IsCompletedSuccessfully: true };
            }
        }
    }

    public AdmissionRules Admission => admissionIsKnown ? AdmissionRules.Of(Live) : AdmissionRules.Unknown;

    /// <summary>Begins to watch what every delivery looks at, whatever it delivers; done once, and again after a failure.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            prepared = prepared is null or { IsFaulted: true } or { IsCanceled: true } ? PrepareOnceAsync() : prepared;
        }

        return prepared.WaitAsync(cancellationToken);
    }

    /// <summary>Applications of <see cref="Home"/> that have an inventory in this cluster.</summary>
    public async Task<IReadOnlyList<string>> OwnersAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        return InventoryStore.OwnersIn(Live.List(CoreKinds.ConfigMap.Kind, InventoryStore.Namespace), Home);
    }

    public async ValueTask DisposeAsync()
    {
        Scripts.Dispose();
        Live.Dispose();
        await cache.DisposeAsync().ConfigureAwait(false);
    }

    private async Task PrepareOnceAsync()
    {
        await Live.EnsureAsync(CoreKinds.OfEveryDelivery, CancellationToken.None).ConfigureAwait(false);
        if (Scope is { IsEverything: false, ClusterResources: false })
        {
            admissionIsKnown = false;
            return;
        }

        foreach (ResourceKind kind in AdmissionRules.Kinds)
        {
            try
            {
                if (await Cluster.FindKindAsync(kind, CancellationToken.None).ConfigureAwait(false) is { } served)
                {
                    await Live.EnsureAsync([served], CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (ClusterException refused) when (refused.Status is 401 or 403)
            {
                // Whoever delivers need not be allowed to read admission; then anything may be admitted or not.
                admissionIsKnown = false;
            }
        }
    }
}
