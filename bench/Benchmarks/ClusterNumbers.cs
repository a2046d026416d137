using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Benchmarks;

/// <summary>
/// The numbers under "Embedded cluster" of docs/benchmarks.md. The server is a process of its own; the load comes from this one over
/// HTTPS, so both share the machine's cores.
/// </summary>
internal static class ClusterNumbers
{
    private const int Connections = 32;
    private const int Objects = 10_000;

    /// <param name="parts">Only these of start, memory, journal, list, watch, many and idle; empty for all.</param>
    public static async Task PrintAsync(string[] parts)
    {
        Console.WriteLine($"| what | goal | measured | runs | on {Numbers.Machine()} |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach ((string name, Func<Task> measure) in new (string, Func<Task>)[]
        {
            ("start", StartAsync),
            ("memory", () => ApplyAsync("10,000 ConfigMaps applied by 32 connections, in memory", "5,000/s", [])),
            ("journal", () => ApplyAsync("the same with the journal", "3,000/s", ["--state"])),
            ("list", ListAsync),
            ("watch", WatchAsync),
            ("many", ManyAsync),
            ("idle", IdleAsync),
        })
        {
            if (parts.Length == 0 || parts.Contains(name))
            {
                await measure();
            }
        }
    }

    private static async Task StartAsync()
    {
        List<double> bare = [];
        List<double> whole = [];
        for (int run = 0; run < 15; run++)
        {
            await using ClusterProcess first = await ClusterProcess.StartAsync("--no-controllers");
            bare.Add(first.ReadyAfter.TotalMilliseconds);
            await using ClusterProcess second = await ClusterProcess.StartAsync();
            whole.Add(second.ReadyAfter.TotalMilliseconds);
        }

        Row("`cluster start --no-controllers` to ready, whole process", "300 ms", $"{Numbers.Median([.. bare]):0} ms (least {bare.Min():0})", bare.Count);
        Row("`cluster start` to ready, with controllers and a node", "300 ms", $"{Numbers.Median([.. whole]):0} ms (least {whole.Min():0})", whole.Count);
    }

    private static async Task ApplyAsync(string what, string goal, string[] flags)
    {
        List<double> rates = [];
        List<double> costs = [];
        for (int run = 0; run < 3; run++)
        {
            string state = Path.Combine(Path.GetTempPath(), $"bowline-bench-{Guid.NewGuid():N}");
            await using (ClusterProcess cluster = await ClusterProcess.StartAsync(["--no-controllers", .. flags.SelectMany(flag => (string[])[flag, state])]))
            {
                await ApplyAsync(cluster, "warm", 2000);
                TimeSpan before = cluster.CpuTime();
                long began = Stopwatch.GetTimestamp();
                await ApplyAsync(cluster, "c", Objects);
                rates.Add(Objects / Stopwatch.GetElapsedTime(began).TotalSeconds);
                costs.Add((cluster.CpuTime() - before).TotalMicroseconds / Objects);
            }

            if (Directory.Exists(state))
            {
                Directory.Delete(state, recursive: true);
            }
        }

        Row(what, goal, $"{rates.Max():0}/s (median {Numbers.Median([.. rates]):0}); {Numbers.Median([.. costs]):0} µs of the server's CPU each", rates.Count);
    }

    private static async Task ApplyAsync(ClusterProcess cluster, string prefix, int count)
    {
        HttpClient[] clients = [.. Enumerable.Range(0, Connections).Select(_ => cluster.Client())];
        int next = -1;
        await Task.WhenAll(clients.Select(async client =>
        {
            for (int i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                string body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{prefix}}}{{{i}}}"},"data":{"a":"1","b":"two","c":"three"}}""";
                using ByteArrayContent content = new(Encoding.UTF8.GetBytes(body));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
                using HttpResponseMessage response = await client.PatchAsync($"/api/v1/namespaces/default/configmaps/{prefix}{i}?fieldManager=bench", content);
                response.EnsureSuccessStatusCode();
            }
        }));
        Array.ForEach(clients, client => client.Dispose());
    }

    private static async Task CreateAsync(ClusterProcess cluster, string path, int count, Func<int, string> body)
    {
        HttpClient[] clients = [.. Enumerable.Range(0, Connections).Select(_ => cluster.Client())];
        int next = -1;
        await Task.WhenAll(clients.Select(async client =>
        {
            for (int i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                using ByteArrayContent content = new(Encoding.UTF8.GetBytes(body(i)));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using HttpResponseMessage response = await client.PostAsync(path, content);
                response.EnsureSuccessStatusCode();
            }
        }));
        Array.ForEach(clients, client => client.Dispose());
    }

    private static string Pod(int i) => $$$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-{{{{i}}}}","labels":{"app":"web","n":"{{{{i % 100}}}}"}},"spec":{"nodeName":"node-{{{{i % 50}}}}","containers":[{"name":"c","image":"nginx:1.27","ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"10m","memory":"16Mi"}}}]}}""";

    private static async Task ListAsync()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--no-controllers");
        await AddAccountAsync(cluster);
        await CreateAsync(cluster, "/api/v1/namespaces/default/pods", Objects, Pod);
        using HttpClient client = cluster.Client();
        foreach ((string what, string path, string accept) in new[]
        {
            ("list of 10,000 pods", "/api/v1/pods", "application/json"),
            ("the same as a table (kubectl get)", "/api/v1/pods", "application/json;as=Table;v=v1;g=meta.k8s.io"),
            ("the 100 of them with a label", "/api/v1/pods?labelSelector=n%3D7", "application/json"),
        })
        {
            List<double> times = [];
            long bytes = 0;
            for (int run = 0; run < 12; run++)
            {
                using HttpRequestMessage request = new(HttpMethod.Get, path);
                request.Headers.Accept.ParseAdd(accept);
                long began = Stopwatch.GetTimestamp();
                using HttpResponseMessage response = await client.SendAsync(request);
                bytes = (await response.Content.ReadAsByteArrayAsync()).Length;
                if (run > 1)
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }

            Row(what, "150 ms", $"{Numbers.Median([.. times]):0} ms (least {times.Min():0}), {bytes / 1024.0 / 1024:0.0} MB", times.Count);
        }
    }

    private static async Task AddAccountAsync(ClusterProcess cluster)
    {
        using HttpClient client = cluster.Client();
        using ByteArrayContent content = new("{\"metadata\":{\"name\":\"default\"}}"u8.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage made = await client.PostAsync("/api/v1/namespaces/default/serviceaccounts", content);
        made.EnsureSuccessStatusCode();
    }

    private static async Task WatchAsync()
    {
        const int Watchers = 1000;
        const int Connections = 10;
        const int Rounds = 50;
        const int Warm = 10;
        const string Path = "/api/v1/namespaces/default/configmaps";
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--no-controllers");
        using HttpClient client = cluster.Client();
        string version = JsonReader.Read(await client.GetByteArrayAsync(Path)).At("metadata", "resourceVersion")!.AsString()!;
        WatchConnection[] watches = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => WatchConnection.OpenAsync(cluster.Server, cluster.Trust(), $"{Path}?watch=1&resourceVersion={version}", Watchers / Connections)));
        List<double> delays = [];
        (TimeSpan Server, TimeSpan Reader) before = default;
        for (int round = -Warm; round < Rounds; round++)
        {
            before = round == 0 ? (cluster.CpuTime(), Environment.CpuUsage.TotalTime) : before;
            Task<IReadOnlyList<long>>[] next = [.. watches.Select(watch => watch.NextAsync())];
            await Task.Delay(100);
            long began = Stopwatch.GetTimestamp();
            using ByteArrayContent content = new(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"w{{{round + Warm}}}"},"data":{"a":"1","b":"two","c":"three"}}"""));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage made = await client.PostAsync(Path, content);
            made.EnsureSuccessStatusCode();
            IEnumerable<long> arrived = (await Task.WhenAll(next)).SelectMany(each => each);
            delays.AddRange(round < 0 ? [] : arrived.Select(at => Stopwatch.GetElapsedTime(began, at).TotalMilliseconds));
        }

        double Each(TimeSpan cpu) => cpu.TotalMicroseconds / delays.Count;
        string costs = $"{Each(cluster.CpuTime() - before.Server):0.0} µs of CPU each, {Each(Environment.CpuUsage.TotalTime - before.Reader):0.0} µs of the readers";
        delays.Sort();
        Row("an event reaches 1,000 watchers on 10 connections, from the request that causes it", "50 ms p99", $"p50 {delays[delays.Count / 2]:0} ms, p99 {delays[delays.Count * 99 / 100]:0} ms; {costs}", Rounds);
        foreach (WatchConnection watch in watches)
        {
            await watch.DisposeAsync();
        }
    }

    private static async Task ManyAsync()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--no-controllers");
        await AddAccountAsync(cluster);
        await CreateAsync(cluster, "/api/v1/namespaces/default/pods", 100_000, Pod);
        Row("memory with 100,000 pods: now, and at most", "1.5 GB", $"{cluster.Resident("VmRSS") / 1024:0} MB, {cluster.Resident("VmHWM") / 1024:0} MB", 1);
    }

    private static async Task IdleAsync()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(5));
        TimeSpan before = cluster.CpuTime();
        await Task.Delay(TimeSpan.FromSeconds(30));
        Row("CPU of an idle cluster with controllers, over 30 s", "1 %", string.Create(CultureInfo.InvariantCulture, $"{(cluster.CpuTime() - before).TotalSeconds / 30 * 100:0.00} %"), 1);
    }

    private static void Row(string what, string goal, string value, int runs) => Console.WriteLine($"| {what} | {goal} | {value} | {runs} | |");
}

/// <summary><c>bowline cluster start</c> in a process of its own.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly string home;
    private readonly ClusterConnection connection;

    private ClusterProcess(Process process, string home, ClusterConnection connection, TimeSpan readyAfter)
    {
        this.process = process;
        this.home = home;
        this.connection = connection;
        ReadyAfter = readyAfter;
    }

    /// <summary>From the start of the process to its ready line.</summary>
    public TimeSpan ReadyAfter { get; }

    public static async Task<ClusterProcess> StartAsync(params string[] flags)
    {
        string home = Directory.CreateTempSubdirectory("bowline-bench").FullName;
        ProcessStartInfo start = new(Path.Combine(Numbers.Checkout, "bowline"), ["cluster", "start", "--port", "0", "--output", "json", .. flags])
        {
            RedirectStandardOutput = true,
            Environment = { ["BOWLINE_HOME"] = home },
        };
        long began = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        string line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("bowline cluster start ended before it was ready");
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Node ready = JsonReader.Read(Encoding.UTF8.GetBytes(line));
        return new ClusterProcess(process, home, KubeContexts.Read([ready["kubeconfig"]!.AsString()!]).Connection(null), took);
    }

    public TimeSpan CpuTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>A line of the kernel's status of the process, in kB.</summary>
    public double Resident(string name) =>
        double.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);

    public Uri Server => connection.Server;

    /// <summary>A client with one connection.</summary>
    public HttpClient Client() =>
        new(new SocketsHttpHandler { MaxConnectionsPerServer = 1, SslOptions = Trust() }) { BaseAddress = connection.Server, Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>The server's authority is believed, and the administrator's certificate shown.</summary>
    public SslClientAuthenticationOptions Trust()
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(connection.CertificateAuthority!);
        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            ClientCertificates = [X509Certificate2.CreateFromPem(connection.ClientCertificate!, connection.ClientKey!)],
        };
    }

    public async ValueTask DisposeAsync()
    {
        using (Process? terminate = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await terminate!.WaitForExitAsync();
        }

        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(home, recursive: true);
    }
}
