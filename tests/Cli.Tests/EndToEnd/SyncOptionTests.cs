namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>What single objects ask of their sync (<c>argocd.argoproj.io/sync-options</c>), seen by kubectl.</summary>
public sealed class SyncOptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Objects_are_replaced_made_anew_kept_and_not_validated_as_they_ask()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteApplication("stuck", "stuck")
            .Write("web/replaced.yaml", ConfigMap("replaced", "Replace=true", "1")).Write("web/merged.yaml", ConfigMap("merged", "ServerSideApply=true", "1"))
            .Write("web/kept.yaml", ConfigMap("kept", "Prune=false", "1")).Write("web/pruned.yaml", ConfigMap("pruned", "PruneLast=true", "1"))
            .Write("web/anew.yaml", Deployment("anew", "Force=true,Replace=true", "one")).Write("stuck/stuck.yaml", Deployment("stuck", "Validate=true", "one"))
            .Write("web/lax.yaml", Deployment("lax", "Validate=false", "one").Replace("replicas: 0", "replicas: 0\n  bogus: 1", StringComparison.Ordinal));
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        Kubectl kubectl = new(kubeconfig);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("Synced Synced", await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "jsonpath={.items[*].status.sync.status}"));
        foreach (string name in (string[])["replaced", "merged"])
        {
            await kubectl.RunAsync("-n", "web", "patch", "configmap", name, "--type", "merge", "-p", """{"data":{"theirs":"x"}}""");
        }

        string before = await UidAsync("web", "anew");
        File.Delete(Path.Combine(scratch.Repository, "web", "kept.yaml"));
        File.Delete(Path.Combine(scratch.Repository, "web", "pruned.yaml"));
        scratch.Write("web/replaced.yaml", ConfigMap("replaced", "Replace=true", "2")).Write("web/merged.yaml", ConfigMap("merged", "ServerSideApply=true", "2"))
            .Write("web/anew.yaml", Deployment("anew", "Force=true,Replace=true", "two")).Write("stuck/stuck.yaml", Deployment("stuck", "Validate=true", "two"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "configmap", "pruned")).Exit != 0 && await ValueAsync("replaced") == "2 ", Patience, () => up.Output + up.Errors);
        await Until.TrueAsync(async () => await ValueAsync("merged") == "2 x", Patience, () => up.Output + up.Errors);
        await Until.TrueAsync(async () => await UidAsync("web", "anew") is { Length: > 0 } uid && uid != before, Patience, () => up.Output + up.Errors);
        Assert.Equal("1 ", await ValueAsync("kept"));
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", """jsonpath={.status.sync.status} {.status.resources[?(@.name=="kept")].requiresPruning}""") == "OutOfSync true", Patience, () => up.Output + up.Errors);
        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "argocd", "get", "app", "stuck", "-o", "jsonpath={.status.operationState.message}{.status.conditions[*].message}")).Contains("field is immutable"), Patience, () => up.Output + up.Errors);

        Task<string> ValueAsync(string name) => kubectl.RunAsync("-n", "web", "get", "configmap", name, "-o", "jsonpath={.data.value} {.data.theirs}");
        async Task<string> UidAsync(string home, string name) => (await kubectl.TryAsync("-n", home, "get", "deployment", name, "-o", "jsonpath={.metadata.uid}")).Output;
    }

    private static string ConfigMap(string name, string options, string value) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations: {{argocd.argoproj.io/sync-options: \"{options}\"}}\ndata: {{value: \"{value}\"}}\n";

    private static string Deployment(string name, string options, string app) => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{{name}}}
          annotations: {argocd.argoproj.io/sync-options: "{{{options}}}"}
        spec:
          replicas: 0
          selector: {matchLabels: {app: "{{{app}}}" } }
          template: {metadata: {labels: {app: "{{{app}}}" } }, spec: {containers: [{name: c, image: nginx}]}}
        """;
}
