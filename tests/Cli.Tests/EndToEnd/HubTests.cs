using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Applications as objects of a cluster: kubectl sees them, and what it does to them is done.</summary>
public sealed class HubTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SharedFact]
    public async Task The_app_of_apps_of_the_examples_delivers_its_children_and_says_what_keeps_the_others()
    {
        using Scratch scratch = new();
        string examples = SharedFolder.Corpus("argocd-example-apps");
        string state = Path.Combine(scratch.Root, "state");
        (int exit, string output, string errors) = await Bowline.RunAsync(
            scratch.Home, "up", Path.Combine(examples, "apps"), "--repo-map", $"https://github.com/argoproj/argocd-example-apps={examples}", "--once", "-o", "json", "--timeout", "60s", "--state", state);
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        foreach (string name in (string[])["apps", "example.guestbook", "example.helm-guestbook", "example.kustomize-guestbook", "example.blue-green", "example.helm-hooks", "example.pre-post-sync", "example.sock-shop", "example.sync-waves"])
        {
            Assert.True(report.State(name) == "Synced Healthy", $"{name}: {report.State(name)}: {report.Message(name)}");
        }

        Assert.Contains("config management plugin", report.Message("example.plugin-kasane"));
        Assert.Contains("jsonnet-guestbook is not in the repository", report.Message("example.jsonnet-guestbook"));
    }

    [Fact]
    public async Task Kubectl_shows_Argo_CDs_columns_and_status_and_an_edit_of_what_the_repository_says_is_undone()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").Write("web/web.yaml", Deployment);
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "argocd", "get", "app")).Contains("Healthy"), Patience, () => up.Output + up.Errors);
        string[] table = (await kubectl.RunAsync("-n", "argocd", "get", "applications", "-o", "wide")).Split('\n');
        Assert.Matches(@"^NAME +SYNC STATUS +HEALTH STATUS +REVISION +PROJECT *$", table[0]);
        Assert.Matches(@"^web +Synced +Healthy +\S+ +default *$", table[1]);
        Node status = JsonReader.Read(await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "json"))["status"]!;
        Assert.Equal("Succeeded", status.At("operationState", "phase")!.AsString());
        Assert.Equal("nginx:1.27", ((ListNode)status.At("summary", "images")!)[0].AsString());
        Assert.Equal("Directory", status["sourceType"]!.AsString());
        Node resource = Assert.Single((ListNode)status["resources"]!);
        Assert.Equal("apps v1 Deployment web web Synced Healthy", $"{resource["group"]} {resource["version"]} {resource["kind"]} {resource["namespace"]} {resource["name"]} {resource["status"]} {resource.At("health", "status")}");
        Assert.Contains("deployment.apps/web created", ((ListNode)status.At("operationState", "syncResult", "resources")!).Select(result => result["message"]!.AsString()));
        Assert.Single((ListNode)status["history"]!);

        await kubectl.RunAsync("-n", "argocd", "patch", "app", "web", "--type", "merge", "-p", """{"spec":{"source":{"path":"elsewhere"}}}""");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.spec.source.path}") == "web", Patience, () => up.Output);
    }

    [Fact]
    public async Task An_application_made_by_kubectl_is_delivered_follows_its_object_and_goes_with_its_objects_when_its_finalizer_says_so()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteConfigMap("one/b.yaml", "b").WriteConfigMap("two/c.yaml", "c");
        scratch.Write("two/hook.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: ran, annotations: {argocd.argoproj.io/hook: PreSync}}}");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        foreach (string finalizer in (string[])["[resources-finalizer.argocd.argoproj.io]", "[]"])
        {
            await ApplyAsync(scratch, kubectl, "one", finalizer);
            await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit == 0, Patience, () => up.Output);
            await ApplyAsync(scratch, kubectl, "two", finalizer);
            await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit == 0, Patience, () => up.Output);
            await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit != 0, Patience, () => up.Output);
            await kubectl.RunAsync("-n", "argocd", "delete", "app", "mine", "--timeout", "30s");
            await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "bowline-system", "get", "cm", "inventory-mine")).Exit != 0, Patience, () => up.Output);
            Assert.Equal(finalizer == "[]" ? 0 : 1, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);
            Assert.Equal(finalizer == "[]" ? 0 : 1, (await kubectl.TryAsync("-n", "mine", "get", "cm", "ran")).Exit);
        }

        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit);
    }

    [Fact]
    public async Task An_operation_on_the_object_syncs_all_or_some_and_leaves_what_became_of_it()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteConfigMap("one/b.yaml", "b").WriteConfigMap("one/c.yaml", "c");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await ApplyAsync(scratch, kubectl, "one", "[]", "{automated: {enabled: false}, syncOptions: [CreateNamespace=true]}");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "jsonpath={.status.sync.status}") == "OutOfSync", Patience, () => up.Output);
        await kubectl.RunAsync("create", "namespace", "mine");

        await OperateAsync(kubectl, up, """{"initiatedBy":{"username":"ann"},"sync":{"resources":[{"kind":"ConfigMap","name":"b"}]}}""");
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "b")).Exit);
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);

        await OperateAsync(kubectl, up, """{"initiatedBy":{"username":"ann"},"sync":{"dryRun":true}}""");
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);

        await OperateAsync(kubectl, up, """{"initiatedBy":{"username":"ann"},"sync":{}}""");
        Assert.Equal(0, (await kubectl.TryAsync("-n", "mine", "get", "cm", "c")).Exit);
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "jsonpath={.status.history[*].initiatedBy.username}") == "ann", Patience, () => up.Output);

        await kubectl.RunAsync("-n", "argocd", "patch", "app", "mine", "--type", "merge", "-p", """{"operation":{"sync":{"manifests":["{}"]}}}""");
        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "jsonpath={.status.operationState.message}")).Contains("--local"), Patience, () => up.Output);
    }

    [Fact]
    public async Task A_commit_that_touches_one_application_is_the_revision_of_all()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("one", "one").WriteConfigMap("one/a.yaml", "a").WriteApplication("two", "two").WriteConfigMap("two/a.yaml", "a");
        scratch.Git("init", "-q", "-b", "main");
        scratch.Git("add", "-A");
        scratch.Git("commit", "-qm", "first");
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(kubeconfig);
        scratch.WriteConfigMap("one/b.yaml", "b");
        scratch.Git("add", "-A");
        scratch.Git("commit", "-qm", "second");
        string commit = File.ReadAllText(Path.Combine(scratch.Repository, ".git", "refs", "heads", "main")).Trim();
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "one", "two", "-o", "jsonpath={.items[*].status.sync.revision}") == $"{commit} {commit}", Patience, () => up.Output);
    }

    [Fact]
    public async Task A_refresh_is_taken_up_and_its_annotation_removed()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await kubectl.RunAsync("-n", "argocd", "annotate", "app", "web", "argocd.argoproj.io/refresh=hard");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.metadata.annotations.argocd\\.argoproj\\.io/refresh}") == string.Empty, Patience, () => up.Output);
    }

    [Fact]
    public async Task A_manifest_that_the_hub_refuses_is_a_fault_with_its_file_and_line_and_the_others_go_on()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteApplication("wrong", "web", "    targetRevision: {a: 1}");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json");
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        Assert.Equal("Synced Healthy", report.State("web"));
        Assert.Contains("apps/wrong.yaml:1: Application wrong is refused", report.Message("wrong"));
        Assert.Contains("spec.source.targetRevision", report.Message("wrong"));
    }

    [Fact]
    public async Task A_project_that_comes_to_forbid_what_an_application_owns_is_a_condition_and_deletes_nothing()
    {
        using Scratch scratch = new();
        void Allow(string @namespace) => scratch.Write("apps/team.yaml", $$"""
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: team}
            spec:
              sourceRepos: ["*"]
              destinations: [{server: "*", namespace: {{@namespace}}}]
            """);
        Allow("web");
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        string manifest = Path.Combine(scratch.Repository, "apps", "web.yaml");
        await File.WriteAllTextAsync(manifest, (await File.ReadAllTextAsync(manifest)).Replace("spec:\n  source:", "spec:\n  project: team\n  source:"));
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit);

        Allow("other");
        scratch.Write("web/a.yaml", "# left the repository\n");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.conditions[*].type}") == "InvalidSpecError", Patience, () => up.Output);
        Assert.Contains("is not permitted in project 'team'", await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.conditions[*].message}"));
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit);

        Allow("web");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit == 0 && await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.status.conditions[*].type}") == string.Empty, Patience, () => up.Output);
    }

    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: "nginx:1.27"}]}
        """;

    private static async Task ApplyAsync(Scratch scratch, Kubectl kubectl, string path, string finalizers, string policy = "{automated: {prune: true}, syncOptions: [CreateNamespace=true]}")
    {
        string file = Path.Combine(scratch.Root, "mine.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: mine, namespace: argocd, finalizers: {{finalizers}}}
            spec:
              project: default
              source: {repoURL: "https://example.com/repository.git", path: {{path}}}
              destination: {server: "https://kubernetes.default.svc", namespace: mine}
              syncPolicy: {{policy}}
            """);
        await kubectl.RunAsync("apply", "-f", file);
    }

    /// <summary>Asks for an operation and waits until it is over.</summary>
    private static async Task OperateAsync(Kubectl kubectl, Bowline up, string operation)
    {
        string before = await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "jsonpath={.status.operationState.finishedAt}");
        await Task.Delay(1100); // times are told in whole seconds
        await kubectl.RunAsync("-n", "argocd", "patch", "app", "mine", "--type", "merge", "-p", $$"""{"operation":{{operation}}}""");
        await Until.TrueAsync(async () =>
        {
            Node application = JsonReader.Read(await kubectl.RunAsync("-n", "argocd", "get", "app", "mine", "-o", "json"));
            Node? state = application.At("status", "operationState");
            return application["operation"] is null && state?["phase"]?.AsString() == "Succeeded" && state["finishedAt"]?.AsString() is { } finished && finished != before;
        }, Patience, () => up.Output);
    }

    private static Bowline Up(Scratch scratch, out Kubectl kubectl)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
    }
}
