using System.Threading.Channels;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>What is in a cluster, of the kinds that anybody delivers there; shared by all its applications.</summary>
public sealed class LiveState : IDisposable
{
    private readonly ClusterCache cache;
    private readonly TimeProvider time;
    private readonly Interests interests = new();
    private readonly IDisposable subscription;
    private readonly LiveScope scope;

    /// <param name="scope">What of the cluster may be looked at; null for all of it.</param>
    public LiveState(ClusterCache cache, TimeProvider time, LiveScope? scope = null)
    {
        this.scope = scope ?? LiveScope.Everything;
        this.cache = cache;
        this.time = time;
        subscription = cache.Subscribe(change => interests.Dispatch(change, cache.Get));
    }

    /// <summary>Begins to watch these kinds and returns when all of them are known.</summary>
    public async Task EnsureAsync(IEnumerable<KindInfo> kinds, CancellationToken cancellationToken)
    {
        (KindInfo Kind, string Namespace)[] wanted = [.. kinds.DistinctBy(kind => (kind.Kind.Group, kind.Kind.Kind)).SelectMany(kind => scope.Of(kind).Select(home => (kind, home)))];
        foreach ((KindInfo kind, string home) in wanted)
        {
            cache.Watch(kind, home);
        }

        foreach ((KindInfo kind, string home) in wanted)
        {
            await cache.WaitForSyncAsync(kind, home, cancellationToken).ConfigureAwait(false);
        }
    }

    public MapNode? Get(ResourceId id) => cache.Get(id);

    /// <summary>Every watched object of a group and kind, in one namespace or (empty) in all.</summary>
    public IReadOnlyList<MapNode> List(ResourceKind kind, string @namespace = "") => cache.List(kind, @namespace);

    /// <summary>Whether absence of an object of this kind and namespace means that it is not there; otherwise nothing is known of it.</summary>
    public bool Knows(ResourceKind kind, string @namespace) => cache.IsWatching(kind) || (!scope.IsEverything && cache.IsWatching(kind, @namespace));

    /// <summary>Watched objects whose ownerReferences name this object.</summary>
    public IReadOnlyList<MapNode> OwnedBy(MapNode owner) => owner.At("metadata", "uid")?.AsString() is { } uid ? cache.OwnedBy(uid) : [];

    /// <summary>Takes in what a write returned, so that the next look does not depend on the watch having come round.</summary>
    public void Observe(MapNode written) => cache.Observe(written);

    /// <summary>Calls back for every change of these objects, and of objects that they own, directly or not; be quick.</summary>
    public Interest Subscribe(Action<CacheChange> changed) => interests.Add(changed);

    /// <summary>Waits until a condition over these objects holds, looking again after every change of them; false when time ran out.</summary>
    /// <param name="lastSeen">Told of the last state of an object that is deleted, before the condition is looked at.</param>
    public async Task<bool> WaitAsync(IReadOnlyCollection<ResourceId> objects, Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken, Action<MapNode>? lastSeen = null)
    {
        if (condition())
        {
            return true;
        }

        Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using Interest interest = interests.Add(change =>
        {
            if (change.Type == CacheChangeType.Deleted && objects.Contains(change.Id))
            {
                lastSeen?.Invoke(change.Object);
            }

            changed.Writer.TryWrite(true);
        });
        interest.Follow(objects);
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

    public void Dispose() => subscription.Dispose();
}
