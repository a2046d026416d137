using System.Collections.Concurrent;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Tests.Controllers;

public sealed class ControllerTests
{
    private static readonly ResourceKind ConfigMap = new("", "v1", "ConfigMap");

    [Fact]
    public async Task It_reconciles_what_is_there_and_what_changes()
    {
        ScriptedCluster cluster = new();
        cluster.Put("a");
        await using ClusterCache cache = new(cluster, TimeProvider.System);
        await cache.WaitForSyncAsync(ScriptedCluster.ConfigMaps, "", default);
        ConcurrentQueue<ReconcileKey> seen = new();
        using Controller controller = new("test", (key, _) =>
        {
            seen.Enqueue(key);
            return Task.FromResult(ReconcileResult.Done);
        }, TimeProvider.System);
        controller.For(cache, ConfigMap).Owns(cache, ConfigMap, new ResourceKind("apps", "v1", "Deployment"));
        using CancellationTokenSource stop = new();
        Task running = controller.RunAsync(stop.Token);
        cluster.Put("b", owner: "deploy");
        await Eventually.True(() => seen.Count >= 3);
        Assert.Equal(["a", "b", "deploy"], seen.Select(key => key.Name).Distinct().Order());
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_failing_key_is_tried_again_and_does_not_stop_the_others()
    {
        int attempts = 0;
        ConcurrentQueue<ReconcileFailure> failures = new();
        TaskCompletionSource other = new();
        using Controller controller = new("test", (key, _) =>
        {
            if (key.Name == "other")
            {
                other.TrySetResult();
            }

            return key.Name == "bad" && ++attempts < 4 ? throw new InvalidOperationException("bad") : Task.FromResult(ReconcileResult.Done);
        }, TimeProvider.System, new ControllerOptions { OnFailure = failures.Enqueue });
        using CancellationTokenSource stop = new();
        Task running = controller.RunAsync(stop.Token);
        controller.Enqueue(new ReconcileKey("", "bad"));
        controller.Enqueue(new ReconcileKey("", "other"));
        await other.Task.WaitAsync(TimeSpan.FromSeconds(5));
        await Eventually.True(() => attempts == 4);
        Assert.Equal([1, 2, 3], failures.Select(failure => failure.Attempt));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Stopping_lets_the_work_under_way_finish()
    {
        TaskCompletionSource began = new();
        bool finished = false;
        using Controller controller = new("test", async (_, token) =>
        {
            began.SetResult();
            await Task.Delay(100, token);
            finished = true;
            return ReconcileResult.Done;
        }, TimeProvider.System);
        using CancellationTokenSource stop = new();
        Task running = controller.RunAsync(stop.Token);
        controller.Enqueue(new ReconcileKey("", "a"));
        await began.Task;
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(finished);
    }

    [Fact]
    public async Task A_key_is_never_with_two_workers()
    {
        int inside = 0;
        int most = 0;
        int runs = 0;
        using Controller controller = new("test", async (_, token) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Delay(2, token);
            Interlocked.Decrement(ref inside);
            Interlocked.Increment(ref runs);
            return ReconcileResult.Done;
        }, TimeProvider.System, new ControllerOptions { Workers = 8 });
        using CancellationTokenSource stop = new();
        Task running = controller.RunAsync(stop.Token);
        for (int i = 0; i < 100; i++)
        {
            controller.Enqueue(new ReconcileKey("ns", "one"));
            await Task.Delay(1, CancellationToken.None);
        }

        await Eventually.True(() => controller.IsIdle);
        Assert.Equal(1, most);
        Assert.InRange(runs, 2, 100);
        await stop.CancelAsync();
        await running;
    }
}
