using System.Diagnostics;
using System.Globalization;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Sources.Files;

namespace Bowline.Benchmarks;

/// <summary>The numbers that README and docs/benchmarks.md print: whole processes where users see whole processes, medians of several runs.</summary>
internal static class Numbers
{
    internal static readonly string Checkout = FindCheckout();
    internal static readonly string Corpus = Path.GetFullPath(Path.Combine(Checkout, "..", "shared", "corpus"));

    public static string CorpusFolder(string name) => Path.Combine(Corpus, name);

    public static async Task PrintAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"| what | goal | median | runs | on {Machine()} |");
        Console.WriteLine("|---|---|---|---|---|");
        Print("`bowline --version`, whole process", "120 ms", [.. Repeat(15, () => RunProcess("--version").Elapsed)]);
        (TimeSpan Elapsed, long Peak)[] ups = [.. Repeat(7, () => RunProcess("up", Path.Combine(Corpus, "echo-gitops"), "--once", "-o", "json"))];
        Print("`bowline up echo-gitops --once`, whole process", "3 s", [.. ups.Select(up => up.Elapsed)]);
        PrintValue("peak memory of it", "250 MB", $"{Median([.. ups.Select(up => (double)up.Peak)]) / 1024:0} MB", ups.Length);
        Print("render of echo's chart, warm, in process", "5 ms", Render());
        Print("1,000 ConfigMaps applied over HTTPS, 32 in flight", "2 s", await ApplyAsync(cancellationToken));
    }

    private static TimeSpan[] Render()
    {
        IRenderer renderer = Engines.CreateRenderer();
        RenderRequest request = new() { Files = new DirectoryTree(Path.Combine(Corpus, "echo-gitops")), Path = "helm/echo", Helm = new HelmOptions { ValueFiles = ["values-prod.yaml"] } };
        for (int warm = 0; warm < 200; warm++)
        {
            renderer.Render(request, CancellationToken.None);
        }

        return [.. Repeat(50, () =>
        {
            long started = Stopwatch.GetTimestamp();
            renderer.Render(request, CancellationToken.None);
            return Stopwatch.GetElapsedTime(started);
        })];
    }

    private static async Task<TimeSpan[]> ApplyAsync(CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), cancellationToken);
        await using (host)
        {
            using HttpCluster cluster = new(new ClusterConnection("bench", host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey }, TimeProvider.System);
            KindInfo kind = (await cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "ConfigMap"), cancellationToken))!;
            WriteOptions options = new() { FieldManager = "bench", Force = true };
            List<TimeSpan> times = [];
            for (int run = 0; run < 7; run++)
            {
                long started = Stopwatch.GetTimestamp();
                await Parallel.ForAsync(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, token) =>
                {
                    string name = $"run{run}-{number}";
                    MapNode body = new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = "default" }, ["data"] = new MapNode { ["key"] = "value" } };
                    await cluster.ApplyAsync(new ObjectKey(kind, "default", name), body, options, token);
                });
                times.Add(Stopwatch.GetElapsedTime(started));
            }

            return [.. times];
        }
    }

    private static (TimeSpan Elapsed, long Peak) RunProcess(params string[] arguments)
    {
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(Checkout, "bowline"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(5))
        {
            peak = Math.Max(peak, PeakKilobytes(process.Id));
        }

        Task.WaitAll(output, errors);
        return (Stopwatch.GetElapsedTime(started), peak);
    }

    /// <summary>The kernel's high-water mark of resident memory, in kB.</summary>
    private static long PeakKilobytes(int process)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException)
        {
            return 0;
        }
    }

    private static IEnumerable<T> Repeat<T>(int times, Func<T> run) => Enumerable.Range(0, times).Select(_ => run());

    private static void Print(string what, string goal, TimeSpan[] times)
    {
        double milliseconds = Median([.. times.Select(time => time.TotalMilliseconds)]);
        PrintValue(what, goal, milliseconds < 1000 ? $"{milliseconds:0.0} ms" : $"{milliseconds / 1000:0.00} s", times.Length);
    }

    private static void PrintValue(string what, string goal, string value, int runs) => Console.WriteLine($"| {what} | {goal} | {value} | {runs} | |");

    internal static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    internal static string Machine()
    {
        string model = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "?" : "?";
        return $"{Environment.ProcessorCount} cores of {model}, .NET {Environment.Version}";
    }

    private static string FindCheckout()
    {
        DirectoryInfo at = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Bowline.slnx")))
        {
            at = at.Parent ?? throw new InvalidOperationException("no Bowline.slnx above the program");
        }

        return at.FullName;
    }
}
