using System.Threading.Channels;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Controllers;

public sealed record ControllerOptions
{
    public static readonly ControllerOptions Default = new();

    public int Workers { get; init; } = 1;

    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long reconciles under way may take to finish after the stop, before they are cancelled.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Told of every reconcile that threw, and will be tried again.</summary>
    public Action<ReconcileFailure>? OnFailure { get; init; }
}

/// <param name="Controller">The controller's name.</param>
/// <param name="Key">What it worked on.</param>
/// <param name="Error">What it threw.</param>
/// <param name="Attempt">Failures in a row, from 1.</param>
public sealed record ReconcileFailure(string Controller, ReconcileKey Key, Exception Error, int Attempt);

/// <summary>Brings one object at a time into order, whenever it or something that belongs to it changes.</summary>
/// <remarks>The delegate reads the state from the cache and must give the same outcome when it is called again.</remarks>
public sealed class Controller : IDisposable
{
    private readonly Func<ReconcileKey, CancellationToken, Task<ReconcileResult>> reconcile;
    private readonly ControllerOptions options;
    private readonly TimeProvider time;
    private readonly WorkQueue<ReconcileKey> queue;
    private readonly List<IDisposable> subscriptions = [];

    public Controller(
        string name,
        Func<ReconcileKey, CancellationToken, Task<ReconcileResult>> reconcile,
        TimeProvider time,
        ControllerOptions? options = null)
    {
        Name = name;
        this.reconcile = reconcile;
        this.time = time;
        this.options = options ?? ControllerOptions.Default;
        queue = new WorkQueue<ReconcileKey>(time, this.options.FirstBackoff, this.options.LongestBackoff);
    }

    public string Name { get; }

    /// <summary>Whether nothing is ready or under way; keys due later do not count.</summary>
    public bool IsIdle => queue.IsIdle;

    public void Enqueue(ReconcileKey key) => queue.Add(key);

    public void EnqueueAfter(ReconcileKey key, TimeSpan delay) => queue.AddAfter(key, delay);

    /// <summary>Reconciles an object of this kind when it changes, and every one that the cache holds already.</summary>
    public Controller For(ClusterCache cache, ResourceKind kind) =>
        Watches(cache, kind, static change => [new ReconcileKey(change.Id.Namespace, change.Id.Name)]);

    /// <summary>Reconciles the controlling owner (of kind <paramref name="owner"/>) of an object of kind <paramref name="owned"/> when the latter changes.</summary>
    public Controller Owns(ClusterCache cache, ResourceKind owned, ResourceKind owner) =>
        Watches(cache, owned, change => OwnersOf(change, owner));

    /// <summary>Reconciles the keys that a change of an object of this kind concerns; objects that the cache holds already count as added.</summary>
    public Controller Watches(ClusterCache cache, ResourceKind kind, Func<CacheChange, IEnumerable<ReconcileKey>> keys)
    {
        subscriptions.Add(cache.Subscribe(change =>
        {
            if (change.Id.Kind == kind.Kind && change.Id.Group == kind.Group)
            {
                AddAll(keys(change));
            }
        }));
        foreach (MapNode held in cache.List(kind))
        {
            ResourceId id = new(kind.Group, kind.Kind, held["metadata"]?["namespace"]?.AsString() ?? string.Empty, held["metadata"]?["name"]?.AsString() ?? string.Empty);
            AddAll(keys(new CacheChange(CacheChangeType.Added, id, null, held)));
        }

        return this;
    }

    /// <summary>Works until cancelled; then finishes what is under way and returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource grace = new(Timeout.InfiniteTimeSpan, time);
        using CancellationTokenRegistration stop = cancellationToken.Register(() => grace.CancelAfter(options.StopGrace));
        Task[] workers = new Task[Math.Max(1, options.Workers)];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = Task.Run(() => WorkAsync(cancellationToken, grace.Token), CancellationToken.None);
        }

        await Task.WhenAll(workers).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (IDisposable subscription in subscriptions)
        {
            subscription.Dispose();
        }

        subscriptions.Clear();
        queue.Dispose();
    }

    private static IEnumerable<ReconcileKey> OwnersOf(CacheChange change, ResourceKind owner)
    {
        // An object that changed hands concerns both.
        foreach (MapNode? state in (MapNode?[])[change.Before, change.Object])
        {
            foreach (Node reference in state?["metadata"]?["ownerReferences"]?.AsList() ?? [])
            {
                if (reference["controller"]?.AsBool() == true
                    && reference["kind"]?.AsString() == owner.Kind
                    && ResourceKind.Of(reference["apiVersion"]?.AsString() ?? string.Empty, owner.Kind).Group == owner.Group
                    && reference["name"]?.AsString() is { } name)
                {
                    yield return new ReconcileKey(change.Id.Namespace, name);
                }
            }
        }
    }

    private void AddAll(IEnumerable<ReconcileKey> keys)
    {
        foreach (ReconcileKey key in keys)
        {
            queue.Add(key);
        }
    }

    private async Task WorkAsync(CancellationToken stop, CancellationToken grace)
    {
        while (!stop.IsCancellationRequested)
        {
            ReconcileKey key;
            try
            {
                key = await queue.TakeAsync(stop).ConfigureAwait(false);
            }
            catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
            {
                return;
            }

            try
            {
                await ReconcileAsync(key, grace).ConfigureAwait(false);
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(ReconcileKey key, CancellationToken cancellationToken)
    {
        try
        {
            ReconcileResult result = await reconcile(key, cancellationToken).ConfigureAwait(false);
            if (result.IsAgain)
            {
                queue.AddLimited(key);
                return;
            }

            queue.Forget(key);
            if (result.Delay is { } delay)
            {
                queue.AddAfter(key, delay);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            // One broken object must not stop the others.
            int attempt = queue.AddLimited(key);
            options.OnFailure?.Invoke(new ReconcileFailure(Name, key, error, attempt));
        }
    }
}
