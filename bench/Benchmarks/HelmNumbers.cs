using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Benchmarks;

/// <summary>What charts cost: the corpus' real ones warm in this process, one made to be slow, and memory next to output.</summary>
internal static class HelmNumbers
{
    /// <summary>One <c>helm template</c> process for the smallest of these charts, on the machine that made the goldens.</summary>
    private const double HelmProcessMilliseconds = 33;

    private static readonly string Goldens = Path.GetFullPath(Path.Combine(Numbers.Checkout, "..", "shared", "goldens", "helm"));

    public static void Print(CancellationToken cancellationToken)
    {
        Console.WriteLine($"On {Numbers.Machine()}:");
        Console.WriteLine();
        Console.WriteLine("| what | goal | measured |");
        Console.WriteLine("|---|---|---|");
        (string Name, RenderRequest Request)[] charts = [.. RealCharts()];
        HelmRenderer renderer = new();
        foreach (int _ in Enumerable.Range(0, 15))
        {
            RenderAll(renderer, charts, cancellationToken);
        }

        PrintSpeed(renderer, charts, cancellationToken);
        PrintSecondRender(charts, cancellationToken);
        PrintMemory(renderer, charts, cancellationToken);
        PrintGrowth("`tpl` calls", 5000, CallingTpl, cancellationToken);
        PrintGrowth("subcharts", 100, WithSubcharts, cancellationToken);
    }

    private static void PrintSpeed(HelmRenderer renderer, (string Name, RenderRequest Request)[] charts, CancellationToken cancellationToken)
    {
        double all = Numbers.Median([.. Enumerable.Range(0, 15).Select(_ => Time(() => RenderAll(renderer, charts, cancellationToken)))]);
        double perSecond = charts.Length * 1000 / all;
        Row($"{charts.Length} real charts one after the other, files read anew each time, text printed", string.Empty, $"{perSecond:0} charts/s, {1000 / perSecond:0.0} ms each");
        if (charts.FirstOrDefault(chart => chart.Name.StartsWith("echo-prod", StringComparison.Ordinal)) is { Request: { } request })
        {
            double one = Numbers.Median([.. Enumerable.Range(0, 31).Select(_ => Time(() => Render(renderer, request, cancellationToken)))]);
            Row($"echo-prod alone, against its {HelmProcessMilliseconds:0} ms of a `helm template` process", $"{HelmProcessMilliseconds / 10:0.0} ms", $"{one:0.0} ms");
        }

        (string slowest, double slow) = charts.Select(chart => (chart.Name, Numbers.Median([.. Enumerable.Range(0, 5).Select(_ => Time(() => Render(renderer, chart.Request, cancellationToken)))]))).MaxBy(chart => chart.Item2);
        Row("the slowest of them", string.Empty, $"{slow:0.0} ms ({slowest})");
    }

    /// <summary>The sum over all charts of a first and of a second render with another value, by renderers that know nothing yet.</summary>
    private static void PrintSecondRender((string Name, RenderRequest Request)[] charts, CancellationToken cancellationToken)
    {
        List<double> first = [];
        List<double> second = [];
        for (int run = 0; run < 7; run++)
        {
            HelmRenderer fresh = new();
            first.Add(Time(() => RenderAll(fresh, charts, cancellationToken)));
            (string, RenderRequest)[] changed = [.. charts.Select(chart => (chart.Name, chart.Request with { Helm = chart.Request.Helm with { Set = [.. chart.Request.Helm.Set, $"bowlineRun=r{run}"] } }))];
            second.Add(Time(() => TryAll(fresh, changed, cancellationToken)));
        }

        Row("the same charts, first render against a second with other values (charts and templates remembered)", string.Empty, $"{Numbers.Median([.. first]):0} ms, {Numbers.Median([.. second]):0} ms");
    }

    private static void PrintMemory(HelmRenderer renderer, (string Name, RenderRequest Request)[] charts, CancellationToken cancellationToken)
    {
        double[] ratios = [.. charts.Select(chart =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int output = Encoding.UTF8.GetByteCount(Render(renderer, chart.Request, cancellationToken));
            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)output;
        })];
        Row("bytes allocated by a render, in all, per byte of output", string.Empty, $"median {Numbers.Median(ratios):0}, most {ratios.Max():0}");

        RenderRequest large = Request(new Dictionary<string, string> { ["templates/a.yaml"] = "{{ range $i := until 10000 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m{{ $i }}}\ndata: {k: {{ repeat 1000 \"x\" }}}\n{{ end }}" });
        Render(renderer, large, cancellationToken);
        GC.Collect();
        long live = GC.GetTotalMemory(forceFullCollection: true);
        RenderResult result = renderer.Render(large, cancellationToken);
        string text = result.Text();
        long held = GC.GetTotalMemory(forceFullCollection: true) - live;
        long size = Encoding.UTF8.GetByteCount(text);
        GC.KeepAlive(result);
        Row($"memory that a result of {size / 1_000_000} MB holds, objects and text, per byte of output", string.Empty, $"{held / (double)size:0.0}");
    }

    private static void PrintGrowth(string what, int count, Func<int, RenderRequest> make, CancellationToken cancellationToken)
    {
        (double Time, double Allocated)[] costs = [.. new[] { 1, 2, 4 }.Select(factor =>
        {
            RenderRequest request = make(count * factor);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Render(new HelmRenderer(), request, cancellationToken);
            double allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // The shortest, since growth is the question and other programs only ever add.
            return (Enumerable.Range(0, 25).Min(_ => Uncollected(request, cancellationToken)), allocated);
        })];
        Row($"{count}, {count * 2}, {count * 4} {what}, nothing remembered from before, processor time", "linear", string.Join(", ", costs.Select(cost => string.Create(CultureInfo.InvariantCulture, $"{cost.Time:0} ms"))) + $" (x{costs[2].Time / costs[0].Time:0.0}); allocated x{costs[2].Allocated / costs[0].Allocated:0.0}");
    }

    /// <summary>Processor time of a first render that begins with an empty heap and during which nothing is collected, where that is possible: a collection falls into the large charts only.</summary>
    private static double Uncollected(RenderRequest request, CancellationToken cancellationToken)
    {
        HelmRenderer fresh = new();
        GC.Collect();
        bool held = GC.TryStartNoGCRegion(200_000_000);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Render(fresh, request, cancellationToken);
        double time = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        if (held && System.Runtime.GCSettings.LatencyMode == System.Runtime.GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();
        }

        return time;
    }

    private static RenderRequest CallingTpl(int count) => Request(new Dictionary<string, string>
    {
        ["values.yaml"] = "texts:\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"- '{i}: {{{{ .Release.Name }}}} {{{{ len .Values.texts }}}}'\n")),
        ["templates/a.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n{{- range $i, $t := .Values.texts }}\n  k{{ $i }}: {{ tpl $t $ | quote }}\n{{- end }}\n",
    });

    private static RenderRequest WithSubcharts(int count)
    {
        Dictionary<string, string> files = new() { ["values.yaml"] = "global: {tier: x}\n" };
        for (int i = 0; i < count; i++)
        {
            files[$"charts/sub{i}/Chart.yaml"] = $"apiVersion: v2\nname: sub{i}\nversion: 1.0.0\n";
            files[$"charts/sub{i}/values.yaml"] = "replicas: 2\nlabels: {a: b, c: d}\n";
            files[$"charts/sub{i}/templates/_h.tpl"] = $"{{{{ define \"sub{i}.labels\" }}}}tier: {{{{ .Values.global.tier }}}}{{{{ end }}}}";
            files[$"charts/sub{i}/templates/d.yaml"] = $"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{{{ .Chart.Name }}}}\n  labels:\n    {{{{- include \"sub{i}.labels\" . | nindent 4 }}}}\n    {{{{- toYaml .Values.labels | nindent 4 }}}}\nspec: {{replicas: {{{{ .Values.replicas }}}}}}\n";
        }

        return Request(files);
    }

    private static RenderRequest Request(Dictionary<string, string> files)
    {
        files["Chart.yaml"] = "apiVersion: v2\nname: bench\nversion: 1.0.0\n";
        return new RenderRequest { Files = MemoryTree.FromText(files), Path = string.Empty, ReleaseName = "bench", Namespace = "bench" };
    }

    private static IEnumerable<(string Name, RenderRequest Request)> RealCharts()
    {
        foreach (string folder in Directory.EnumerateDirectories(Goldens).Where(folder => File.Exists(Path.Combine(folder, "expected.yaml"))).Order(StringComparer.Ordinal))
        {
            Node settings = JsonReader.Read(File.ReadAllBytes(Path.Combine(folder, "case.json")));
            if (settings["origin"]?.AsString() is not (null or "own"))
            {
                yield return (Path.GetFileName(folder), new RenderRequest
                {
                    Files = new DirectoryTree(folder),
                    Path = "chart",
                    ReleaseName = settings["release"]!.AsString()!,
                    Namespace = settings["namespace"]!.AsString()!,
                    KubeVersion = settings["kubeVersion"]!.AsString()!,
                    ApiVersions = Texts(settings, "apiVersions"),
                    Helm = new HelmOptions { ValueFiles = [.. Texts(settings, "values").Select(file => $"/{file}")], Set = Texts(settings, "set"), IncludeCrds = settings["includeCrds"]?.AsBool() ?? false },
                });
            }
        }
    }

    private static IReadOnlyList<string> Texts(Node settings, string key) => settings[key] is ListNode list ? [.. list.Select(item => item.AsString()!)] : [];

    private static void RenderAll(HelmRenderer renderer, (string Name, RenderRequest Request)[] charts, CancellationToken cancellationToken) =>
        Array.ForEach(charts, chart => Render(renderer, chart.Request, cancellationToken));

    /// <summary>A schema may refuse the added value.</summary>
    private static void TryAll(HelmRenderer renderer, (string Name, RenderRequest Request)[] charts, CancellationToken cancellationToken)
    {
        foreach ((string _, RenderRequest request) in charts)
        {
            try
            {
                Render(renderer, request, cancellationToken);
            }
            catch (RenderException)
            {
                Render(renderer, request with { Helm = request.Helm with { Set = [.. request.Helm.Set.SkipLast(1)] } }, cancellationToken);
            }
        }
    }

    private static string Render(HelmRenderer renderer, RenderRequest request, CancellationToken cancellationToken) => renderer.Render(request, cancellationToken).Text();

    private static double Time(Action run)
    {
        long started = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static void Row(string what, string goal, string measured) => Console.WriteLine($"| {what} | {goal} | {measured} |");
}
