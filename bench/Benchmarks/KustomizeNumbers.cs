using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bowline.Rendering.Requests;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Fetching;
using Bowline.Sources.Files;

namespace Bowline.Benchmarks;

/// <summary>The numbers under "Kustomize" of docs/benchmarks.md: one process that stays warm against one <c>kubectl kustomize</c> for each directory, and what grows with the input.</summary>
internal static class KustomizeNumbers
{
    private static readonly string[] FileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    public static void Print()
    {
        Console.WriteLine("| what | goal | measured | runs |");
        Console.WriteLine("|---|---|---|---|");
        PrintCorpus();
        int[] sizes = [4000, 8000, 16000];
        double[] patched = [.. sizes.Select(size => MedianOf(5, Synthetic.Patched(size, patches: 100)))];
        double[] scaled = [.. sizes.Select((size, at) => at == 0 ? patched[0] : MedianOf(5, Synthetic.Patched(size, patches: size / 40)))];
        Row("4,000 resources, 100 patches that each select one by name", "1 s", Milliseconds(patched[0]), 5);
        Row("the same with 8,000 and 16,000 resources", "linear", $"{Milliseconds(patched[1])} ({patched[1] / patched[0]:0.0}×), {Milliseconds(patched[2])} ({patched[2] / patched[0]:0.0}×)", 5);
        Row("patches growing along: 8,000 with 200, 16,000 with 400", "", $"{Milliseconds(scaled[1])} ({scaled[1] / scaled[0]:0.0}×), {Milliseconds(scaled[2])} ({scaled[2] / scaled[0]:0.0}×)", 5);
        Row("4,000 resources, 100 strategic merge patches", "1 s", Milliseconds(MedianOf(5, Synthetic.Patched(4000, patches: 100, merge: true))), 5);
        Row("500 Deployments, each with its ConfigMap, Secret and ServiceAccount by name, prefixed and hashed", "150 ms", Milliseconds(MedianOf(9, Synthetic.References(500))), 9);
        Row("a base of 20,000 keys built twice: memory allocated by the first build and by the second, which parses nothing", "", ParsedOnce(), 1);
    }

    private static void PrintCorpus()
    {
        (string Repository, string Path)[] directories = [.. Directories().Where(directory => KubectlBuilds(directory.Repository, directory.Path))];
        IRenderer renderer = Engines.CreateRenderer();
        int refused = directories.Count(directory => !Builds(renderer, directory));
        double[] own = [.. Enumerable.Range(0, 5).Select(_ => Elapsed(() => Array.ForEach(directories, directory => Build(renderer, directory))))];
        double[] cold = [.. Enumerable.Range(0, 3).Select(_ => Elapsed(() =>
        {
            IRenderer fresh = Engines.CreateRenderer();
            Array.ForEach(directories, directory => Build(fresh, directory));
        }))];
        double[] kubectl = [.. Enumerable.Range(0, 3).Select(_ => Elapsed(() => Array.ForEach(directories, directory => KubectlBuilds(directory.Repository, directory.Path))))];
        double ours = directories.Length / Median(own) * 1000;
        double theirs = directories.Length / Median(kubectl) * 1000;
        Row($"builds per second over the corpus ({directories.Length} directories that kubectl builds, {refused} refused), warm, one thread", "10×", $"{ours:0} ({ours / theirs:0}×)", 5);
        Row("the same with a new renderer, nothing cached", "", $"{directories.Length / Median(cold) * 1000:0}", 3);
        Row($"one `kubectl kustomize` process each ({Version()})", "", $"{theirs:0.0}", 3);
        foreach (string name in (string[])["hypebot", "mastodon"])
        {
            foreach ((string repository, string path) in directories.Where(directory => System.IO.Path.GetFileName(directory.Path) == name).Take(1))
            {
                double warm = Median([.. Enumerable.Range(0, 15).Select(_ => Elapsed(() => Build(renderer, (repository, path))))]);
                double process = Median([.. Enumerable.Range(0, 5).Select(_ => Elapsed(() => KubectlBuilds(repository, path)))]);
                Row($"{name}: warm build, and `kubectl kustomize`", "", $"{Milliseconds(warm)}, {Milliseconds(process)}", 15);
            }
        }
    }

    private static IEnumerable<(string Repository, string Path)> Directories() =>
        from repository in Directory.GetDirectories(Numbers.Corpus).Order(StringComparer.Ordinal)
        from file in Directory.EnumerateFiles(repository, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        where FileNames.Contains(Path.GetFileName(file))
        select (repository, Path.GetRelativePath(repository, Path.GetDirectoryName(file)!) is var path && path == "." ? string.Empty : path);

    private static bool Builds(IRenderer renderer, (string Repository, string Path) directory)
    {
        try
        {
            Build(renderer, directory);
            return true;
        }
        catch (RenderException)
        {
            return false;
        }
    }

    private static void Build(IRenderer renderer, (string Repository, string Path) directory) =>
        renderer.Render(new RenderRequest { Files = new DirectoryTree(directory.Repository), Path = directory.Path }, CancellationToken.None).Text();

    private static bool KubectlBuilds(string repository, string path)
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(repository, path)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        errors.Wait();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Version()
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", ["version", "--client"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return string.Join(", ", lines);
    }

    /// <summary>Parsing is what allocates; a build of the same content again must not.</summary>
    private static string ParsedOnce()
    {
        IRenderer renderer = Engines.CreateRenderer();
        RenderRequest request = Synthetic.LargeBase();
        long first = Allocated(() => renderer.Render(request, CancellationToken.None));
        long second = Allocated(() => renderer.Render(request, CancellationToken.None));
        return $"{first / 1024} kB, {second / 1024} kB";
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static double MedianOf(int runs, RenderRequest request)
    {
        IRenderer renderer = Engines.CreateRenderer();
        void Once() => renderer.Render(request, CancellationToken.None).Text();
        Once();
        Once();
        return Median([.. Enumerable.Range(0, runs).Select(_ => Elapsed(Once))]);
    }

    private static double Elapsed(Action action)
    {
        long started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private static string Milliseconds(double value) => value < 1000 ? $"{value:0.0} ms" : $"{value / 1000:0.00} s";

    private static void Row(string what, string goal, string measured, int runs) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {goal} | {measured} | {runs} |"));

    /// <summary>Kustomizations made in memory.</summary>
    private static class Synthetic
    {
        public static RenderRequest Patched(int resources, int patches, bool merge = false)
        {
            StringBuilder all = new();
            for (int i = 0; i < resources; i++)
            {
                all.Append(CultureInfo.InvariantCulture, $"---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{i}\n  labels: {{app: d{i}}}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: c\n        image: example.org/i{i}:1\n        ports:\n        - containerPort: 80\n");
            }

            StringBuilder kustomization = new("resources: [all.yaml]\npatches:\n");
            for (int i = 0; i < patches; i++)
            {
                int at = i * (resources / patches);
                kustomization.Append(merge
                    ? $"- patch: '{{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {{\"name\": \"d{at}\"}}, \"spec\": {{\"replicas\": 3}}}}'\n"
                    : $"- target: {{kind: Deployment, name: d{at}}}\n  patch: '[{{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": 3}}]'\n");
            }

            return Request(("kustomization.yaml", kustomization.ToString()), ("all.yaml", all.ToString()));
        }

        public static RenderRequest References(int deployments)
        {
            StringBuilder all = new();
            StringBuilder kustomization = new("namePrefix: p-\nnameSuffix: -s\nnamespace: ns\nresources: [all.yaml]\nconfigMapGenerator:\n");
            for (int i = 0; i < deployments; i++)
            {
                kustomization.Append(CultureInfo.InvariantCulture, $"- {{name: c{i}, literals: [a={i}]}}\n");
                all.Append(CultureInfo.InvariantCulture, $"---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a{i}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s{i}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{i}}}\nspec:\n  template:\n    spec:\n      serviceAccountName: a{i}\n      containers:\n      - name: c\n        image: example.org/i:1\n        envFrom:\n        - configMapRef: {{name: c{i}}}\n        - secretRef: {{name: s{i}}}\n");
            }

            return Request(("kustomization.yaml", kustomization.ToString()), ("all.yaml", all.ToString()));
        }

        /// <summary>One large manifest of which the build keeps little.</summary>
        public static RenderRequest LargeBase()
        {
            StringBuilder comments = new("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n");
            for (int i = 0; i < 20_000; i++)
            {
                comments.Append(CultureInfo.InvariantCulture, $"  key{i}: value number {i}\n");
            }

            return Request(("kustomization.yaml", "resources: [base]\nnamePrefix: p-\n"), ("base/kustomization.yaml", "resources: [cm.yaml]\n"), ("base/cm.yaml", comments.ToString()));
        }

        private static RenderRequest Request(params (string Path, string Text)[] files) =>
            new() { Files = MemoryTree.FromText(files.Select(file => new KeyValuePair<string, string>(file.Path, file.Text))) };
    }
}
