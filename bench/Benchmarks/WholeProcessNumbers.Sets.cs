using System.Diagnostics;

namespace Bowline.Benchmarks;

/// <summary><c>bench/run sets</c>: an ApplicationSet whose git generator finds 1,000 folders, delivered by a whole process with the cluster in it.</summary>
internal static partial class WholeProcessNumbers
{
    private const string Set = """
        apiVersion: argoproj.io/v1alpha1
        kind: ApplicationSet
        metadata: {name: all, namespace: argocd}
        spec:
          generators: [{git: {repoURL: "https://example.com/sets.git", revision: main, directories: [{path: folders/*}]}}]
          template:
            metadata: {name: '{{path.basename}}'}
            spec:
              project: default
              source: {repoURL: "https://example.com/sets.git", targetRevision: main, path: '{{path}}'}
              destination: {server: https://kubernetes.default.svc, namespace: '{{path.basename}}'}
              syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
        """;

    public static async Task PrintSetsAsync(CancellationToken cancellationToken)
    {
        DeliveryNumbers.Head();
        using Folder folder = new();
        string repository = folder.Repository("sets", 0, _ => []);
        File.WriteAllText(Path.Combine(repository, "apps", "set.yaml"), Set);
        foreach (int number in Enumerable.Range(0, 1000))
        {
            AddFolder(repository, $"app-{number:0000}");
        }

        Stopwatch watch = Stopwatch.StartNew();
        await using (Running once = Running.Start(folder, "up", repository, "--once", "-o", "json"))
        {
            int exit = await once.EndAsync(cancellationToken);
            DeliveryNumbers.Row("1,000 applications of one git generator: expanded and Synced, whole process with the cluster in it", "30 s", $"{watch.Elapsed.TotalSeconds:0.0} s (exit code {exit})");
        }

        string kubeconfig = Path.Combine(folder.Path, "kubeconfig");
        await using Running up = Running.Start(folder, "up", repository, "--write-kubeconfig", kubeconfig);
        await up.SaysAsync("Ctrl-C ends it", cancellationToken);
        double[] added = new double[5];
        for (int number = 0; number < added.Length; number++)
        {
            added[number] = await AddedAsync(repository, kubeconfig, $"new-{number}", cancellationToken);
        }

        DeliveryNumbers.Row("one folder more among those 1,000: its objects applied", "1 s", $"{Numbers.Median(added):0} ms (at most {added.Max():0} ms)");
    }

    private static void AddFolder(string repository, string name)
    {
        string path = Path.Combine(repository, "folders", name);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "all.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {key: \"0\"}\n");
    }

    /// <summary>From the moment that the folder is there until the API server tells of its object.</summary>
    private static async Task<double> AddedAsync(string repository, string kubeconfig, string name, CancellationToken cancellationToken)
    {
        using Process watching = Process.Start(new ProcessStartInfo("kubectl", ["--kubeconfig", kubeconfig, "get", "cm", "-A", "--watch-only", "-o", "jsonpath={.metadata.namespace}{\"\\n\"}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, cancellationToken);
        long began = Stopwatch.GetTimestamp();
        AddFolder(repository, name);
        while (await watching.StandardOutput.ReadLineAsync(cancellationToken) is { } line && line != name)
        {
        }

        double elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        watching.Kill();
        return elapsed;
    }
}
