using System.Diagnostics;
using System.Globalization;
using Bowline.Applications.Hub;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>
/// Three processes of <c>bowline controller</c> against one API server, killed at random while commits come: every commit is applied,
/// and no sync runs twice. BOWLINE_REPLICA_SYNCS sets how many syncs (48 otherwise; the whole test has 200).
/// </summary>
public sealed class ReplicaTests
{
    private const int Applications = 8;
    private static readonly TimeSpan Failover = TimeSpan.FromSeconds(15);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly KindInfo Leases = new(new ResourceKind("coordination.k8s.io", "v1", "Lease"), "leases", Namespaced: true);

    [Fact]
    public async Task Replicas_that_are_killed_at_random_lose_no_commit_and_run_no_sync_twice()
    {
        int rounds = int.Parse(Environment.GetEnvironmentVariable("BOWLINE_REPLICA_SYNCS") ?? "48", CultureInfo.InvariantCulture) / Applications;
        using Scratch scratch = new();
        await using Bowline api = StartApi(scratch);
        string kubeconfig = await KubeconfigAsync(api);
        using HttpCluster cluster = new(KubeContexts.Read([kubeconfig]).Connection(), TimeProvider.System);
        await ArgoDefinitions.InstallAsync(cluster, TimeProvider.System, CancellationToken.None);
        Kubectl kubectl = new(kubeconfig);
        await kubectl.RunAsync("create", "namespace", "argocd");
        await kubectl.RunAsync("create", "namespace", "shop");

        CommitAll(scratch, 0);
        using GitHttpServer git = new(scratch.Root);
        string manifests = await WriteApplicationsAsync(scratch, git, Enumerable.Range(0, Applications));
        Dictionary<int, Bowline> replicas = Enumerable.Range(0, 3).ToDictionary(i => i, i => Start(scratch, kubeconfig, i));
        Random random = new(7);
        try
        {
            await kubectl.RunAsync("apply", "-f", manifests);
            await AppliedAsync(cluster, 0, TimeSpan.FromSeconds(60), replicas);
            TimeSpan slowest = TimeSpan.Zero;
            for (int round = 1; round < rounds; round++)
            {
                CommitAll(scratch, round);
                // Anywhere in the round: before the commit is seen, while it is applied, after.
                await Task.Delay(random.Next(0, 2500));
                int victim = random.Next(3);
                replicas[victim].Signal("KILL");
                Stopwatch since = Stopwatch.StartNew();
                await AppliedAsync(cluster, round, TimeSpan.FromSeconds(40), replicas);
                slowest = since.Elapsed > slowest ? since.Elapsed : slowest;
                await replicas[victim].DisposeAsync();
                replicas[victim] = Start(scratch, kubeconfig, (victim * 100) + round);
            }

            Assert.True(slowest < Failover, $"the slowest failover took {slowest.TotalSeconds:0.0} s");
            await OnceAsync(cluster, rounds);

            foreach (Bowline replica in replicas.Values)
            {
                await replica.WaitForOutputAsync(" delivers, with ", TimeSpan.FromSeconds(30));
                replica.Signal("TERM");
                Assert.Equal(0, await replica.WaitAsync(TimeSpan.FromSeconds(20)));
            }

            // Whoever ends in peace leaves no Lease; those of the killed run out.
            ObjectList left = await cluster.ListAsync(Leases, "argocd", ListOptions.All, CancellationToken.None);
            string[] ended = [.. replicas.Values.Select(replica => replica.Output.Split("replica ")[1].Split(':')[0])];
            Assert.DoesNotContain(left.Items, lease => ended.Contains(lease.At("spec", "holderIdentity")?.AsString()));
        }
        finally
        {
            foreach (Bowline replica in replicas.Values)
            {
                await replica.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_webhook_that_one_replica_takes_makes_every_replica_look()
    {
        using Scratch scratch = new();
        await using Bowline api = StartApi(scratch);
        string kubeconfig = await KubeconfigAsync(api);
        using HttpCluster cluster = new(KubeContexts.Read([kubeconfig]).Connection(), TimeProvider.System);
        await ArgoDefinitions.InstallAsync(cluster, TimeProvider.System, CancellationToken.None);
        Kubectl kubectl = new(kubeconfig);
        await kubectl.RunAsync("create", "namespace", "argocd");
        await kubectl.RunAsync("create", "namespace", "shop");
        CommitAll(scratch, 0);
        using GitHttpServer git = new(scratch.Root);
        string manifests = await WriteApplicationsAsync(scratch, git, Enumerable.Range(0, Applications));
        await kubectl.RunAsync("apply", "-f", manifests);

        // Nobody looks by itself for as long as the test lasts.
        await using Bowline one = Start(scratch, kubeconfig, 1, poll: "1h", "--webhooks", "127.0.0.1:0");
        await using Bowline two = Start(scratch, kubeconfig, 2, poll: "1h");
        Dictionary<int, Bowline> replicas = new() { [1] = one, [2] = two };
        await one.WaitForOutputAsync("delivers, with r2", TimeSpan.FromSeconds(60));
        await two.WaitForOutputAsync("delivers, with r1", TimeSpan.FromSeconds(60));
        await AppliedAsync(cluster, 0, TimeSpan.FromSeconds(60), replicas);
        await one.WaitForOutputAsync(": Synced", TimeSpan.FromSeconds(30));
        await two.WaitForOutputAsync(": Synced", TimeSpan.FromSeconds(30));
        CommitAll(scratch, 1);
        await RemoteRepositoryTests.PostWebhookAsync(one, $"{git.Address}repository");
        await AppliedAsync(cluster, 1, TimeSpan.FromSeconds(30), replicas);
    }

    [Fact]
    public async Task A_replica_tells_probes_and_Prometheus_how_it_stands()
    {
        using Scratch scratch = new();
        await using Bowline api = StartApi(scratch);
        string kubeconfig = await KubeconfigAsync(api);
        Kubectl kubectl = new(kubeconfig);
        await kubectl.RunAsync("create", "namespace", "argocd");
        await kubectl.RunAsync("create", "namespace", "shop");
        CommitAll(scratch, 0);
        using GitHttpServer git = new(scratch.Root);
        await using Bowline replica = Start(scratch, kubeconfig, 1);
        await replica.WaitForOutputAsync("delivers, with no other", TimeSpan.FromSeconds(30));
        string manifests = await WriteApplicationsAsync(scratch, git, [3]);
        await kubectl.RunAsync("apply", "-f", manifests);
        string address = replica.Output.Split("replica r1: ")[1].Split("/healthz")[0];
        using HttpClient client = new();
        Assert.Equal("ok\n", await client.GetStringAsync($"{address}/healthz"));
        Assert.Equal("ok\n", await client.GetStringAsync($"{address}/readyz"));
        string metrics = string.Empty;
        await Until.TrueAsync(async () => (metrics = await client.GetStringAsync($"{address}/metrics")) is var told && told.Contains("sync_status=\"Synced\"", StringComparison.Ordinal) && told.Contains("argocd_app_sync_total{", StringComparison.Ordinal), TimeSpan.FromSeconds(30), () => metrics + replica.Output);
        Assert.Contains($"argocd_app_info{{dest_namespace=\"shop\",dest_server=\"https://kubernetes.default.svc\",health_status=\"Healthy\",name=\"app-3\",project=\"default\",repo=\"{git.Address}repository\",sync_status=\"Synced\"}} 1\n", metrics);
        Assert.True(metrics.Contains("argocd_app_sync_total{name=\"app-3\",phase=\"Succeeded\"} 1\n", StringComparison.Ordinal), metrics + replica.Output);
        Assert.Contains("bowline_replicas 1\n", metrics);

        (int exit, _, string errors) = await Bowline.RunAsync(scratch.Home, "controller", "--kubeconfig", kubeconfig, "--identity", "Not A Name");
        Assert.Equal(2, exit);
        Assert.Contains("--identity Not A Name", errors);

        // An API server that is gone: not ready, still alive, and nothing is written.
        api.Signal("KILL");
        await Until.TrueAsync(async () => (int)(await client.GetAsync($"{address}/readyz")).StatusCode == 503, TimeSpan.FromSeconds(20), () => replica.Output);
        Assert.Equal("ok\n", await client.GetStringAsync($"{address}/healthz"));
        replica.Signal("TERM");
        Assert.Equal(0, await replica.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static Bowline StartApi(Scratch scratch) => Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers");

    private static async Task<string> KubeconfigAsync(Bowline api)
    {
        await api.WaitForOutputAsync("}", TimeSpan.FromSeconds(60));
        return JsonReader.Read(api.Output.Trim())["kubeconfig"]!.AsString()!;
    }

    private static async Task<string> WriteApplicationsAsync(Scratch scratch, GitHttpServer git, IEnumerable<int> numbers)
    {
        string manifests = Path.Combine(scratch.Root, "applications.yaml");
        await File.WriteAllTextAsync(manifests, string.Join("\n---\n", numbers.Select(i => Application(i, $"{git.Address}repository"))));
        return manifests;
    }

    private static Bowline Start(Scratch scratch, string kubeconfig, int number, string poll = "1s", params string[] more) =>
        Bowline.Start(Path.Combine(scratch.Root, $"replica-{number}"), ["controller", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--poll", poll, "--identity", $"r{number}", .. more]);

    /// <summary>One commit that changes every application.</summary>
    private static void CommitAll(Scratch scratch, int round)
    {
        for (int i = 0; i < Applications; i++)
        {
            scratch.Write($"app-{i}/objects.yaml", $$"""
                apiVersion: v1
                kind: ConfigMap
                metadata: { name: app-{{i}} }
                data: {round: "{{round}}"}
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  generateName: ran-{{i}}-{{round}}-
                  annotations: {argocd.argoproj.io/hook: PreSync}
                """);
        }

        foreach (string command in round == 0 ? (string[])["init -q -b main", "add -A", "commit -q -m 0"] : ["add -A", $"commit -q -m {round}"])
        {
            using Process git = Process.Start(new ProcessStartInfo("git", $"-c user.name=t -c user.email=t@example.com -C {scratch.Repository} {command}"))!;
            git.WaitForExit();
            Assert.Equal(0, git.ExitCode);
        }
    }

    private static string Application(int i, string repository) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: app-{{i}}, namespace: argocd}
        spec:
          project: default
          source: {repoURL: {{repository}}, path: app-{{i}}, targetRevision: main}
          destination: {server: https://kubernetes.default.svc, namespace: shop}
          syncPolicy: { automated: { selfHeal: true } }
        """;

    private static async Task AppliedAsync(HttpCluster cluster, int round, TimeSpan patience, Dictionary<int, Bowline> replicas)
    {
        string text = round.ToString(CultureInfo.InvariantCulture);
        string missing = string.Empty;
        await Until.TrueAsync(
            async () =>
            {
                IReadOnlyList<MapNode> present = (await cluster.ListAsync(ConfigMaps, "shop", ListOptions.All, CancellationToken.None)).Items;
                HashSet<string> done = [.. present.Where(item => item.At("data", "round")?.AsString() == text).Select(item => item.At("metadata", "name")!.AsString()!)];
                missing = string.Join(", ", Enumerable.Range(0, Applications).Select(i => $"app-{i}").Where(name => !done.Contains(name)));
                return missing.Length == 0;
            },
            patience,
            () => $"commit {round} is not applied to {missing}\n{string.Join("\n--\n", replicas.Select(replica => $"{replica.Key}: {replica.Value.Output}{replica.Value.Errors}"))}");
    }

    /// <summary>Hooks carry the sync that ran them in their names: a sync that ran twice has left two.</summary>
    private static async Task OnceAsync(HttpCluster cluster, int rounds)
    {
        string[] ran = [.. (await cluster.ListAsync(ConfigMaps, "shop", ListOptions.All, CancellationToken.None)).Items.Select(item => item.At("metadata", "name")!.AsString()!).Where(name => name.StartsWith("ran-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Applications; i++)
            {
                Assert.True(ran.Count(name => name.StartsWith($"ran-{i}-{round}-", StringComparison.Ordinal)) == 1, $"application {i}, commit {round}: {string.Join(", ", ran)}");
            }
        }
    }
}
