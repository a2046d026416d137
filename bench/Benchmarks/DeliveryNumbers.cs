using System.Diagnostics;
using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Syncing;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.Benchmarks;

/// <summary><c>bench/run delivery</c>: the numbers of the delivery engine, in one process with the embedded API server, over HTTPS; and two of whole processes.</summary>
internal static class DeliveryNumbers
{
    private const int Objects = 10_000;

    public static async Task PrintAsync(CancellationToken cancellationToken)
    {
        Head("; wall time, and CPU time of the process with the API server in it");
        await FirstSyncAsync(() => Cluster.StartAsync(cancellationToken), rounds: 5, cancellationToken);
        await ManyApplicationsAsync(cancellationToken);
        await WholeProcessNumbers.PrintAsync(cancellationToken);
    }

    /// <summary><c>bench/run delivery sync</c>: the first sync alone.</summary>
    public static Task PrintSyncAsync(CancellationToken cancellationToken) => FirstSyncAsync(() => Cluster.StartAsync(cancellationToken), rounds: 7, cancellationToken);

    /// <summary>
    /// <c>bench/run delivery KUBECONFIG [PID...]</c>: the first sync to an API server that runs already and is empty. Both clients are warmed up with an embedded
    /// one. The CPU time is this process's and, where they are named, that of the server's processes.
    /// </summary>
    public static async Task PrintAsync(string kubeconfig, IEnumerable<string> servers, CancellationToken cancellationToken)
    {
        Process[] beside = [.. servers.Select(server => Process.GetProcessById(int.Parse(server, CultureInfo.InvariantCulture)))];
        TimeSpan Used()
        {
            Array.ForEach(beside, process => process.Refresh());
            return beside.Aggregate(TimeSpan.Zero, (sum, process) => sum + process.TotalProcessorTime);
        }

        await BareClientAsync(() => Cluster.StartAsync(cancellationToken), Nothing, cancellationToken);
        await EngineAsync(() => Cluster.StartAsync(cancellationToken), Nothing, cancellationToken);
        Task<Cluster> Open() => Task.FromResult(Cluster.Of(KubeContexts.Read([kubeconfig]).Connection(string.Empty)));

        // The engine lists what it watches, so what the bare client leaves would be its burden, and not the other way round.
        Turn engine = await EngineAsync(Open, Used, cancellationToken);
        await PrintAsync([await BareClientAsync(Open, Used, cancellationToken)], [engine], Open, cancellationToken);
    }

    private static TimeSpan Nothing() => TimeSpan.Zero;

    /// <summary>The bare client and the engine take turns, each time against a cluster of its own, so that both meet the same machine; medians.</summary>
    private static async Task FirstSyncAsync(Func<Task<Cluster>> open, int rounds, CancellationToken cancellationToken)
    {
        List<Turn> bare = [];
        List<Turn> engine = [];
        for (int round = 0; round < rounds; round++)
        {
            bare.Add(await BareClientAsync(open, Nothing, cancellationToken));
            engine.Add(await EngineAsync(open, Nothing, cancellationToken));
        }

        await PrintAsync(bare, engine, open, cancellationToken);
    }

    private static async Task PrintAsync(List<Turn> bare, List<Turn> engine, Func<Task<Cluster>> open, CancellationToken cancellationToken)
    {
        double kubectl = await KubectlAsync(open, 300, cancellationToken);
        double Rate(List<Turn> runs) => Numbers.Median([.. runs.Select(run => run.PerSecond)]);
        double Cpu(List<Turn> runs, Func<Turn, double> of) => Numbers.Median([.. runs.Select(of)]);
        string Each(List<Turn> runs) => Cpu(runs, run => run.Server) is > 0 and var server
            ? $"{Cpu(runs, run => run.Cpu):0.0} s CPU, the server's {server:0.0} s"
            : $"{Cpu(runs, run => run.Cpu):0.0} s CPU, the first {runs[0].PerSecond:0}/s with {runs[0].Cpu:0.0} s";
        Row("10,000 ConfigMaps applied by a bare client, 32 in flight", "", $"{Rate(bare):0} objects/s ({Each(bare)})");
        Row("first sync of 10,000 ConfigMaps in 100 applications", "80 % of that", $"{Rate(engine):0} objects/s, {Rate(engine) / Rate(bare):P0} ({Each(engine)})");
        Row("`kubectl apply --server-side` of 300 ConfigMaps to the same server", "1/25 of the sync", $"{kubectl:0} objects/s, 1/{Rate(engine) / kubectl:0}");
    }

    private static async Task ManyApplicationsAsync(CancellationToken cancellationToken)
    {
        await using Cluster cluster = await Cluster.StartAsync(cancellationToken);
        RenderedApplication[] applications = [.. Enumerable.Range(0, 1000).Select(number => Application(number, 10))];
        await cluster.DeliverAsync(applications, cancellationToken);
        double[] rounds = new double[5];
        for (int round = 0; round < rounds.Length; round++)
        {
            rounds[round] = (await MeasureAsync(() => cluster.LookAgainAsync(cancellationToken), Nothing)).Cpu * 1000;
        }

        Row("no-op reconcile of 1,000 applications with 10,000 objects", "1 s of CPU", $"{Numbers.Median(rounds):0} ms of CPU");
        double[] heals = await cluster.HealAsync(200, cancellationToken);
        Array.Sort(heals);
        Row("live change to restored, among those 1,000 applications, 200 changes", "p99 200 ms", $"p50 {heals[heals.Length / 2]:0.0} ms, p99 {heals[(int)(heals.Length * 0.99)]:0.0} ms");
    }

    private static async Task<Turn> EngineAsync(Func<Task<Cluster>> open, Func<TimeSpan> servers, CancellationToken cancellationToken)
    {
        await using Cluster cluster = await open();
        RenderedApplication[] applications = [.. Enumerable.Range(0, 100).Select(number => Application(number, Objects / 100))];
        return await MeasureAsync(() => cluster.DeliverAsync(applications, cancellationToken), servers);
    }

    private static async Task<Turn> BareClientAsync(Func<Task<Cluster>> open, Func<TimeSpan> servers, CancellationToken cancellationToken)
    {
        await using Cluster cluster = await open();
        KindInfo kind = (await cluster.Client.FindKindAsync(new ResourceKind(string.Empty, "v1", "ConfigMap"), cancellationToken))!;
        WriteOptions options = new() { FieldManager = "bench", Force = true };
        return await MeasureAsync(() => Parallel.ForAsync(0, Objects, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken }, async (number, token) =>
        {
            MapNode body = ConfigMap($"c{number}", "default");
            await cluster.Client.ApplyAsync(new ObjectKey(kind, "default", $"c{number}"), body, options, token);
        }), servers);
    }

    private static async Task<double> KubectlAsync(Func<Task<Cluster>> open, int objects, CancellationToken cancellationToken)
    {
        await using Cluster cluster = await open();
        string folder = Directory.CreateTempSubdirectory("bowline-bench-").FullName;
        try
        {
            string kubeconfig = Path.Combine(folder, "kubeconfig");
            await KubeconfigWriter.WriteAsync(kubeconfig, cluster.Connection, makeCurrent: true, TimeProvider.System, cancellationToken);
            File.WriteAllText(Path.Combine(folder, "all.yaml"), string.Join("---\n", Enumerable.Range(0, objects).Select(number => $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: k{number}}}\ndata: {{key: value}}\n")));
            Stopwatch watch = Stopwatch.StartNew();
            using Process process = Process.Start(new ProcessStartInfo("kubectl", ["--kubeconfig", kubeconfig, "apply", "--server-side", "-f", Path.Combine(folder, "all.yaml")]) { RedirectStandardOutput = true })!;
            await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? objects / watch.Elapsed.TotalSeconds : throw new InvalidOperationException("kubectl failed");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static RenderedApplication Application(int number, int objects)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"app-{number:0000}");
        ApplicationSpec spec = new(name)
        {
            Destination = new Destination { Namespace = name },
            Policy = new SyncPolicy { Automated = true, Prune = true, SelfHeal = true, Options = ["CreateNamespace=true"] },
        };
        return new RenderedApplication(spec, "bench", [.. Enumerable.Range(0, objects).Select(each => new Resource((MapNode)ConfigMap($"c{each}", name).Freeze(), new Origin($"{name}/all.yaml", each)))]);
    }

    private static MapNode ConfigMap(string name, string @namespace) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = @namespace },
        ["data"] = new MapNode { ["key"] = "value" },
    };

    private static async Task<Turn> MeasureAsync(Func<Task> work, Func<TimeSpan> servers)
    {
        GC.Collect();
        (TimeSpan own, TimeSpan server) = (Environment.CpuUsage.TotalTime, servers());
        Stopwatch watch = Stopwatch.StartNew();
        await work();
        return new Turn(Objects / watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - own).TotalSeconds, (servers() - server).TotalSeconds);
    }

    /// <summary>The head of a table, whose rows are <see cref="Row"/>'s.</summary>
    internal static void Head(string more = "")
    {
        Console.WriteLine($"On {Numbers.Machine()}{more}:");
        Console.WriteLine();
        Console.WriteLine("| what | goal | measured |");
        Console.WriteLine("|---|---|---|");
    }

    internal static void Row(string what, string goal, string measured) => Console.WriteLine($"| {what} | {goal} | {measured} |");

    /// <summary>One measurement: objects a second, and seconds of CPU of this process and of servers beside it.</summary>
    private sealed record Turn(double PerSecond, double Cpu, double Server);

    /// <summary>An embedded API server, a client of it, and what delivers through that.</summary>
    private sealed class Cluster : IAsyncDisposable
    {
        private readonly EmbeddedClusterHost? host;
        private readonly CancellationTokenSource stopping = new();
        private readonly SemaphoreSlim moved = new(0);
        private readonly Dependencies dependencies = new();
        private readonly List<(ApplicationRunner Runner, Task Task)> runners = [];
        private readonly DeliveryTarget target;
        private int looks;

        private Cluster(ClusterConnection connection, EmbeddedClusterHost? host)
        {
            this.host = host;
            Connection = connection;
            Client = new HttpCluster(Connection, TimeProvider.System);
            target = new DeliveryTarget(Client, assumeKinds: false, TimeProvider.System, new SyncOptions());
        }

        public ClusterConnection Connection { get; }

        public HttpCluster Client { get; }

        public static Cluster Of(ClusterConnection connection) => new(connection, null);

        public static async Task<Cluster> StartAsync(CancellationToken cancellationToken)
        {
            EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
            return new Cluster(new ClusterConnection("bench", host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey }, host);
        }

        public async Task DeliverAsync(RenderedApplication[] applications, CancellationToken cancellationToken)
        {
            target.Ownership = new Ownership(applications.Select(application => application.Claims), []);
            dependencies.Declare([.. applications.Select(application => application.Spec)], applications);
            RunnerContext context = new(TimeProvider.System, dependencies) { Moved = (_, _) => Interlocked.Increment(ref looks) };
            foreach (RenderedApplication application in applications)
            {
                ApplicationRunner runner = new(application, target, context, _ => moved.Release());
                runners.Add((runner, Task.Run(() => runner.RunAsync(stopping.Token), cancellationToken)));
            }

            while (!runners.TrueForAll(running => running.Runner.Settling.IsSettled))
            {
                await moved.WaitAsync(cancellationToken);
            }

            if (runners.Find(running => !running.Runner.Status.IsDelivered).Runner is { } failed)
            {
                throw new InvalidOperationException($"{failed.Status.Name}: {failed.Status.Message}");
            }
        }

        /// <summary>Every application looks once more.</summary>
        public async Task LookAgainAsync(CancellationToken cancellationToken)
        {
            Interlocked.Exchange(ref looks, 0);
            runners.ForEach(running => running.Runner.Signal());
            while (Volatile.Read(ref looks) < runners.Count)
            {
                await moved.WaitAsync(cancellationToken);
            }
        }

        /// <summary>Changes objects by hand, one after the other, each of another application, and measures until each is as it was.</summary>
        public async Task<double[]> HealAsync(int changes, CancellationToken cancellationToken)
        {
            KindInfo kind = (await Client.FindKindAsync(new ResourceKind(string.Empty, "v1", "ConfigMap"), cancellationToken))!;
            double[] times = new double[changes];
            for (int change = 0; change < changes; change++)
            {
                string name = runners[change * 3].Runner.Status.Name;
                ObjectKey key = new(kind, name, "c3");
                await Client.PatchAsync(key, PatchKind.Merge, new MapNode { ["data"] = new MapNode { ["key"] = "by hand" } }, new WriteOptions { FieldManager = "somebody" }, cancellationToken);
                long changed = Stopwatch.GetTimestamp();
                while ((await host!.Cluster.GetAsync(key, cancellationToken))?.At("data", "key")?.AsString() != "value")
                {
                    await Task.Delay(1, cancellationToken);
                }

                times[change] = Stopwatch.GetElapsedTime(changed).TotalMilliseconds;
            }

            return times;
        }

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            await Task.WhenAll(runners.Select(running => running.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await target.DisposeAsync();
            Client.Dispose();
            if (host is not null)
            {
                await host.DisposeAsync();
            }
        }
    }
}
