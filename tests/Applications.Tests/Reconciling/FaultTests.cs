using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Syncing;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Microsoft.AspNetCore.Http;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>An API server's bad days: everything is delivered all the same, or the one application that cannot be says why.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Throttling_is_waited_out_as_long_as_the_server_asks()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ConcurrentDictionary<string, int> tries = new();
        bench.Front.Fault = context => FaultBench.IsWrite(context) && tries.AddOrUpdate(context.Request.Path, 1, (_, count) => count + 1) <= 2
            ? FaultyFront.RefuseAsync(context, 429, "TooManyRequests", "too many requests", retryAfter: 1) : Task.FromResult(false);
        Stopwatch watch = Stopwatch.StartNew();
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one") + FaultBench.ConfigMap("two"));
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(2), $"the server's wish was not heeded: {watch.Elapsed}");
    }

    [Fact]
    public async Task A_slow_server_is_waited_for_with_requests_side_by_side()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Front.Fault = async context =>
        {
            await Task.Delay(FaultBench.IsWrite(context) ? TimeSpan.FromSeconds(5) : TimeSpan.Zero);
            return false;
        };
        Stopwatch watch = Stopwatch.StartNew();
        await bench.DeliverAsync("a", string.Concat(Enumerable.Range(0, 20).Select(number => FaultBench.ConfigMap($"c{number}"))));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(45), $"took {watch.Elapsed}");
    }

    [Fact]
    public async Task Watches_that_keep_expiring_lose_no_change()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int expired = 0;
        bench.Front.Fault = context => context.Request.Query["watch"].Count > 0 && Interlocked.Increment(ref expired) <= 12
            ? FaultyFront.RefuseAsync(context, 410, "Expired", "too old resource version") : Task.FromResult(false);
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        await bench.HealsAsync("one");
        Assert.True(expired >= 12);
    }

    [Fact]
    public async Task What_a_sync_itself_applied_is_no_reason_to_look_again()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int looks = 0;
        bench.Context = bench.Context with { Moved = (_, _) => Interlocked.Increment(ref looks) };
        ApplicationRunner runner = await bench.DeliverAsync("a", string.Concat(Enumerable.Range(0, 20).Select(number => FaultBench.ConfigMap($"c{number}"))));
        for (int asked = 1; asked <= 3; asked++)
        {
            int before = asked;
            await FaultBench.UntilAsync(() => Volatile.Read(ref looks) >= before, () => "it was not looked at");
            runner.Signal();
        }

        await FaultBench.UntilAsync(() => Volatile.Read(ref looks) >= 4, () => "it was not looked at");
        Assert.Equal(4, looks);
        await bench.HealsAsync("c3");
    }

    [Fact]
    public async Task Who_may_not_read_pods_replica_sets_and_autoscalers_delivers_workloads_all_the_same()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Front.Fault = context => ((string[])["/pods", "/replicasets", "/horizontalpodautoscalers"]).Any(plural => context.Request.Path.Value!.EndsWith(plural, StringComparison.Ordinal))
            ? FaultyFront.RefuseAsync(context, 403, "Forbidden", "not for you") : Task.FromResult(false);
        await bench.DeliverAsync("a", """
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: nightly, namespace: default}
            spec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox}]}}}}}
            """);
    }

    [Fact]
    public async Task Conflicts_are_tried_again()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ConcurrentDictionary<string, int> tries = new();
        bench.Front.Fault = context => FaultBench.IsWrite(context) && tries.AddOrUpdate(context.Request.Path, 1, (_, count) => count + 1) <= 3
            ? FaultyFront.RefuseAsync(context, 409, "Conflict", "the object has been modified") : Task.FromResult(false);
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one") + FaultBench.ConfigMap("two"));
    }

    [Fact]
    public async Task A_server_that_goes_away_and_comes_back_finds_its_drift_undone()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        bool down = true;
        bench.Front.Fault = context =>
        {
            if (Volatile.Read(ref down))
            {
                context.Abort();
            }

            return Task.FromResult(down);
        };
        bench.Front.Sever();
        await bench.ChangeAsync("one");
        await Task.Delay(1500);
        Volatile.Write(ref down, false);
        await bench.UntilRightAsync("one");
    }

    [Fact]
    public async Task A_server_that_is_restarted_in_the_midst_of_a_sync_has_it_all_in_the_end()
    {
        string state = Directory.CreateTempSubdirectory("bowline-test-").FullName;
        try
        {
            await using FaultBench bench = await FaultBench.StartAsync(state: state);
            int writes = 0;
            bench.Front.Fault = async context =>
            {
                await Task.Delay(FaultBench.IsWrite(context) && Interlocked.Increment(ref writes) > 0 ? TimeSpan.FromMilliseconds(20) : TimeSpan.Zero);
                return false;
            };
            ApplicationRunner runner = bench.Run("a", string.Concat(Enumerable.Range(0, 400).Select(number => FaultBench.ConfigMap($"c{number}"))));
            await FaultBench.UntilAsync(() => Volatile.Read(ref writes) > 100, () => runner.Status.Message);
            await bench.RestartAsync(state, TimeSpan.FromSeconds(1));
            await FaultBench.UntilAsync(() => runner.Status.IsDelivered, () => $"{runner.Status.Sync} {runner.Status.Message}");
            await bench.HealsAsync("c399");
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task An_aggregated_api_whose_discovery_is_broken_keeps_nobody_else_from_being_delivered()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        // Without the aggregated form every group-version is asked by itself.
        bench.Front.Rewrite = (context, body) => context.Request.Path == "/apis"
            ? body.Replace("\"groups\":[", "\"groups\":[{\"name\":\"metrics.example.com\",\"versions\":[{\"groupVersion\":\"metrics.example.com/v1\",\"version\":\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"metrics.example.com/v1\",\"version\":\"v1\"}},", StringComparison.Ordinal) : body;
        bench.Front.Fault = context => context.Request.Path.StartsWithSegments("/apis/metrics.example.com")
            ? FaultyFront.RefuseAsync(context, 503, "ServiceUnavailable", "the server is currently unable to handle the request") : Task.FromResult(false);
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        Assert.Contains("metrics.example.com/v1", (await bench.Client.DiscoverAsync(CancellationToken.None)).Failed.Keys);
    }

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public async Task A_clock_that_is_days_off_changes_nothing(int days)
    {
        await using FaultBench bench = await FaultBench.StartAsync(new SkewedTime(TimeSpan.FromDays(days)));
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        await bench.HealsAsync("one");
    }

    [Fact]
    public async Task Whoever_keeps_writing_against_the_repository_is_named_and_the_fight_slows_down()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ApplicationRunner runner = await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        for (int round = 0; round < 5; round++)
        {
            await bench.HealsAsync("one");
        }

        await bench.ChangeAsync("one");
        await FaultBench.UntilAsync(() => runner.Status.Message.Contains("self-heal pauses", StringComparison.Ordinal), () => runner.Status.Message);
        Assert.Contains("\"somebody\" writes .data.value of ConfigMap a/one", runner.Status.Message);
        await bench.UntilRightAsync("one");
    }

    private sealed class SkewedTime(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }
}
