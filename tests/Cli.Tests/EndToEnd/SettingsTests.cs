using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>argocd-cm and argocd-cmd-params-cm of a running <c>up</c>: what they say counts at once, and what makes no difference is told of.</summary>
public sealed class SettingsTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_argocd_cm_says_counts_at_once()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {key: value}\n");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await kubectl.RunAsync("-n", "argocd", "create", "configmap", "argocd-cm", "--from-literal=url=https://argocd.example.com", "--from-literal=resource.exclusions=a: [");
        await up.WaitForOutputAsync("argocd-cm: url is ignored: notifications take it from their own argocdUrl", Patience);
        await up.WaitForOutputAsync("argocd-cm: resource.exclusions cannot be read, so it does not count", Patience);

        // Tracking.
        await SetAsync(kubectl, """{"resource.exclusions":null,"application.resourceTrackingMethod":"annotation+label","application.instanceLabelKey":"acme.com/app","installationID":"here"}""");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "configmap", "a", "-o", "jsonpath={.metadata.labels.acme\\.com/app} {.metadata.annotations.argocd\\.argoproj\\.io/installation-id} {.metadata.annotations.argocd\\.argoproj\\.io/tracking-id}") == "web here web:/ConfigMap:web/a", Patience, () => up.Output);

        // Differences that do not count anywhere: what somebody writes there stays.
        await SetAsync(kubectl, """{"resource.customizations.ignoreDifferences.all":"jsonPointers: [/data/value]\n"}""");
        await Until.TrueAsync(async () =>
        {
            await kubectl.RunAsync("-n", "web", "patch", "configmap", "a", "--type", "merge", "-p", """{"data":{"value":"by hand"}}""");
            await Task.Delay(1000);
            return await ValueAsync(kubectl) == "by hand";
        }, Patience, () => up.Output);
        await SetAsync(kubectl, """{"resource.customizations.ignoreDifferences.all":null}""");
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "x", Patience, () => up.Output);

        // Kinds that are left alone: neither changed nor, when they leave the repository, deleted.
        await SetAsync(kubectl, """{"resource.exclusions":"- kinds: [Secret]\n"}""");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.conditions[*].type}: {.status.conditions[*].message}") == "ExcludedResourceWarning: Resource /Secret b is excluded in the settings", Patience, () => up.Output);
        scratch.Write("web/b.yaml", "# left the repository\n").WriteConfigMap("web/c.yaml", "c");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "configmap", "c")).Exit == 0 && await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.sync.status}{.status.conditions[*].type}") == "Synced", Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "secret", "b")).Exit);
    }

    [Fact]
    public async Task What_argocd_cmd_params_cm_says_counts_at_once()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/hook.yaml", """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: never, annotations: {argocd.argoproj.io/hook: PreSync}}
            spec:
              template:
                spec: {restartPolicy: Never, nodeSelector: {no: node}, containers: [{name: a, image: a}]}
            """);
        scratch.Write("params.yaml", """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: argocd-cmd-params-cm, namespace: argocd}
            data: {controller.sync.timeout.seconds: "2", server.insecure: "true"}
            """);
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("argocd-cmd-params-cm: server.insecure is ignored: there is no server of Argo CD's API", Patience);
        await Until.TrueAsync(
            async () => (await kubectl.TryAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.conditions[?(@.type==\"SyncError\")].message}")).Output == "Failed last sync attempt: the sync took longer than 2 s (controller.sync.timeout.seconds)",
            Patience,
            () => up.Output);

        // Without the limit it goes on where it was, and ends when the hook does.
        scratch.Write("params.yaml", "# left the repository\n").Write("web/hook.yaml", "# left the repository\n");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.sync.status}")).Output == "Synced", Patience, () => up.Output);
    }

    [Fact]
    public async Task Argocd_cmd_params_cm_of_a_real_cluster_says_where_Applications_may_lie()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers");
        await cluster.WaitForOutputAsync("}", Patience);
        string kubeconfig = JsonReader.Read(cluster.Output.Trim())["kubeconfig"]!.AsString()!;
        Kubectl kubectl = new(kubeconfig);
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("project.yaml", """
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: team}
            spec: {sourceRepos: ["*"], sourceNamespaces: ["team-*"], destinations: [{server: "*", namespace: "*"}], clusterResourceWhitelist: [{group: "*", kind: "*"}]}
            """);
        string manifest = Path.Combine(scratch.Repository, "apps", "web.yaml");
        await File.WriteAllTextAsync(manifest, (await File.ReadAllTextAsync(manifest)).Replace("  name: web\nspec:", "  name: web\n  namespace: team-a\nspec:\n  project: team", StringComparison.Ordinal));
        await kubectl.RunAsync("create", "namespace", "argocd");
        await kubectl.RunAsync("create", "namespace", "team-a");
        (_, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig, "-o", "json");
        Assert.Contains("is declared for namespace team-a", output + errors);
        await kubectl.RunAsync("-n", "argocd", "create", "configmap", "argocd-cmd-params-cm", "--from-literal=application.namespaces=other, team-*");
        (int exit, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig, "-o", "json");
        Assert.True(exit == 0, output + errors);
        Assert.Equal("Synced", await kubectl.RunAsync("-n", "team-a", "get", "app", "web", "-o", "jsonpath={.status.sync.status}"));
    }

    private static Task<string> ValueAsync(Kubectl kubectl) => kubectl.RunAsync("-n", "web", "get", "configmap", "a", "-o", "jsonpath={.data.value}");

    private static Task<string> SetAsync(Kubectl kubectl, string data) => kubectl.RunAsync("-n", "argocd", "patch", "configmap", "argocd-cm", "--type", "merge", "-p", JsonWriter.ToText(new MapNode { ["data"] = JsonReader.Read(data) }));

    private static Bowline Up(Scratch scratch, out Kubectl kubectl)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
    }
}
