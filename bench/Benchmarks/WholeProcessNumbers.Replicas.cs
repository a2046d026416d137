using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Benchmarks;

/// <summary><c>bench/run replicas</c>: three processes of <c>bowline controller</c> share 3,000 applications of one cluster, and one of them is killed.</summary>
internal static partial class WholeProcessNumbers
{
    private const int Shared = 3000;
    private const int Taken = 300;

    private const string Manifests = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: cm}
        data: {key: value}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {generateName: ran-, annotations: {argocd.argoproj.io/hook: PreSync}}

        """;

    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly KindInfo Applications = new(new ResourceKind("argoproj.io", "v1alpha1", "Application"), "applications", Namespaced: true);
    private static readonly KindInfo Namespaces = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false);

    public static async Task PrintReplicasAsync(CancellationToken cancellationToken)
    {
        DeliveryNumbers.Head();
        using Folder folder = new();
        folder.Repository("shared", 1, _ => [("cm.yaml", Manifests)]);
        using GitHttpServer git = new(folder.Path);
        string kubeconfig = Path.Combine(folder.Path, "kubeconfig");
        await using Running api = Running.Start(folder, "cluster", "start", "--no-controllers", "--port", "0", "--write-kubeconfig", kubeconfig);
        await api.SaysAsync("Ctrl-C ends it", cancellationToken);
        using HttpCluster cluster = new(KubeContexts.Read([kubeconfig]).Connection(), TimeProvider.System);
        await cluster.CreateAsync(Namespaces, string.Empty, new MapNode { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = "argocd" } }, new WriteOptions(), cancellationToken);
        Running[] replicas = [.. Enumerable.Range(1, 3).Select(number => Running.Start(folder, "controller", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--identity", $"r{number}"))];
        try
        {
            foreach (Running replica in replicas)
            {
                await replica.SaysAsync(" delivers, with ", cancellationToken);
            }

            Stopwatch watch = Stopwatch.StartNew();
            await Parallel.ForEachAsync(Enumerable.Range(0, Shared), cancellationToken, async (number, token) =>
                await cluster.CreateAsync(Applications, "argocd", Declared(number, $"{git.Address}shared"), new WriteOptions(), token));
            await DeliveredAsync(cluster, Shared, cancellationToken);
            DeliveryNumbers.Row("3,000 applications created and delivered by three replicas", "", $"{watch.Elapsed.TotalSeconds:0.0} s ({replicas.Sum(replica => replica.Cpu()):0.0} s CPU of the replicas, {api.Cpu():0.0} s of the API server)");
            DeliveryNumbers.Row("syncs that began, by the hooks that they left", "3,000", await SyncsAsync(cluster, cancellationToken));
            int[] shares = await Task.WhenAll(replicas.Select(replica => ShareAsync(replica, cancellationToken)));
            double apart = 100.0 * (shares.Max() - shares.Min()) / (Shared / 3.0);
            DeliveryNumbers.Row("their shares", "within 10 %", string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", shares)}: {apart:0.0} % apart"));

            // Of every application something is taken away in the moment in which one replica dies: what was its own only its heirs put back.
            replicas[0].Kill();
            watch.Restart();
            await Parallel.ForEachAsync(Enumerable.Range(0, Taken).Select(number => number * (Shared / Taken)), cancellationToken, async (number, token) =>
                await cluster.DeleteAsync(new ObjectKey(ConfigMaps, NameOf(number), "cm"), DeleteOptions.Background, token));
            await DeliveredAsync(cluster, Shared, cancellationToken);
            DeliveryNumbers.Row("a replica killed, until what it would have healed is healed", "15 s", $"{watch.Elapsed.TotalSeconds:0.0} s");
            DeliveryNumbers.Row("hooks then: of what is only healed they do not run again", "3,000", await SyncsAsync(cluster, cancellationToken));
            DeliveryNumbers.Row("shares of the other two", "", string.Join(", ", await Task.WhenAll(replicas.Skip(1).Select(replica => ShareAsync(replica, cancellationToken)))));
        }
        finally
        {
            foreach (Running replica in replicas)
            {
                await replica.DisposeAsync();
            }
        }
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"app-{number:0000}");

    private static MapNode Declared(int number, string repository) => new()
    {
        ["apiVersion"] = "argoproj.io/v1alpha1",
        ["kind"] = "Application",
        ["metadata"] = new MapNode { ["name"] = NameOf(number), ["namespace"] = "argocd" },
        ["spec"] = new MapNode
        {
            ["project"] = "default",
            ["source"] = new MapNode { ["repoURL"] = repository, ["path"] = "app-0000", ["targetRevision"] = "main" },
            ["destination"] = new MapNode { ["server"] = "https://kubernetes.default.svc", ["namespace"] = NameOf(number) },
            ["syncPolicy"] = new MapNode { ["automated"] = new MapNode { ["selfHeal"] = true }, ["syncOptions"] = new ListNode(["CreateNamespace=true"]) },
        },
    };

    private static async Task DeliveredAsync(HttpCluster cluster, int count, CancellationToken cancellationToken)
    {
        while ((await cluster.ListAsync(ConfigMaps, string.Empty, new ListOptions { FieldSelector = "metadata.name=cm" }, cancellationToken)).Items.Count < count)
        {
            await Task.Delay(200, cancellationToken);
        }
    }

    private static async Task<int> ShareAsync(Running replica, CancellationToken cancellationToken) =>
        int.Parse(Regex.Match(await MetricsAsync(replica, cancellationToken), @"bowline_applications\{[^}]*\} ([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>How many syncs there were, each of which leaves a hook under its own name, and how many of them had had one before.</summary>
    private static async Task<string> SyncsAsync(HttpCluster cluster, CancellationToken cancellationToken)
    {
        string[] hooks = [.. (await cluster.ListAsync(ConfigMaps, string.Empty, ListOptions.All, cancellationToken)).Items
            .Where(item => item.At("metadata", "name")!.AsString()!.StartsWith("ran-", StringComparison.Ordinal)).Select(item => item.At("metadata", "namespace")!.AsString()!)];
        return $"{hooks.Length}, {hooks.GroupBy(name => name).Count(group => group.Count() > 1)} applications twice";
    }

    private static async Task<string> MetricsAsync(Running replica, CancellationToken cancellationToken)
    {
        using HttpClient client = new();
        return await client.GetStringAsync($"{Regex.Match(replica.Said(), "http://[0-9.:]+").Value}/metrics", cancellationToken);
    }
}
