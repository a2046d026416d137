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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);

    [Fact]
    public async Task Throttling_is_waited_out_as_long_as_the_server_asks()
    {
        await using Bench bench = await Bench.StartAsync();
        ConcurrentDictionary<string, int> tries = new();
        bench.Front.Fault = context => IsWrite(context) && tries.AddOrUpdate(context.Request.Path, 1, (_, count) => count + 1) <= 2
            ? FaultyFront.RefuseAsync(context, 429, "TooManyRequests", "too many requests", retryAfter: 1) : Task.FromResult(false);
        Stopwatch watch = Stopwatch.StartNew();
        await bench.DeliverAsync("a", ConfigMap("one") + ConfigMap("two"));
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(2), $"the server's wish was not heeded: {watch.Elapsed}");
    }

    [Fact]
    public async Task A_slow_server_is_waited_for_with_requests_side_by_side()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Front.Fault = async context =>
        {
            await Task.Delay(IsWrite(context) ? TimeSpan.FromSeconds(5) : TimeSpan.Zero);
            return false;
        };
        Stopwatch watch = Stopwatch.StartNew();
        await bench.DeliverAsync("a", string.Concat(Enumerable.Range(0, 20).Select(number => ConfigMap($"c{number}"))));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(45), $"took {watch.Elapsed}");
    }

    [Fact]
    public async Task Watches_that_keep_expiring_lose_no_change()
    {
        await using Bench bench = await Bench.StartAsync();
        int expired = 0;
        bench.Front.Fault = context => context.Request.Query["watch"].Count > 0 && Interlocked.Increment(ref expired) <= 12
            ? FaultyFront.RefuseAsync(context, 410, "Expired", "too old resource version") : Task.FromResult(false);
        await bench.DeliverAsync("a", ConfigMap("one"));
        await bench.HealsAsync("one");
        Assert.True(expired >= 12);
    }

    [Fact]
    public async Task Conflicts_are_tried_again()
    {
        await using Bench bench = await Bench.StartAsync();
        ConcurrentDictionary<string, int> tries = new();
        bench.Front.Fault = context => IsWrite(context) && tries.AddOrUpdate(context.Request.Path, 1, (_, count) => count + 1) <= 3
            ? FaultyFront.RefuseAsync(context, 409, "Conflict", "the object has been modified") : Task.FromResult(false);
        await bench.DeliverAsync("a", ConfigMap("one") + ConfigMap("two"));
    }

    [Fact]
    public async Task A_server_that_goes_away_and_comes_back_finds_its_drift_undone()
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.DeliverAsync("a", ConfigMap("one"));
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
    public async Task What_an_admission_webhook_denies_is_named_and_the_other_application_is_delivered()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Front.Fault = context => IsWrite(context) && context.Request.Path.Value!.EndsWith("/denied", StringComparison.Ordinal)
            ? FaultyFront.RefuseAsync(context, 403, "Forbidden", "admission webhook \\\"policy.example.com\\\" denied the request: not today") : Task.FromResult(false);
        ApplicationRunner bad = bench.Run("bad", ConfigMap("denied"));
        await bench.DeliverAsync("good", ConfigMap("one"));
        await Until(() => bad.Settling.IsSettled, () => bad.Status.Message);
        Assert.Contains("denied the request: not today", bad.Status.Message);
        Assert.Contains("all.yaml:1", bad.Status.Message);
    }

    [Fact]
    public async Task An_aggregated_api_whose_discovery_is_broken_keeps_nobody_else_from_being_delivered()
    {
        await using Bench bench = await Bench.StartAsync();
        // Without the aggregated form every group-version is asked by itself.
        bench.Front.Rewrite = (context, body) => context.Request.Path == "/apis"
            ? body.Replace("\"groups\":[", "\"groups\":[{\"name\":\"metrics.example.com\",\"versions\":[{\"groupVersion\":\"metrics.example.com/v1\",\"version\":\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"metrics.example.com/v1\",\"version\":\"v1\"}},", StringComparison.Ordinal) : body;
        bench.Front.Fault = context => context.Request.Path.StartsWithSegments("/apis/metrics.example.com")
            ? FaultyFront.RefuseAsync(context, 503, "ServiceUnavailable", "the server is currently unable to handle the request") : Task.FromResult(false);
        await bench.DeliverAsync("a", ConfigMap("one"));
        Assert.Contains("metrics.example.com/v1", (await bench.Client.DiscoverAsync(CancellationToken.None)).Failed.Keys);
    }

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public async Task A_clock_that_is_days_off_changes_nothing(int days)
    {
        await using Bench bench = await Bench.StartAsync(new SkewedTime(TimeSpan.FromDays(days)));
        await bench.DeliverAsync("a", ConfigMap("one"));
        await bench.HealsAsync("one");
    }

    [Fact]
    public async Task Whoever_keeps_writing_against_the_repository_is_named_and_the_fight_slows_down()
    {
        await using Bench bench = await Bench.StartAsync();
        ApplicationRunner runner = await bench.DeliverAsync("a", ConfigMap("one"));
        for (int round = 0; round < 5; round++)
        {
            await bench.HealsAsync("one");
        }

        await bench.ChangeAsync("one");
        await Until(() => runner.Status.Message.Contains("self-heal pauses", StringComparison.Ordinal), () => runner.Status.Message);
        Assert.Contains("\"somebody\" writes .data.value of ConfigMap a/one", runner.Status.Message);
        await bench.UntilRightAsync("one");
    }

    private static bool IsWrite(HttpContext context) => context.Request.Method is "PATCH" or "POST" or "PUT" && !context.Request.Path.Value!.Contains("bowline-system", StringComparison.Ordinal);

    private static string ConfigMap(string name) => $"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: right}}\n";

    private static async Task Until(Func<bool> condition, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, otherwise());
            await Task.Delay(10);
        }
    }

    private sealed class SkewedTime(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }

    /// <summary>An API server, the front before it, and runners that deliver through the front.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly EmbeddedClusterHost host;
        private readonly DeliveryTarget target;
        private readonly TimeProvider time;
        private readonly CancellationTokenSource stopping = new();
        private readonly List<Task> tasks = [];
        private string home = string.Empty;

        private Bench(EmbeddedClusterHost host, FaultyFront front, TimeProvider time)
        {
            this.host = host;
            this.time = time;
            Front = front;
            Client = new HttpCluster(new ClusterConnection("test", front.Address), time);
            target = new DeliveryTarget(Client, assumeKinds: false, time, new SyncOptions());
        }

        public FaultyFront Front { get; }

        public HttpCluster Client { get; }

        public static async Task<Bench> StartAsync(TimeProvider? time = null)
        {
            EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), CancellationToken.None);
            return new Bench(host, await FaultyFront.StartAsync(host), time ?? TimeProvider.System);
        }

        public ApplicationRunner Run(string name, string manifests)
        {
            home = name;
            ApplicationSpec spec = new(name)
            {
                Destination = new Destination { Namespace = name },
                Policy = new SyncPolicy { Automated = true, Prune = true, SelfHeal = true, Options = ["CreateNamespace=true"] },
            };
            Resource[] resources = [.. YamlReader.ReadAll(Encoding.UTF8.GetBytes(manifests), YamlReadOptions.Kubernetes).Select(document => document.Root).OfType<MapNode>().Select(root => new Resource(root, new Origin("all.yaml", 1)))];
            ApplicationRunner runner = new(new RenderedApplication(spec, "test", resources), target, new RunnerContext(time, new Dependencies()), _ => { });
            tasks.Add(Task.Run(() => runner.RunAsync(stopping.Token)));
            return runner;
        }

        public async Task<ApplicationRunner> DeliverAsync(string name, string manifests)
        {
            ApplicationRunner runner = Run(name, manifests);
            await Until(() => runner.Status.IsDelivered, () => $"{runner.Status.Sync} {runner.Status.Health} {runner.Status.Message}");
            return runner;
        }

        /// <summary>Somebody changes the object, past the front.</summary>
        public Task ChangeAsync(string name) => host.Cluster.PatchAsync(
            new ObjectKey(ConfigMaps, home, name), PatchKind.Merge, new MapNode { ["data"] = new MapNode { ["value"] = "wrong" } }, new WriteOptions { FieldManager = "somebody" }, CancellationToken.None);

        public async Task UntilRightAsync(string name)
        {
            string? value = null;
            Stopwatch watch = Stopwatch.StartNew();
            while ((value = (await host.Cluster.GetAsync(new ObjectKey(ConfigMaps, home, name), CancellationToken.None))?.At("data", "value")?.AsString()) != "right")
            {
                Assert.True(watch.Elapsed < Patience, $"it is still {value}");
                await Task.Delay(5);
            }
        }

        public async Task HealsAsync(string name)
        {
            await ChangeAsync(name);
            await UntilRightAsync(name);
        }

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await target.DisposeAsync();
            Client.Dispose();
            await Front.DisposeAsync();
            await host.DisposeAsync();
        }
    }
}
