using System.Globalization;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Argo CD's annotations on Applications and on objects, against a cluster.</summary>
public sealed class AnnotationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Deletions_that_ask_for_it_wait_for_an_approval_that_is_newer_than_they_are()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/b.yaml", ConfigMap("b", "argocd.argoproj.io/sync-options: Prune=confirm"));
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        // Said before anything waits for it, it is said of nothing.
        await ApproveAsync(kubectl, "web");
        await Task.Delay(1100);
        File.Delete(Path.Combine(scratch.Repository, "web", "b.yaml"));
        await UntilMessageAsync(kubectl, "web", "{.status.resources[?(@.name==\"b\")].requiresPruning}", "true", up);
        await Task.Delay(1000);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "b")).Exit);
        await ApproveAsync(kubectl, "web");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "b")).Exit != 0, Patience, () => up.Output);

        scratch.Write("c.yaml", ConfigMap("c", "argocd.argoproj.io/sync-options: Delete=confirm"));
        Directory.CreateDirectory(Path.Combine(scratch.Repository, "mine"));
        File.Move(Path.Combine(scratch.Repository, "c.yaml"), Path.Combine(scratch.Repository, "mine", "c.yaml"));
        await ApplyAsync(scratch, kubectl, "mine", "finalizers: [resources-finalizer.argocd.argoproj.io]");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit == 0, Patience, () => up.Output);
        await kubectl.RunAsync("-n", "argocd", "delete", "app", "mine", "--wait=false");
        await up.WaitForOutputAsync("wait for 'bowline confirm mine'", Patience);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);
        await ApproveAsync(kubectl, "mine");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "argocd", "get", "app", "mine")).Exit != 0, Patience, () => up.Output);
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);
    }

    [Fact]
    public async Task An_application_that_is_left_alone_is_neither_synced_nor_pruned_nor_told_of_until_it_is_not_any_more()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteConfigMap("one/b.yaml", "b").WriteConfigMap("one/d.yaml", "d");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        await ApplyAsync(scratch, kubectl, "one", "annotations: {argocd.argoproj.io/skip-reconcile: \"true\"}", name: "mine");
        await up.WaitForOutputAsync("application mine is left alone", Patience);
        await Task.Delay(1000);
        Assert.Equal(string.Empty, await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "jsonpath={.status}"));
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit);

        await kubectl.RunAsync("-n", "argocd", "annotate", "app", "mine", "argocd.argoproj.io/skip-reconcile-");
        await UntilMessageAsync(kubectl, "mine", "{.status.sync.status}", "Synced", up);
        await kubectl.RunAsync("-n", "argocd", "annotate", "app", "mine", "argocd.argoproj.io/skip-reconcile=T");
        await Until.TrueAsync(() => Task.FromResult(up.Output.Split("application mine is left alone").Length == 3), Patience, () => up.Output);
        File.Delete(Path.Combine(scratch.Repository, "one", "d.yaml"));
        await kubectl.RunAsync("-n", "mine", "delete", "cm", "b");
        await Task.Delay(1500);
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "d")).Exit);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "bowline-system", "get", "cm", "inventory-mine")).Exit);

        await kubectl.RunAsync("-n", "argocd", "annotate", "app", "mine", "argocd.argoproj.io/skip-reconcile-");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit == 0 && (await kubectl.TryAsync("-n", "mine", "get", "cm", "d")).Exit != 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Objects_say_what_they_do_not_count_for_where_they_can_be_reached_and_copies_of_them_belong_to_nobody()
    {
        using Scratch scratch = new();
        string sick = Deployment("sick", "argocd.argoproj.io/ignore-healthcheck: \"true\", link.argocd.argoproj.io/docs: \"Docs|https://docs.example.com/sick\"");
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/sick.yaml", sick).Write("web/kept.yaml", ConfigMap("kept", "argocd.argoproj.io/compare-options: IgnoreExtraneous, argocd.argoproj.io/sync-options: Prune=false"));
        scratch.Write("web/twice.yaml", ConfigMap("a"));
        scratch.Write("apps/default.yaml", """
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: default, namespace: argocd}
            spec:
              sourceRepos: ["*"]
              destinations: [{server: "*", namespace: "*"}]
              clusterResourceWhitelist: [{group: "*", kind: "*"}]
              orphanedResources: {ignore: [{kind: ConfigMap, name: ignored}]}
            """);
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        await UntilMessageAsync(kubectl, "web", "{.status.sync.status} {.status.health.status}", "Synced Healthy", up);
        Assert.Equal("https://docs.example.com/sick", await GetAsync(kubectl, "web", "{.status.summary.externalURLs[0]}"));
        Assert.Equal("Resource /ConfigMap/web/a appeared 2 times among application resources.", await GetAsync(kubectl, "web", "{.status.conditions[?(@.type==\"RepeatedResourceWarning\")].message}"));
        Assert.Equal("busybox:none", await GetAsync(kubectl, "web", "{.status.operationState.syncResult.resources[?(@.kind==\"Deployment\")].images[0]}"));

        // What left the repository and asks not to count leaves the application Synced.
        File.Delete(Path.Combine(scratch.Repository, "web", "kept.yaml"));
        await UntilMessageAsync(kubectl, "web", "{.status.resources[?(@.name==\"kept\")].requiresPruning} {.status.sync.status}", "true Synced", up);

        // A copy carries the annotation of the object that it was copied from.
        await kubectl.RunAsync("create", "namespace", "elsewhere");
        string copy = (await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "json")).Replace("\"namespace\": \"web\"", "\"namespace\": \"elsewhere\"");
        string file = Path.Combine(scratch.Root, "copy.json");
        await File.WriteAllTextAsync(file, copy);
        await kubectl.RunAsync("create", "-f", file);
        Assert.Equal("web:/ConfigMap:web/a", await kubectl.RunAsync("-n", "elsewhere", "get", "cm", "a", "-o", "jsonpath={.metadata.annotations.argocd\\.argoproj\\.io/tracking-id}"));
        await kubectl.RunAsync("-n", "web", "create", "configmap", "stray");
        await kubectl.RunAsync("-n", "web", "create", "configmap", "ignored");
        await UntilMessageAsync(kubectl, "web", "{.status.conditions[?(@.type==\"OrphanedResourceWarning\")].message}", "Application has 1 orphaned resources: ConfigMap web/stray", up);
        File.Delete(Path.Combine(scratch.Repository, "web", "a.yaml"));
        File.Delete(Path.Combine(scratch.Repository, "web", "twice.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "elsewhere", "get", "cm", "a")).Exit);
    }

    private static string ConfigMap(string name, string annotations = "") => $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\ndata: {{value: x}}\n";

    /// <summary>One whose pods never start: no node has the memory.</summary>
    private static string Deployment(string name, string annotations) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}}, annotations: { {{annotations}} } }
        spec:
          selector: {matchLabels: {app: {{name}} } }
          template:
            metadata: {labels: {app: {{name}} } }
            spec: {containers: [{name: a, image: "busybox:none", resources: {requests: {memory: 900Ti} } }] }
        """;

    private static async Task ApplyAsync(Scratch scratch, Kubectl kubectl, string path, string metadata, string name = "mine")
    {
        string file = Path.Combine(scratch.Root, $"{name}.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: {{name}}, namespace: argocd, {{metadata}}}
            spec:
              project: default
              source: {repoURL: "https://example.com/repository.git", path: {{path}}}
              destination: {server: "https://kubernetes.default.svc", namespace: {{name}}}
              syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
            """);
        await kubectl.RunAsync("apply", "-f", file);
    }

    private static Task ApproveAsync(Kubectl kubectl, string application) => kubectl.RunAsync(
        "-n", "argocd", "annotate", "app", application, "--overwrite", $"argocd.argoproj.io/deletion-approved={DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}");

    private static Task<string> GetAsync(Kubectl kubectl, string application, string path) => kubectl.RunAsync("-n", "argocd", "get", "app", application, "-o", $"jsonpath={path}");

    private static async Task UntilMessageAsync(Kubectl kubectl, string application, string path, string expected, Bowline up)
    {
        string seen = string.Empty;
        await Until.TrueAsync(async () => (seen = await GetAsync(kubectl, application, path)) == expected, Patience, () => $"{path} is \"{seen}\", not \"{expected}\"\n{up.Output}{up.Errors}");
    }

    private static Bowline Up(Scratch scratch, out Kubectl kubectl)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
    }
}
