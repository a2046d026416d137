using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Watching;

/// <summary>Keeps one kind in an <see cref="ObjectIndex"/> up to date: lists, then watches from there, and lists again when the server has forgotten how to continue.</summary>
internal sealed class Reflector(
    ICluster cluster,
    KindInfo kind,
    string @namespace,
    ClusterCacheOptions options,
    TimeProvider time,
    ObjectIndex objects,
    Action<CacheChange> publish)
{
    private const int AttemptsBeforeWaitersAreTold = 3;

    // Held while a change is taken in and published, so that changes of a kind are seen in order.
    private readonly Lock order = new();
    private readonly HashSet<ResourceId> held = [];
    private readonly Backoff backoff = new(options.FirstBackoff, options.LongestBackoff);
    private TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;
    private ulong reached;
    private string? lastVersion;
    private long watchBegan;

    /// <summary>Completes with the first list, fails when listing is refused or keeps failing.</summary>
    public Task Synced => Volatile.Read(ref synced).Task;

    public void Start(CancellationToken cancellationToken)
    {
        stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken token = stopping.Token;
        running = Task.Run(() => RunAsync(token), CancellationToken.None);
    }

    public async Task StopAsync()
    {
        if (stopping is not null)
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
            stopping.Dispose();
        }
    }

    public void Clear()
    {
        lock (order)
        {
            foreach (ResourceId id in held)
            {
                objects.Remove(id);
            }

            held.Clear();
        }
    }

    public void Observe(MapNode written)
    {
        lock (order)
        {
            ulong version = Version(written);
            if (version > reached && synced.Task.IsCompletedSuccessfully)
            {
                Take(written);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        bool listed = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!listed)
                {
                    await ListAsync(cancellationToken).ConfigureAwait(false);
                    listed = true;
                }

                await WatchAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
            catch (ClusterException error)
            {
                listed = listed && error.Status is not (400 or 404) && !Forgotten(error);
                await RecoverAsync(error, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // Whatever it was, a cache that silently stopped would be worse.
                listed = false;
                await RecoverAsync(new ClusterException($"{kind.Kind}: {error.Message}", inner: error), cancellationToken).ConfigureAwait(false);
            }
        }

        Volatile.Read(ref synced).TrySetCanceled(CancellationToken.None);
    }

    private static bool Forgotten(ClusterException error) => error.Status == 410 || error.Reason is "Expired" or "Gone";

    private async Task RecoverAsync(ClusterException error, CancellationToken cancellationToken)
    {
        if (watchBegan != 0 && time.GetElapsedTime(watchBegan) > TimeSpan.FromSeconds(10))
        {
            backoff.Reset();
        }

        watchBegan = 0;
        // A server that has forgotten once is simply listed anew; one that keeps forgetting is given time.
        if (Forgotten(error) && backoff.Failures == 0)
        {
            backoff.Fail();
            return;
        }

        Fail(error);
        await PauseAsync(error, cancellationToken).ConfigureAwait(false);
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        ObjectList list = await cluster.ListAsync(
            kind, @namespace, new ListOptions { LabelSelector = options.LabelSelector, PageSize = options.PageSize }, cancellationToken).ConfigureAwait(false);
        lock (order)
        {
            ulong version = Parse(list.ResourceVersion);
            bool wentBack = version < reached;
            reached = version;
            HashSet<ResourceId> gone = [.. held];
            foreach (MapNode item in list.Items)
            {
                gone.Remove(Take(item, wentBack));
            }

            foreach (ResourceId id in gone)
            {
                // What was observed after the list was made is not missing from it.
                if (wentBack || version == 0 || Version(objects.Get(id)) <= version)
                {
                    Drop(id, null);
                }
            }

            lastVersion = list.ResourceVersion;
            MarkSynced();
        }
    }

    /// <summary>Follows changes until the server ends the stream.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        watchBegan = time.GetTimestamp();
        bool any = false;
        WatchOptions watch = new() { ResourceVersion = lastVersion ?? string.Empty, LabelSelector = options.LabelSelector, Held = (home, name) => objects.Get(new ResourceId(kind.Kind.Group, kind.Kind.Kind, home, name)) };
        await foreach (WatchEvent change in cluster.WatchAsync(kind, @namespace, watch, cancellationToken).ConfigureAwait(false))
        {
            any = true;
            backoff.Reset();
            lock (order)
            {
                TakeEvent(change);
            }
        }

        // A stream that ends at once and brings nothing would otherwise be asked for in a busy loop.
        if (!any && time.GetElapsedTime(watchBegan) < TimeSpan.FromSeconds(1))
        {
            backoff.Fail();
            await PauseAsync(null, cancellationToken).ConfigureAwait(false);
        }
    }

    private void TakeEvent(WatchEvent change)
    {
        string version = change.Object["metadata"]?["resourceVersion"]?.AsString() ?? string.Empty;
        reached = Math.Max(reached, Parse(version));
        lastVersion = version.Length > 0 ? version : lastVersion;
        switch (change.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                Take(change.Object);
                break;
            case WatchEventType.Deleted:
                Drop(IdOf(change.Object), change.Object);
                break;
            default:
                break;
        }
    }

    private ResourceId Take(MapNode item, bool always = false)
    {
        ResourceId id = IdOf(item);
        // Old news: a write was observed before its event came by, or the list is no newer than what was watched.
        if (!always && objects.Get(id) is { } current && Version(current) is var known && known > 0 && Version(item) <= known && SameUid(current, item))
        {
            return id;
        }

        MapNode kept = options.Transform is null ? item : options.Transform(item.IsFrozen ? (MapNode)item.DeepClone() : item);
        kept.Freeze();
        MapNode? before = objects.Put(id, kept);
        held.Add(id);
        publish(new CacheChange(before is null ? CacheChangeType.Added : CacheChangeType.Modified, id, before, kept));
        return id;
    }

    private void Drop(ResourceId id, MapNode? last)
    {
        if (!held.Remove(id) || objects.Remove(id) is not { } before)
        {
            return;
        }

        MapNode gone = last is null || options.Transform is not null ? before : (MapNode)last.Freeze();
        publish(new CacheChange(CacheChangeType.Deleted, id, before, gone));
    }

    // The kind comes from what was asked for: items of some servers' lists say neither apiVersion nor kind.
    private ResourceId IdOf(MapNode item) => new(
        kind.Kind.Group,
        kind.Kind.Kind,
        item["metadata"]?["namespace"]?.AsString() ?? string.Empty,
        item["metadata"]?["name"]?.AsString() ?? string.Empty);

    private static bool SameUid(MapNode left, MapNode right) =>
        string.Equals(left["metadata"]?["uid"]?.AsString(), right["metadata"]?["uid"]?.AsString(), StringComparison.Ordinal);

    private static ulong Version(MapNode? item) => Parse(item?["metadata"]?["resourceVersion"]?.AsString());

    private static ulong Parse(string? version) =>
        ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0;

    private void MarkSynced()
    {
        if (!synced.TrySetResult() && !synced.Task.IsCompletedSuccessfully)
        {
            TaskCompletionSource succeeded = new();
            succeeded.SetResult();
            Volatile.Write(ref synced, succeeded);
        }
    }

    private void Fail(ClusterException error)
    {
        int attempt = backoff.Fail();
        options.OnFailure?.Invoke(new KindFailure(kind.Kind, error, attempt));
        bool refused = error.Status is 401 or 403 or 404 or 405;
        if (error.Status == 404)
        {
            DropAll();
        }

        if ((refused || attempt >= AttemptsBeforeWaitersAreTold) && synced.TrySetException(error))
        {
            // Someone may wait or not; a cache nobody waits for must not raise an unobserved exception.
            _ = synced.Task.Exception;
        }
    }

    // The kind is no longer served: its definition was deleted, and its objects with it.
    private void DropAll()
    {
        lock (order)
        {
            foreach (ResourceId id in held.ToArray())
            {
                Drop(id, null);
            }
        }
    }

    private async Task PauseAsync(ClusterException? error, CancellationToken cancellationToken)
    {
        TimeSpan wait = error?.RetryAfter is { } asked && asked > backoff.Wait && asked < options.LongestBackoff ? asked : backoff.Wait;
        try
        {
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }
}
