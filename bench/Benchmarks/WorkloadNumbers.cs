using System.Diagnostics;
using System.Globalization;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Model;

namespace Bowline.Benchmarks;

/// <summary>
/// The numbers of the embedded cluster's workloads. Every scenario runs in a process of its own, so that time, CPU and peak memory
/// are those of the whole: API server, controllers, scheduler, simulated nodes, and the client that applies.
/// </summary>
internal static class WorkloadNumbers
{
    private const int Deployments = 100;
    private const int Pods = 10_000;

    private static readonly (string Name, Func<CancellationToken, Task> Run)[] Scenarios =
    [
        ("nodes", NodesAsync),
        ("pods", PodsAsync),
        ("scheduling", SchedulingAsync),
        ("rollout", RolloutAsync),
        ("idle", IdleAsync),
    ];

    public static async Task PrintAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"| what | goal | wall | CPU (user + system) | on {Numbers.Machine()} |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach ((string name, _) in Scenarios)
        {
            ProcessStartInfo start = new("dotnet", [typeof(WorkloadNumbers).Assembly.Location, "workloads", name]);
            // What the bowline script sets for every process.
            start.Environment["DOTNET_GCgen0size"] = "1000000";
            start.Environment["DOTNET_GCGen0MaxBudget"] = "1000000";
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellationToken);
        }
    }

    public static Task RunAsync(string name, CancellationToken cancellationToken) => Scenarios.First(scenario => scenario.Name == name).Run(cancellationToken);

    private static async Task NodesAsync(CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
        await using (host)
        {
            Meter meter = Meter.Start();
            await using ControllerManager manager = await StartAsync(host, 5000, cancellationToken);
            await UntilAsync(() => Task.FromResult(manager.IsIdle), cancellationToken);
            meter.Print("5,000 nodes registered and ready", "10 s");
        }
    }

    private static async Task PodsAsync(CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
        await using (host)
        {
            await using ControllerManager manager = await StartAsync(host, 100, cancellationToken);
            using HttpCluster client = Connect(host);
            KindInfo kind = (await client.FindKindAsync(new ResourceKind("apps", "v1", "Deployment"), cancellationToken))!;
            Meter made = Meter.Start();
            for (int i = 0; i < Deployments; i++)
            {
                await client.ApplyAsync(new ObjectKey(kind, "default", Name(i)), Deployment(Name(i), Pods / Deployments, "1"), Writer, cancellationToken);
            }

            await UntilAsync(async () => await ReadyAsync(host.Cluster, kind, cancellationToken) == Pods, cancellationToken);
            made.Print("10,000 pods of 100 Deployments, applied over HTTPS, all Ready", "15 s");
            Console.WriteLine($"| peak memory until then (VmHWM) | 400 MB | {Meter.PeakMegabytes():0} MB | | |");

            Console.WriteLine($"| managed memory alive then |  | {GC.GetTotalMemory(forceFullCollection: true) / 1024 / 1024} MB | | |");

            Meter gone = Meter.Start();
            for (int i = 0; i < Deployments; i++)
            {
                await client.DeleteAsync(new ObjectKey(kind, "default", Name(i)), DeleteOptions.Background, cancellationToken);
            }

            KindInfo pods = (await client.FindKindAsync(new ResourceKind(string.Empty, "v1", "Pod"), cancellationToken))!;
            await UntilAsync(async () => (await host.Cluster.ListAsync(pods, string.Empty, ListOptions.All, cancellationToken)).Items.Count == 0, cancellationToken);
            gone.Print("their Deployments deleted, all pods gone", "15 s");
            Console.WriteLine($"| peak memory in all (VmHWM) | 400 MB | {Meter.PeakMegabytes():0} MB | | |");
        }
    }

    /// <summary>Pods that exist already when the scheduler starts: what is measured is deciding and binding, with the nodes taking the pods up beside it.</summary>
    private static async Task SchedulingAsync(CancellationToken cancellationToken)
    {
        foreach ((string what, Func<int, MapNode> pod) in Shapes)
        {
            const int count = 4000;
            EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
            await using (host)
            {
                await using (await ControllerManager.StartAsync(host.Cluster, TimeProvider.System, ControllerManagerOptions.Default with { Nodes = SimulatedNodeOptions.Default with { Count = 1000 } }, cancellationToken))
                {
                }

                KindInfo pods = (await host.Cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "Pod"), cancellationToken))!;
                for (int i = 0; i < count; i++)
                {
                    await host.Cluster.CreateAsync(pods, "default", pod(i), Writer, cancellationToken);
                }

                await using ControllerManager manager = await StartAsync(host, 1000, cancellationToken);
                Meter scheduling = Meter.Start();
                await BoundAsync(host.Cluster, pods, count, cancellationToken);
                scheduling.Print($"{count} pods {what} scheduled on 1,000 nodes", "2,000/s", $"{count / scheduling.Elapsed.TotalSeconds:0}/s");
            }
        }
    }

    private static async Task BoundAsync(ICluster cluster, KindInfo pods, int count, CancellationToken cancellationToken)
    {
        HashSet<string> bound = [];
        await foreach (WatchEvent change in cluster.WatchAsync(pods, string.Empty, new WatchOptions { SendInitialEvents = true }, cancellationToken))
        {
            if (change.Object.At("spec", "nodeName") is not null && bound.Add(change.Object.At("metadata", "name")!.AsString()!) && bound.Count == count)
            {
                return;
            }
        }
    }

    private static readonly (string What, Func<int, MapNode> Pod)[] Shapes =
    [
        ("without constraints", i => Pod(i, new MapNode())),
        ("with hard spread over zones and nodes", i => Pod(i, new MapNode { ["topologySpreadConstraints"] = new ListNode(Spread("topology.kubernetes.io/zone", 5), Spread("kubernetes.io/hostname", 5)) })),
        ("with required anti-affinity per node (in groups of 500)", i => Pod(i, new MapNode { ["affinity"] = new MapNode { ["podAntiAffinity"] = Required(i) } })),
        ("with preferred anti-affinity, affinity to a zone and soft spread", i => Pod(i, new MapNode
        {
            ["affinity"] = new MapNode { ["podAntiAffinity"] = Preferred(i), ["podAffinity"] = RequiredZone(i) },
            // A hard one would have no solution when chance gives one zone most of the groups.
            ["topologySpreadConstraints"] = new ListNode(Spread("kubernetes.io/hostname", 5, "ScheduleAnyway")),
        })),
    ];

    private static async Task RolloutAsync(CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
        await using (host)
        {
            await using ControllerManager manager = await StartAsync(host, 20, cancellationToken);
            using HttpCluster client = Connect(host);
            KindInfo kind = (await client.FindKindAsync(new ResourceKind("apps", "v1", "Deployment"), cancellationToken))!;
            await client.ApplyAsync(new ObjectKey(kind, "default", "rolling"), Deployment("rolling", 1000, "1"), Writer, cancellationToken);
            await UntilAsync(async () => await ReadyAsync(host.Cluster, kind, cancellationToken) == 1000, cancellationToken);
            Meter meter = Meter.Start();
            await client.ApplyAsync(new ObjectKey(kind, "default", "rolling"), Deployment("rolling", 1000, "2"), Writer, cancellationToken);
            await UntilAsync(() => IsRolledOutAsync(host.Cluster, kind, cancellationToken), cancellationToken);
            meter.Print("rolling update of 1,000 replicas", "10 s");
        }
    }

    private static async Task IdleAsync(CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
        await using (host)
        {
            await using ControllerManager manager = await StartAsync(host, 100, cancellationToken);
            using HttpCluster client = Connect(host);
            KindInfo kind = (await client.FindKindAsync(new ResourceKind("apps", "v1", "Deployment"), cancellationToken))!;
            await client.ApplyAsync(new ObjectKey(kind, "default", "idle"), Deployment("idle", 1000, "1"), Writer, cancellationToken);
            await UntilAsync(async () => manager.IsIdle && await ReadyAsync(host.Cluster, kind, cancellationToken) == 1000, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, cancellationToken);
            Meter meter = Meter.Start();
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, cancellationToken);
            meter.Print("30 s idle with 100 nodes and 1,000 pods", "1 %", $"{100 * meter.Cpu.TotalSeconds / meter.Elapsed.TotalSeconds:0.00} %");
        }
    }

    private static WriteOptions Writer { get; } = new() { FieldManager = "bench", Force = true };

    private static string Name(int i) => "app-" + i.ToString(CultureInfo.InvariantCulture);

    private static Task<ControllerManager> StartAsync(EmbeddedClusterHost host, int nodes, CancellationToken cancellationToken) => ControllerManager.StartAsync(
        host.Cluster,
        TimeProvider.System,
        ControllerManagerOptions.Default with { CertificateAuthority = host.CertificateAuthority, Nodes = SimulatedNodeOptions.Default with { Count = nodes } },
        cancellationToken);

    private static HttpCluster Connect(EmbeddedClusterHost host) => new(
        new ClusterConnection("bench", host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey }, TimeProvider.System);

    private static async Task<long> ReadyAsync(ICluster cluster, KindInfo kind, CancellationToken cancellationToken) =>
        (await cluster.ListAsync(kind, string.Empty, ListOptions.All, cancellationToken)).Items.Sum(item => item.At("status", "readyReplicas")?.AsInteger() ?? 0);

    private static async Task<bool> IsRolledOutAsync(ICluster cluster, KindInfo kind, CancellationToken cancellationToken)
    {
        MapNode live = (await cluster.GetAsync(new ObjectKey(kind, "default", "rolling"), cancellationToken))!;
        long Count(string field) => live.At("status", field)?.AsInteger() ?? 0;
        return live.At("status", "observedGeneration")?.AsInteger() == live.At("metadata", "generation")?.AsInteger()
            && Count("updatedReplicas") == 1000 && Count("availableReplicas") == 1000 && Count("replicas") == 1000;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, CancellationToken cancellationToken)
    {
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }

    private static MapNode Deployment(string name, int replicas, string version) => new()
    {
        ["apiVersion"] = "apps/v1",
        ["kind"] = "Deployment",
        ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = new MapNode
        {
            ["replicas"] = replicas,
            ["selector"] = new MapNode { ["matchLabels"] = new MapNode { ["app"] = name } },
            ["template"] = new MapNode
            {
                ["metadata"] = new MapNode { ["labels"] = new MapNode { ["app"] = name } },
                ["spec"] = new MapNode { ["containers"] = new ListNode(Container("nginx:" + version)) },
            },
        },
    };

    private static MapNode Container(string image) => new()
    {
        ["name"] = "main",
        ["image"] = image,
        ["resources"] = new MapNode { ["requests"] = new MapNode { ["cpu"] = "10m", ["memory"] = "16Mi" } },
    };

    private static MapNode Pod(int i, MapNode spec)
    {
        spec["containers"] = new ListNode(Container("nginx:1"));
        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new MapNode { ["name"] = "pod-" + i.ToString(CultureInfo.InvariantCulture), ["namespace"] = "default", ["labels"] = new MapNode { ["app"] = Group(i), ["all"] = "yes" } },
            ["spec"] = spec,
        };
    }

    private static string Group(int i) => "group-" + (i / 500).ToString(CultureInfo.InvariantCulture);

    private static MapNode Selector(string key, string value) => new() { ["matchLabels"] = new MapNode { [key] = value } };

    private static MapNode Spread(string key, int skew, string otherwise = "DoNotSchedule") => new()
    {
        ["maxSkew"] = skew,
        ["topologyKey"] = key,
        ["whenUnsatisfiable"] = otherwise,
        ["labelSelector"] = Selector("all", "yes"),
    };

    private static MapNode Term(string key, int i) => new() { ["topologyKey"] = key, ["labelSelector"] = Selector("app", Group(i)) };

    private static MapNode Required(int i) => new() { ["requiredDuringSchedulingIgnoredDuringExecution"] = new ListNode(Term("kubernetes.io/hostname", i)) };

    private static MapNode RequiredZone(int i) => new() { ["requiredDuringSchedulingIgnoredDuringExecution"] = new ListNode(Term("topology.kubernetes.io/zone", i)) };

    private static MapNode Preferred(int i) => new()
    {
        ["preferredDuringSchedulingIgnoredDuringExecution"] = new ListNode(new MapNode { ["weight"] = 100, ["podAffinityTerm"] = Term("kubernetes.io/hostname", i) }),
    };

    /// <summary>Wall and CPU time of this process since a moment.</summary>
    private sealed class Meter
    {
        private readonly long started = Stopwatch.GetTimestamp();
        private readonly TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

        public TimeSpan Cpu => Process.GetCurrentProcess().TotalProcessorTime - cpu;

        public static Meter Start() => new();

        public static double PeakMegabytes()
        {
            string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }

        public void Print(string what, string goal, string? value = null)
        {
            (TimeSpan wall, TimeSpan used) = (Elapsed, Cpu);
            Console.WriteLine($"| {what} | {goal} | {value ?? $"{wall.TotalSeconds:0.0} s"} | {used.TotalSeconds:0.0} s | |");
        }
    }
}
