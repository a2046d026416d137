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

/// <summary>An API server, the front before it, and runners that deliver through the front.</summary>
internal sealed class FaultBench : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private EmbeddedClusterHost host;
    private readonly DeliveryTarget target;
    private readonly ConcurrentDictionary<string, ApplicationReport> reports = new();
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> tasks = [];
    private string home = string.Empty;

    private FaultBench(EmbeddedClusterHost host, FaultyFront front, TimeProvider time)
    {
        this.host = host;
        this.time = time;
        Front = front;
        Client = new HttpCluster(new ClusterConnection("test", front.Address), time);
        target = new DeliveryTarget(Client, assumeKinds: false, time, new SyncOptions());
        Context = new RunnerContext(time, new Dependencies())
        {
            Reported = report =>
            {
                reports[report.Status.Name] = report;
                Told();
            },
        };
    }

    /// <summary>What runners that begin from now on share.</summary>
    public RunnerContext Context { get; set; }

    public DeliveryTarget Target => target;

    /// <summary>Called when anything is told of an application.</summary>
    public Action Told { get; set; } = static () => { };

    /// <summary>The last that was told of an application.</summary>
    public ApplicationReport? Report(string name) => reports.GetValueOrDefault(name);

    public FaultyFront Front { get; }

    public HttpCluster Client { get; }

    /// <summary>The server's own door, past the front.</summary>
    public ICluster Server => host.Cluster;

    /// <param name="state">Where the server keeps its state, for one that is to be restarted.</param>
    public static async Task<FaultBench> StartAsync(TimeProvider? time = null, string? state = null)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = state }, CancellationToken.None);
        return new FaultBench(host, await FaultyFront.StartAsync(host), time ?? TimeProvider.System);
    }

    /// <summary>Ends the server and starts it anew on the same state and port.</summary>
    public async Task RestartAsync(string state, TimeSpan pause)
    {
        int port = host.Server.Port;
        Front.Sever();
        await host.DisposeAsync();
        await Task.Delay(pause);
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = state, Port = port }, CancellationToken.None);
    }

    public static bool IsWrite(HttpContext context) => context.Request.Method is "PATCH" or "POST" or "PUT" && !context.Request.Path.Value!.Contains("bowline-system", StringComparison.Ordinal);

    public static string ConfigMap(string name) => $"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: right}}\n";

    public static async Task UntilAsync(Func<bool> condition, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, otherwise());
            await Task.Delay(10);
        }
    }

    /// <param name="change">Makes the specification another one.</param>
    public static RenderedApplication Render(string name, string manifests, Func<ApplicationSpec, ApplicationSpec>? change = null)
    {
        ApplicationSpec spec = new(name)
        {
            Destination = new Destination { Namespace = name },
            Policy = new SyncPolicy { Automated = true, Prune = true, SelfHeal = true, Options = ["CreateNamespace=true"] },
        };
        Resource[] resources = [.. YamlReader.ReadAll(Encoding.UTF8.GetBytes(manifests), YamlReadOptions.Kubernetes).Select(document => document.Root).OfType<MapNode>().Select(root => new Resource(root, new Origin("all.yaml", 1)))];
        return new RenderedApplication(change is null ? spec : change(spec), "test", resources);
    }

    /// <param name="change">Makes the specification another one.</param>
    /// <param name="begun">Told of the runner before it runs.</param>
    public ApplicationRunner Run(string name, string manifests, Func<ApplicationSpec, ApplicationSpec>? change = null, Action<ApplicationRunner>? begun = null)
    {
        home = name;
        ApplicationRunner runner = new(Render(name, manifests, change), target, Context, _ => { });
        begun?.Invoke(runner);
        tasks.Add(Task.Run(() => runner.RunAsync(stopping.Token)));
        return runner;
    }

    public async Task<ApplicationRunner> DeliverAsync(string name, string manifests)
    {
        ApplicationRunner runner = Run(name, manifests);
        await UntilAsync(() => runner.Status.IsDelivered, () => $"{runner.Status.Sync} {runner.Status.Health} {runner.Status.Message}");
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
