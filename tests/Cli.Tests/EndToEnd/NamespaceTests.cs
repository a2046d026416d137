namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Applications in other namespaces than the controller's own, and names as long as they may be.</summary>
public sealed class NamespaceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Applications_of_namespaces_that_are_allowed_are_delivered_side_by_side_with_others_of_their_name()
    {
        using Scratch scratch = new();
        foreach (string @namespace in (string[])["argocd", "team-a", "team-b"])
        {
            scratch.Write($"apps/{@namespace}.yaml", Application("web", @namespace, "team", $"of-{@namespace}")).WriteConfigMap($"of-{@namespace}/a.yaml", "a", @namespace);
        }

        scratch.Write("apps/team-c.yaml", Application("web", "team-c", "closed", "of-team-a"));
        scratch.Write("apps/projects.yaml", $"{Project("team", "[team-a, 'team-b']")}\n---\n{Project("closed", "[]")}");
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        Kubectl kubectl = new(kubeconfig);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig, "--application-namespaces", "team-*", "--timeout", "30s");
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Contains("team-a/web: Synced, Healthy", up.Output);
        foreach ((string @namespace, string tracked) in (IEnumerable<(string, string)>)[("argocd", "web"), ("team-a", "team-a_web"), ("team-b", "team-b_web")])
        {
            Assert.Equal(@namespace, await kubectl.RunAsync("-n", $"of-{@namespace}", "get", "cm", "a", "-o", "jsonpath={.data.value}"));
            Assert.Equal($"{tracked}:/ConfigMap:of-{@namespace}/a", await kubectl.RunAsync("-n", $"of-{@namespace}", "get", "cm", "a", "-o", "jsonpath={.metadata.annotations.argocd\\.argoproj\\.io/tracking-id}"));
            Assert.Equal("Synced Healthy argocd", await kubectl.RunAsync("-n", @namespace, "get", "app", "web", "-o", "jsonpath={.status.sync.status} {.status.health.status} {.status.controllerNamespace}"));
        }

        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "team-c", "get", "app", "web", "-o", "jsonpath={.status.conditions[*].message}")).Contains("application 'web' in namespace 'team-c' is not permitted to use project 'closed'"), Patience, () => up.Output);

        // What lies where nobody allowed it is nobody's.
        await kubectl.RunAsync("create", "namespace", "other");
        string file = Path.Combine(scratch.Root, "other.yaml");
        await File.WriteAllTextAsync(file, Application("stray", "other", "team", "of-team-a").Replace("namespace: of-team-a", "namespace: stray"));
        await kubectl.RunAsync("apply", "-f", file);

        // Verbs take the name as people write it, and operations are asked for where the object is.
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "history", "team-a/web", "--repo", scratch.Repository, "--kubeconfig", kubeconfig);
        Assert.True(exit == 0, output + errors);
        scratch.WriteConfigMap("of-team-b/a.yaml", "a", "changed");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "of-team-b", "get", "cm", "a", "-o", "jsonpath={.data.value}") == "changed", Patience, () => up.Output);
        await kubectl.RunAsync("-n", "team-b", "annotate", "app", "web", "argocd.argoproj.io/refresh=normal");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "team-b", "get", "app", "web", "-o", "jsonpath={.metadata.annotations.argocd\\.argoproj\\.io/refresh}") == string.Empty, Patience, () => up.Output);
        Assert.Equal(string.Empty, await kubectl.RunAsync("-n", "other", "get", "app", "stray", "-o", "jsonpath={.status}"));

        // Gone from the repository, it takes what is its own and nothing of its namesakes'.
        File.Delete(Path.Combine(scratch.Repository, "apps", "team-a.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "of-team-a", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "team-a", "get", "app", "web")).Exit != 0, Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "of-team-b", "get", "cm", "a")).Exit);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "of-argocd", "get", "cm", "a")).Exit);
    }

    [Fact]
    public async Task Applications_with_the_longest_names_are_delivered_and_removed_each_by_itself()
    {
        string label = new('a', 63);
        string[] names = [.. "bc".Select(last => string.Join('.', label, label, label, new string(last, 61)))];
        Assert.All(names, name => Assert.Equal(253, name.Length));
        using Scratch scratch = new();
        scratch.WriteConfigMap("one/a.yaml", "a");
        for (int i = 0; i < names.Length; i++)
        {
            scratch.Write($"apps/{i}.yaml", Application(names[i], "argocd", "default", "one").Replace("namespace: one", $"namespace: home-{i}"));
        }

        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        Kubectl kubectl = new(kubeconfig);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig, "--timeout", "30s");
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("Synced Synced", await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "jsonpath={.items[*].status.sync.status}"));
        File.Delete(Path.Combine(scratch.Repository, "apps", "0.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "home-0", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "home-1", "get", "cm", "a")).Exit);
    }

    [Fact]
    public async Task A_charts_lookup_finds_nothing_as_in_helm_template_whatever_there_is_in_the_cluster()
    {
        // Attack list 18: no chart reads other namespaces' Secrets through lookup.
        using Scratch scratch = new();
        scratch.WriteApplication("web", "chart")
            .Write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
            .Write("chart/templates/a.yaml", """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: found}
                data:
                  secret: {{ lookup "v1" "Secret" "vault" "key" | toJson | quote }}
                  every: {{ lookup "v1" "Secret" "" "" | toJson | quote }}
                  own: {{ lookup "v1" "ConfigMap" .Release.Namespace "found" | toJson | quote }}
                  generation: "{{ .Values.generation }}"
                """)
            .Write("chart/values.yaml", "generation: one\n");
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        Kubectl kubectl = new(kubeconfig);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        await kubectl.RunAsync("create", "namespace", "vault");
        await kubectl.RunAsync("-n", "vault", "create", "secret", "generic", "key", "--from-literal=password=hunter2");
        scratch.Write("chart/values.yaml", "generation: two\n");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "cm", "found", "-o", "jsonpath={.data.generation}") == "two", Patience, () => up.Output);
        Assert.Equal("{} {} {}", await kubectl.RunAsync("-n", "web", "get", "cm", "found", "-o", "jsonpath={.data.secret} {.data.every} {.data.own}"));
    }

    private static string Application(string name, string @namespace, string project, string path) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: {{name}}, namespace: {{@namespace}}}
        spec:
          project: {{project}}
          source: {repoURL: "https://example.com/repository.git", path: {{path}}}
          destination: {server: "https://kubernetes.default.svc", namespace: {{path}}}
          syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
        """;

    private static string Project(string name, string sourceNamespaces) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: AppProject
        metadata: {name: {{name}}, namespace: argocd}
        spec:
          sourceRepos: ["*"]
          sourceNamespaces: {{sourceNamespaces}}
          destinations: [{server: "*", namespace: "*"}]
          clusterResourceWhitelist: [{group: "*", kind: "*"}]
        """;
}
