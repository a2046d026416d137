using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Watching;

/// <summary>
/// A copy of chosen kinds of a cluster, kept up to date by list and watch. Objects are frozen. Reading never waits;
/// what is not watched, or not synced yet, is simply not there.
/// </summary>
public sealed class ClusterCache : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Dictionary<(string Group, string Kind, string Namespace), Reflector> reflectors = [];
    private readonly ObjectIndex objects = new();
    private readonly ClusterCacheOptions options;
    private readonly TimeProvider time;
    private Subscription[] subscribers = [];

    public ClusterCache(ICluster cluster, TimeProvider time, ClusterCacheOptions? options = null)
    {
        Cluster = cluster;
        this.time = time;
        this.options = options ?? ClusterCacheOptions.Default;
    }

    public ICluster Cluster { get; }

    /// <summary>Begins to list and watch a kind (in one namespace, or in all with the empty one); does nothing when it is watched already.</summary>
    public void Watch(KindInfo kind, string @namespace = "")
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            (string, string, string) key = (kind.Kind.Group, kind.Kind.Kind, @namespace);
            if (!reflectors.ContainsKey(key))
            {
                Reflector reflector = new(Cluster, kind, @namespace, options, time, objects, Publish);
                reflectors.Add(key, reflector);
                reflector.Start(stopping.Token);
            }
        }
    }

    /// <summary>Stops watching and forgets the kind's objects, without reporting them as deleted.</summary>
    public async Task UnwatchAsync(ResourceKind kind, string @namespace = "")
    {
        Reflector? reflector;
        lock (gate)
        {
            reflectors.Remove((kind.Group, kind.Kind, @namespace), out reflector);
        }

        if (reflector is not null)
        {
            await reflector.StopAsync().ConfigureAwait(false);
            reflector.Clear();
        }
    }

    public bool IsWatching(ResourceKind kind, string @namespace = "")
    {
        lock (gate)
        {
            return reflectors.ContainsKey((kind.Group, kind.Kind, @namespace));
        }
    }

    /// <summary>Returns when everything watched at this moment has been listed once.</summary>
    /// <exception cref="ClusterException">A kind that may not or cannot be listed; the cache keeps trying.</exception>
    public async Task WaitForSyncAsync(CancellationToken cancellationToken)
    {
        Reflector[] watched;
        lock (gate)
        {
            watched = [.. reflectors.Values];
        }

        foreach (Reflector reflector in watched)
        {
            await reflector.Synced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="WaitForSyncAsync(CancellationToken)"/>
    public async Task WaitForSyncAsync(KindInfo kind, string @namespace, CancellationToken cancellationToken)
    {
        Watch(kind, @namespace);
        Task synced;
        lock (gate)
        {
            synced = reflectors[(kind.Kind.Group, kind.Kind.Kind, @namespace)].Synced;
        }

        await synced.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public MapNode? Get(ResourceId id) => objects.Get(id);

    /// <summary>Every held object of a group and kind, in one namespace or (empty) in all; the version is not looked at.</summary>
    public IReadOnlyList<MapNode> List(ResourceKind kind, string @namespace = "") => objects.List(kind.Group, kind.Kind, @namespace);

    /// <summary>Held objects, of any kind, whose ownerReferences name this UID.</summary>
    public IReadOnlyList<MapNode> OwnedBy(string uid) => objects.OwnedBy(uid);

    /// <summary>Held objects, of any kind, with this label.</summary>
    public IReadOnlyList<MapNode> Labelled(string key, string value) => objects.Labelled(key, value);

    /// <summary>
    /// Takes in an object that a write returned, ahead of the watch, so that who wrote it reads it at once. Ignored when the watch
    /// has already come that far (then it knows better), and when the kind is not watched.
    /// </summary>
    public void Observe(MapNode written)
    {
        Resource resource = new(written);
        ResourceKind kind = resource.Kind;
        Reflector? reflector;
        lock (gate)
        {
            if (!reflectors.TryGetValue((kind.Group, kind.Kind, string.Empty), out reflector))
            {
                reflectors.TryGetValue((kind.Group, kind.Kind, resource.Namespace), out reflector);
            }
        }

        reflector?.Observe(written);
    }

    /// <summary>
    /// Calls back for every change from now on, in order within a kind, on the thread that read it: be quick and
    /// do not wait. What is held already is not reported.
    /// </summary>
    public IDisposable Subscribe(Action<CacheChange> callback)
    {
        lock (gate)
        {
            Subscription subscription = new(this, callback);
            subscribers = [.. subscribers, subscription];
            return subscription;
        }
    }

    /// <summary>Every change from the first step on; buffered without bound, so do not stop half way without cancelling.</summary>
    public async IAsyncEnumerable<CacheChange> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<CacheChange> changes = Channel.CreateUnbounded<CacheChange>(new UnboundedChannelOptions { SingleReader = true });
        using IDisposable subscription = Subscribe(change => changes.Writer.TryWrite(change));
        await foreach (CacheChange change in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return change;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Reflector[] running;
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            stopping.Cancel();
            running = [.. reflectors.Values];
            reflectors.Clear();
        }

        foreach (Reflector reflector in running)
        {
            await reflector.StopAsync().ConfigureAwait(false);
        }

        stopping.Dispose();
    }

    private void Publish(CacheChange change)
    {
        foreach (Subscription subscriber in Volatile.Read(ref subscribers))
        {
            subscriber.Callback(change);
        }
    }

    private sealed class Subscription(ClusterCache cache, Action<CacheChange> callback) : IDisposable
    {
        public Action<CacheChange> Callback { get; } = callback;

        public void Dispose()
        {
            lock (cache.gate)
            {
                cache.subscribers = [.. cache.subscribers.Where(other => other != this)];
            }
        }
    }
}
