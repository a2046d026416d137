using System.Threading.Channels;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>What is in a cluster, of the kinds that anybody delivers there; shared by all its applications.</summary>
public sealed class LiveState(ClusterCache cache, TimeProvider time)
{
    /// <summary>Begins to watch these kinds and returns when all of them are known; kinds that the cluster does not serve yet are passed over.</summary>
    public async Task EnsureAsync(IEnumerable<KindInfo> kinds, CancellationToken cancellationToken)
    {
        KindInfo[] wanted = [.. kinds.DistinctBy(kind => (kind.Kind.Group, kind.Kind.Kind))];
        foreach (KindInfo kind in wanted)
        {
            cache.Watch(kind);
        }

        foreach (KindInfo kind in wanted)
        {
            await cache.WaitForSyncAsync(kind, string.Empty, cancellationToken).ConfigureAwait(false);
        }
    }

    public MapNode? Get(ResourceId id) => cache.Get(id);

    /// <summary>Whether absence of an object of this kind means that it is not there; otherwise nothing is known of it.</summary>
    public bool Knows(ResourceKind kind) => cache.IsWatching(kind);

    /// <summary>Watched objects whose ownerReferences name this object.</summary>
    public IReadOnlyList<MapNode> OwnedBy(MapNode owner) => owner.At("metadata", "uid")?.AsString() is { } uid ? cache.OwnedBy(uid) : [];

    /// <summary>Takes in what a write returned, so that the next look does not depend on the watch having come round.</summary>
    public void Observe(MapNode written) => cache.Observe(written);

    public IDisposable Subscribe(Action<CacheChange> changed) => cache.Subscribe(changed);

    /// <summary>Waits until a condition over live objects holds, looking again after every change; false when time ran out.</summary>
    public async Task<bool> WaitAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using IDisposable subscription = cache.Subscribe(_ => changed.Writer.TryWrite(true));
        using CancellationTokenSource deadline = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            while (!condition())
            {
                await changed.Reader.ReadAsync(either.Token).ConfigureAwait(false);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return condition();
        }
    }
}
