namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>ApplicationSets on their bad days, with the loop that delivers what they make.</summary>
public sealed class SetFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_set_that_preserves_what_was_delivered_leaves_it_when_it_goes_and_another_takes_it_along()
    {
        using Scratch scratch = new();
        scratch.Write("sets/kept.yaml", Set("kept", "[{id: one}]", "syncPolicy: {preserveResourcesOnDeletion: true}")).Write("sets/gone.yaml", Set("gone", "[{id: two}]", string.Empty));
        scratch.WriteConfigMap("one/a.yaml", "a").WriteConfigMap("two/a.yaml", "a");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("one two", await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "jsonpath={.items[*].metadata.name}"));
        Directory.Delete(Path.Combine(scratch.Repository, "sets"), recursive: true);
        scratch.WriteConfigMap("one/b.yaml", "b");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "name") == string.Empty, Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "two", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "bowline-system", "get", "cm", "inventory-one")).Exit != 0, Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "one", "get", "cm", "a")).Exit);
        // The repository declares nothing any more, which does not make an application of it.
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "default", "get", "cm", "b")).Exit);
    }

    [Fact]
    public async Task A_rollout_whose_first_step_never_gets_healthy_waits_can_be_terminated_and_goes_on_when_it_is_mended()
    {
        using Scratch scratch = new();
        scratch.Write("sets/shop.yaml", Set("shop", "[{id: dev}, {id: prod}]", "strategy: {type: RollingSync, rollingSync: {steps: [{matchExpressions: [{key: id, operator: In, values: [dev]}]}, {matchExpressions: [{key: id, operator: In, values: [prod]}]}]}}"));
        scratch.Write("dev/web.yaml", Deployment("900Ti")).Write("dev/after.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: after, annotations: {argocd.argoproj.io/sync-wave: \"1\"}}\n").WriteConfigMap("prod/a.yaml", "a");
        scratch.Git("init", "-q", "-b", "main");
        Commit(scratch);
        await using Bowline up = Up(scratch, out Kubectl kubectl, "--timeout", "5s");
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        // The sync itself waits for its first wave, the rollout for the application.
        await UntilAsync(kubectl, up, "app/dev", "{.status.operationState.phase}", "Running");
        await UntilAsync(kubectl, up, "appset/shop", "{.status.conditions[?(@.type==\"RolloutProgressing\")].message}", "ApplicationSet is performing rollout of step 1: dev is Progressing");
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "prod", "get", "cm", "a")).Exit);

        await kubectl.RunAsync("-n", "argocd", "patch", "app", "dev", "--type", "merge", "-p", """{"status":{"operationState":{"phase":"Terminating"}}}""");
        await UntilAsync(kubectl, up, "app/dev", "{.status.operationState.phase} {.status.operationState.message}", "Failed Operation terminated");
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "dev", "get", "cm", "after")).Exit);
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "prod", "get", "cm", "a")).Exit);

        scratch.Write("dev/web.yaml", Deployment("16Mi"));
        Commit(scratch);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "prod", "get", "cm", "a")).Exit == 0, Patience, () => up.Output);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "dev", "get", "cm", "after")).Exit);
        await UntilAsync(kubectl, up, "appset/shop", "{.status.conditions[?(@.type==\"RolloutProgressing\")].message}", "ApplicationSet Rollout has completed");
    }

    private static string Set(string name, string elements, string more) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: ApplicationSet
        metadata: {name: {{name}}, namespace: argocd}
        spec:
          {{more}}
          goTemplate: true
          generators: [{list: {elements: {{elements}} } }]
          template:
            metadata: {name: '{{"{{.id}}"}}', labels: {id: '{{"{{.id}}"}}'} }
            spec:
              project: default
              source: {repoURL: "https://example.com/repository.git", path: '{{"{{.id}}"}}'}
              destination: {server: "https://kubernetes.default.svc", namespace: '{{"{{.id}}"}}'}
              syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
        """;

    private static string Deployment(string memory) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web} }
          template:
            metadata: {labels: {app: web} }
            spec: {containers: [{name: a, image: "nginx:1.27", resources: {requests: {memory: {{memory}} } } }] }
        """;

    private static void Commit(Scratch scratch)
    {
        scratch.Git("add", "-A");
        scratch.Git("commit", "-qm", "change");
    }

    private static async Task UntilAsync(Kubectl kubectl, Bowline up, string item, string path, string expected)
    {
        string seen = string.Empty;
        await Until.TrueAsync(async () => (seen = await kubectl.RunAsync("-n", "argocd", "get", item, "-o", $"jsonpath={path}")) == expected, Patience, () => $"{item} {path} is \"{seen}\", not \"{expected}\"\n{up.Output}{up.Errors}");
    }

    private static Bowline Up(Scratch scratch, out Kubectl kubectl, params string[] more)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, ["up", scratch.Repository, "--write-kubeconfig", kubeconfig, .. more]);
    }
}
