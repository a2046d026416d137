using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Tests.Watching;

public sealed class ClusterCacheTests : IAsyncLifetime
{
    private static readonly ClusterCacheOptions Quick = new() { FirstBackoff = TimeSpan.FromMilliseconds(5), LongestBackoff = TimeSpan.FromMilliseconds(20) };

    private readonly ScriptedCluster cluster = new();
    private readonly ConcurrentQueue<CacheChange> changes = new();
    private readonly ClusterCache cache;

    public ClusterCacheTests()
    {
        cache = new ClusterCache(cluster, TimeProvider.System, Quick);
        cache.Subscribe(changes.Enqueue);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await cache.DisposeAsync();

    [Fact]
    public async Task It_lists_then_follows()
    {
        cluster.Put("a", "1", owner: "o");
        await SyncAsync();
        Assert.Equal("1", Value("a"));
        Assert.True(Held("a")!.IsFrozen);
        Assert.Single(cache.OwnedBy("o"));
        cluster.Put("a", "2");
        cluster.Put("b", "2");
        await Eventually.True(() => Value("b") == "2");
        Assert.Equal("2", Value("a"));
        Assert.Empty(cache.OwnedBy("o"));
        Assert.Equal(2, cache.Labelled("app", "2").Count);
        Assert.Empty(cache.Labelled("app", "1"));
        cluster.Remove("a");
        await Eventually.True(() => Held("a") is null);
        Assert.Equal(
            [CacheChangeType.Added, CacheChangeType.Modified, CacheChangeType.Added, CacheChangeType.Deleted],
            changes.Select(change => change.Type));
    }

    [Fact]
    public async Task A_forgotten_version_lists_anew_and_reports_the_difference()
    {
        cluster.Put("stays");
        cluster.Put("goes");
        await SyncAsync();
        await Eventually.True(() => cluster.Watches == 1);
        changes.Clear();
        cluster.Remove("goes", silent: true);
        cluster.Put("comes", silent: true);
        cluster.EndWatches(new ClusterException("too old resource version", 410, "Expired"));
        await Eventually.True(() => cluster.Lists == 2 && changes.Count == 2);
        Assert.Equal(["comes Added", "goes Deleted"], changes.Select(change => $"{change.Id.Name} {change.Type}").Order());
    }

    [Fact]
    public async Task A_watch_that_ends_goes_on_where_it_was()
    {
        await SyncAsync();
        for (int i = 0; i < 5; i++)
        {
            cluster.EndWatches(i % 2 == 0 ? null : new ClusterException("reset", 0, "Unreachable"));
            cluster.Put($"n{i}");
            await Eventually.True(() => Held($"n{i}") is not null);
        }

        Assert.Equal(1, cluster.Lists);
        Assert.Equal(5, changes.Count);
    }

    [Fact]
    public async Task A_server_that_always_forgets_is_not_hammered()
    {
        for (int i = 0; i < 1000; i++)
        {
            cluster.WatchFailures.Enqueue(new ClusterException("too old", 410, "Expired"));
        }

        await SyncAsync();
        await Task.Delay(200, CancellationToken.None);
        Assert.InRange(cluster.Lists, 2, 40);
    }

    [Fact]
    public async Task Waiting_fails_when_listing_is_refused_and_recovers()
    {
        cluster.ListFailures.Enqueue(new ClusterException("forbidden", 403, "Forbidden"));
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(SyncAsync);
        Assert.Equal(403, error.Status);
        await Eventually.True(() => cluster.Lists == 2);
        await Eventually.True(() => cache.WaitForSyncAsync(CancellationToken.None).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_written_object_is_read_at_once_and_not_reported_twice()
    {
        await SyncAsync();
        MapNode written = cluster.Put("w", "1", silent: true);
        cache.Observe(written);
        Assert.Equal("1", Value("w"));
        cluster.Put("w", "2");
        await Eventually.True(() => Value("w") == "2");
        cache.Observe(written);
        Assert.Equal("2", Value("w"));
        cluster.Remove("w");
        await Eventually.True(() => Held("w") is null);
        cache.Observe(written);
        Assert.Null(Held("w"));
        Assert.Equal(3, changes.Count);
    }

    [Fact]
    public async Task Unwatching_forgets_the_objects()
    {
        cluster.Put("a");
        await SyncAsync();
        await cache.UnwatchAsync(ScriptedCluster.ConfigMaps.Kind);
        Assert.Empty(cache.List(ScriptedCluster.ConfigMaps.Kind));
        await SyncAsync();
        Assert.Single(cache.List(ScriptedCluster.ConfigMaps.Kind, "ns"));
    }

    [Fact]
    public async Task Changes_can_be_enumerated()
    {
        await SyncAsync();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        await using IAsyncEnumerator<CacheChange> stream = cache.ChangesAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        ValueTask<bool> next = stream.MoveNextAsync();
        cluster.Put("a");
        Assert.True(await next);
        Assert.Equal("a", stream.Current.Id.Name);
    }

    private Task SyncAsync() => cache.WaitForSyncAsync(ScriptedCluster.ConfigMaps, "", CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));

    private MapNode? Held(string name) => cache.Get(new ResourceId("", "ConfigMap", "ns", name));

    private string? Value(string name) => Held(name)?.At("data", "value")?.AsString();
}
