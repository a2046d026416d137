using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Bowline.Benchmarks;

/// <summary>Numbers of the delivery engine that need its repository and its process: memory, a commit in a monorepo, flux-benchmark's work.</summary>
internal static partial class WholeProcessNumbers
{
    public static async Task PrintAsync(CancellationToken cancellationToken)
    {
        using Folder folder = new();
        string monorepo = folder.Repository("monorepo", 1000, number => Enumerable.Range(0, 10).Select(each => ($"c{each}.yaml", $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{each}}}\ndata: {{key: \"0\"}}\n")));
        await using Running cluster = Running.Start(folder, "cluster", "start", "--state", Path.Combine(folder.Path, "state"), "--port", "0", "--write-kubeconfig", Path.Combine(folder.Path, "kubeconfig"));
        await cluster.SaysAsync("Ctrl-C ends it", cancellationToken);
        await using Running up = Running.Start(folder, "up", monorepo, "--kubeconfig", Path.Combine(folder.Path, "kubeconfig"));
        await up.SaysAsync("Ctrl-C ends it", cancellationToken);
        DeliveryNumbers.Row("memory of the delivering process, 1,000 applications with 10,000 objects: now, and at most", "300 MB", $"{up.Memory("VmRSS")} MB, {up.Memory("VmHWM")} MB");
        double[] commits = new double[15];
        for (int commit = 0; commit < commits.Length; commit++)
        {
            commits[commit] = await CommitAsync(folder, monorepo, commit + 1, cancellationToken);
        }

        DeliveryNumbers.Row("commit to applied, one application of 1,000 in a monorepo", "500 ms", $"{Numbers.Median(commits):0} ms (at most {commits.Max():0} ms)");
        await FluxAsync(cancellationToken);
    }

    /// <summary><c>bench/run many</c>: 10,000 applications of one commit, each with a namespace and a ConfigMap.</summary>
    public static async Task PrintManyAsync(CancellationToken cancellationToken)
    {
        DeliveryNumbers.Head();
        using Folder folder = new();
        string repository = folder.Repository("many", 10_000, _ => [("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {key: \"0\"}\n")]);
        Stopwatch watch = Stopwatch.StartNew();
        await using Running up = Running.Start(folder, "up", repository);
        await up.SaysAsync("Ctrl-C ends it", cancellationToken);
        DeliveryNumbers.Row("10,000 applications of one commit: all Synced, whole process with the cluster in it; its CPU; memory now, and at most", "", $"{watch.Elapsed.TotalSeconds:0} s; {up.Cpu():0} s; {up.Memory("VmRSS")} MB, {up.Memory("VmHWM")} MB");
    }

    /// <summary>From the end of <c>git commit</c> until the API server has the new value, asked every few milliseconds.</summary>
    private static async Task<double> CommitAsync(Folder folder, string repository, int value, CancellationToken cancellationToken)
    {
        string application = string.Create(CultureInfo.InvariantCulture, $"app-{value * 37 % 1000:0000}");
        File.WriteAllText(Path.Combine(repository, application, "c3.yaml"), $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c3}}\ndata: {{key: \"{value}\"}}\n");
        long changed = Stopwatch.GetTimestamp();
        Folder.Git(repository, "commit", "-qam", $"value {value}");
        using Process watch = Process.Start(new ProcessStartInfo("kubectl", ["--kubeconfig", Path.Combine(folder.Path, "kubeconfig"), "-n", application, "get", "cm", "c3", "-w", "-o", "jsonpath={.data.key}{\"\\n\"}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        while (await watch.StandardOutput.ReadLineAsync(cancellationToken) is { } line && line != value.ToString(CultureInfo.InvariantCulture))
        {
        }

        double elapsed = Stopwatch.GetElapsedTime(changed).TotalMilliseconds;
        watch.Kill();
        return elapsed;
    }

    private static async Task FluxAsync(CancellationToken cancellationToken)
    {
        using Folder folder = new();
        string repository = folder.Repository("podinfo", 1000, _ => [("podinfo.yaml", Podinfo)]);
        Stopwatch watch = Stopwatch.StartNew();
        await using Running up = Running.Start(folder, "up", repository, "--once", "-o", "json");
        int exit = await up.EndAsync(cancellationToken);
        DeliveryNumbers.Row("flux-benchmark's work: 1,000 podinfo applications, replicas 0, whole process with the cluster in it", "30 s", $"{watch.Elapsed.TotalSeconds:0.0} s (exit code {exit})");
    }

    private const string Podinfo = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: podinfo}
        spec:
          replicas: 0
          minReadySeconds: 3
          revisionHistoryLimit: 5
          selector: {matchLabels: {app: podinfo}}
          template:
            metadata: {labels: {app: podinfo}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9797"}}
            spec:
              containers:
              - name: podinfod
                image: ghcr.io/stefanprodan/podinfo:6.5.0
                imagePullPolicy: IfNotPresent
                ports: [{name: http, containerPort: 9898, protocol: TCP}, {name: http-metrics, containerPort: 9797, protocol: TCP}]
                command: [./podinfo, --port=9898, --port-metrics=9797, --level=info]
                livenessProbe: {exec: {command: [podcli, check, http, localhost:9898/healthz]}, initialDelaySeconds: 5, timeoutSeconds: 5}
                readinessProbe: {exec: {command: [podcli, check, http, localhost:9898/readyz]}, initialDelaySeconds: 5, timeoutSeconds: 5}
                resources: {limits: {cpu: 2000m, memory: 512Mi}, requests: {cpu: 100m, memory: 64Mi}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: podinfo}
        spec:
          type: ClusterIP
          selector: {app: podinfo}
          ports: [{name: http, port: 9898, protocol: TCP, targetPort: http}]

        """;

    /// <summary>A scratch folder with a home for the program.</summary>
    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("bowline-bench-").FullName;

        public string Repository(string name, int applications, Func<int, IEnumerable<(string File, string Text)>> files)
        {
            string root = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.Combine(root, "apps"));
            for (int number = 0; number < applications; number++)
            {
                string application = string.Create(CultureInfo.InvariantCulture, $"app-{number:0000}");
                File.WriteAllText(System.IO.Path.Combine(root, "apps", $"{application}.yaml"), $$"""
                    apiVersion: argoproj.io/v1alpha1
                    kind: Application
                    metadata: {name: {{application}}}
                    spec:
                      source: {repoURL: "https://example.com/{{name}}.git", path: {{application}}}
                      destination: {server: https://kubernetes.default.svc, namespace: {{application}}}
                      syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
                    """);
                Directory.CreateDirectory(System.IO.Path.Combine(root, application));
                foreach ((string file, string text) in files(number))
                {
                    File.WriteAllText(System.IO.Path.Combine(root, application, file), text);
                }
            }

            Git(root, "init", "-q", "-b", "main");
            Git(root, "add", ".");
            Git(root, "commit", "-q", "--allow-empty", "-m", "all");
            return root;
        }

        public static void Git(string repository, params string[] arguments)
        {
            using Process git = Process.Start(new ProcessStartInfo("git", ["-C", repository, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0", .. arguments]))!;
            git.WaitForExit();
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>A process of the program.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly Process process;
        private readonly StringBuilder said = new();

        private Running(Process process)
        {
            this.process = process;
            process.OutputDataReceived += Hear;
            process.ErrorDataReceived += Hear;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public static Running Start(Folder folder, params string[] arguments) => new(Process.Start(new ProcessStartInfo(Path.Combine(Numbers.Checkout, "bowline"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["BOWLINE_HOME"] = Path.Combine(folder.Path, "home") },
        })!);

        public async Task SaysAsync(string text, CancellationToken cancellationToken)
        {
            while (!Said().Contains(text, StringComparison.Ordinal))
            {
                if (process.HasExited)
                {
                    throw new InvalidOperationException(Said());
                }

                await Task.Delay(50, cancellationToken);
            }
        }

        public async Task<int> EndAsync(CancellationToken cancellationToken)
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }

        public long Memory(string field) => long.Parse(
            File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;

        /// <summary>Processor time so far, user and system.</summary>
        public double Cpu()
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }

        public void Kill() => process.Kill(entireProcessTree: true);

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        private void Hear(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.AppendLine(line.Data);
            }
        }

        public string Said()
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }
}
