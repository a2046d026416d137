using System.Diagnostics;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Xunit.Abstractions;

namespace Bowline.Cluster.Tests.EndToEnd;

/// <summary>The client against our own API server, over HTTPS with client certificates.</summary>
public sealed class EmbeddedClusterTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bowline-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_kubeconfig_leads_to_the_cluster_and_its_kinds()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpCluster cluster = Connect(host);
        KindCatalogue kinds = await cluster.DiscoverAsync(default);
        Assert.Empty(kinds.Failed);
        Assert.Contains(kinds.Kinds, kind => kind.Kind == new ResourceKind("apps", "v1", "Deployment") && kind.Subresources.Contains("status"));
        Assert.NotNull((await cluster.GetRawAsync("/version", default))["gitVersion"]);
        Assert.Null(await cluster.FindKindAsync(new ResourceKind("example.com", "v1", "Nothing"), default));
    }

    [Fact]
    public async Task A_thousand_applies_are_quick_and_the_cache_and_a_controller_follow()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpCluster cluster = Connect(host);
        KindInfo kind = (await cluster.FindKindAsync(new ResourceKind("", "v1", "ConfigMap"), default))!;
        await using ClusterCache cache = new(cluster, TimeProvider.System);
        await cache.WaitForSyncAsync(kind, "", default);
        HashSet<string> reconciled = [];
        using Controller controller = new("test", (key, _) =>
        {
            reconciled.Add(key.ToString());
            return Task.FromResult(ReconcileResult.Done);
        }, TimeProvider.System);
        using CancellationTokenSource stop = new();
        Task running = controller.For(cache, kind.Kind).RunAsync(stop.Token);
        await ApplyAsync(cluster, kind, "warm-up");
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => ApplyAsync(cluster, kind, $"n{i}")));
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        output.WriteLine($"1000 applies over HTTPS: {took.TotalMilliseconds:0} ms");
        await Eventually.True(() => reconciled.Count >= 1001 && cache.Labelled("app", "test").Count == 1001);
        await stop.CancelAsync();
        await running;
        Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
    }

    [Fact]
    public async Task A_conflict_a_missing_namespace_and_an_invalid_object_are_told_apart()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using HttpCluster cluster = Connect(host);
        KindInfo kind = (await cluster.FindKindAsync(new ResourceKind("", "v1", "ConfigMap"), default))!;
        await ApplyAsync(cluster, kind, "a");
        MapNode other = Body("a");
        other.EnsureMap("data")["value"] = "other";
        ClusterException conflict = await Assert.ThrowsAsync<ClusterException>(() => cluster.ApplyAsync(new ObjectKey(kind, "default", "a"), other, new WriteOptions { FieldManager = "other" }, default));
        Assert.True(conflict.IsConflict);
        Assert.NotNull(conflict.Details?["causes"]);
        MapNode astray = Body("a");
        astray.EnsureMap("metadata")["namespace"] = "nowhere";
        Assert.True((await Assert.ThrowsAsync<ClusterException>(() => cluster.ApplyAsync(new ObjectKey(kind, "nowhere", "a"), astray, new WriteOptions(), default))).IsNotFound);
        Assert.Equal("Invalid", (await Assert.ThrowsAsync<ClusterException>(() => ApplyAsync(cluster, kind, "Not_A_Name"))).Reason);
    }

    [Fact]
    public async Task A_cache_survives_a_restart_of_the_server()
    {
        EmbeddedClusterOptions options = new() { StateDirectory = folder };
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(options, default);
        using HttpCluster cluster = Connect(host);
        KindInfo kind = (await cluster.FindKindAsync(new ResourceKind("", "v1", "ConfigMap"), default))!;
        await using ClusterCache cache = new(cluster, TimeProvider.System, new ClusterCacheOptions { LongestBackoff = TimeSpan.FromMilliseconds(300) });
        await cache.WaitForSyncAsync(kind, "", default);
        await ApplyAsync(cluster, kind, "before");
        int port = host.Server.Port;
        await host.DisposeAsync();
        await Task.Delay(500, CancellationToken.None);
        await using EmbeddedClusterHost again = await EmbeddedClusterHost.StartAsync(options with { Port = port }, default);
        await ApplyAsync(cluster, kind, "after");
        await Eventually.True(() => Held(cache, "before") && Held(cache, "after"));
    }

    private static bool Held(ClusterCache cache, string name) => cache.Get(new ResourceId("", "ConfigMap", "default", name)) is not null;

    private static Task<MapNode> ApplyAsync(HttpCluster cluster, KindInfo kind, string name) =>
        cluster.ApplyAsync(new ObjectKey(kind, "default", name), Body(name), new WriteOptions { Force = true }, default);

    private static MapNode Body(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = "default", ["labels"] = new MapNode { ["app"] = "test" } },
        ["data"] = new MapNode { ["value"] = name },
    };

    private HttpCluster Connect(EmbeddedClusterHost host)
    {
        string file = Path.Combine(folder, "kubeconfig");
        File.WriteAllText(file, host.Kubeconfig);
        return new HttpCluster(KubeContexts.Read([file]).Connection(), TimeProvider.System);
    }
}
