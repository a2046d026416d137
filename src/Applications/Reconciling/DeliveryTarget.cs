using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

/// <summary>One cluster as the applications on it share it: one cache, one set of inventories, one way of syncing.</summary>
public sealed class DeliveryTarget : IAsyncDisposable
{
    private readonly ClusterCache cache;

    /// <param name="assumeKinds">Make permissive CRDs for kinds that are not served: for embedded clusters only.</param>
    public DeliveryTarget(ICluster cluster, bool assumeKinds, TimeProvider time, SyncOptions options)
    {
        Cluster = cluster;
        cache = new ClusterCache(cluster, time);
        Live = new LiveState(cache, time);
        Kinds = new ServedKinds(cluster, assumeKinds, time);
        Inventories = new InventoryStore(cluster);
        Differ = new Differ(cluster, time);
        Health = new HealthAssessor(Kinds.IsAssumed);
        Synchronizer = new Synchronizer(cluster, Live, Health, time, options);
    }

    public string Name => Cluster.Name;

    public ICluster Cluster { get; }

    public LiveState Live { get; }

    public ServedKinds Kinds { get; }

    public InventoryStore Inventories { get; }

    public Differ Differ { get; }

    public HealthAssessor Health { get; }

    public Synchronizer Synchronizer { get; }

    /// <summary>Who owns what on this cluster; set whenever the applications' claims change.</summary>
    public Ownership Ownership { get; set; } = new([], []);

    public ValueTask DisposeAsync() => cache.DisposeAsync();
}
