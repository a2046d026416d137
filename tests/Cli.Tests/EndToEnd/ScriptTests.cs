namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>The Lua of argocd-cm in a running <c>up</c>: health by it, and actions.</summary>
public sealed class ScriptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string Config = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: argocd-cm, namespace: argocd}
        data:
          resource.customizations.health.ConfigMap: |
            if obj.data ~= nil and obj.data.value == "bad" then return {status = "Degraded", message = "VERDICT"} end
            return {status = "Healthy"}
          resource.customizations.actions.ConfigMap: |
            discovery.lua: return {mark = {}, never = {disabled = true}}
            definitions:
            - name: mark
              action.lua: |
                obj.metadata.annotations = obj.metadata.annotations or {}
                obj.metadata.annotations.marked = actionParams.by
                return obj
        """;

    [Fact]
    public async Task Health_scripts_of_the_repository_count_at_once_and_those_of_the_cluster_before_them()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "bad").Write("argocd/argocd-cm.yaml", Config.Replace("VERDICT", "said the repository", StringComparison.Ordinal));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("web: Synced, Degraded on bowline: ConfigMap web/a: said the repository", Patience);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);

        scratch.Write("argocd/argocd-cm.yaml", Config.Replace("VERDICT", "said it anew", StringComparison.Ordinal));
        await up.WaitForOutputAsync("ConfigMap web/a: said it anew", Patience);

        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        await kubectl.TryAsync("create", "namespace", "argocd");
        string file = Path.Combine(scratch.Root, "argocd-cm.yaml");
        await File.WriteAllTextAsync(file, Config.Replace("VERDICT", "said the cluster", StringComparison.Ordinal));
        await kubectl.RunAsync("apply", "-f", file);
        await up.WaitForOutputAsync("ConfigMap web/a: said the cluster", Patience);

        await kubectl.RunAsync("-n", "argocd", "patch", "cm", "argocd-cm", "--type", "merge", "-p", """{"data":{"resource.customizations":"a: ["}}""");
        await up.WaitForOutputAsync("argocd-cm: its resource.customizations cannot be read", Patience);
        await Until.TrueAsync(async () => (await Bowline.RunAsync(scratch.Home, "explain", "web", "--repo", scratch.Repository)).Exit == 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Actions_are_listed_and_run_those_of_argocd_cm_and_those_that_are_always_there()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("argocd/argocd-cm.yaml", Config).Write("web/web.yaml", """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: web, image: nginx}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: long}
            spec:
              template:
                metadata: {annotations: {bowline.dev/run-for: 1h}}
                spec: {restartPolicy: Never, containers: [{name: long, image: nginx}]}
            """);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("web: Synced", Patience);
        Task<(int Exit, string Output, string Errors)> ActAsync(params string[] arguments) => Bowline.RunAsync(scratch.Home, ["action", "web", .. arguments, "--repo", scratch.Repository]);

        Assert.Equal("mark\nnever (not as it stands now)", (await ActAsync("configmap/a")).Output.Trim());
        (int exit, string output, string errors) = await ActAsync("configmap/a", "mark", "--param", "by=ann");
        Assert.True(exit == 0, errors);
        Assert.Equal("ConfigMap web/a patched", output.Trim());
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        Assert.Equal("ann", await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.metadata.annotations.marked}"));
        (exit, _, errors) = await ActAsync("configmap/a", "never");
        Assert.Equal(2, exit);
        Assert.Contains("has no action never as it stands now; it has: mark", errors);

        Assert.Equal("pause\nrestart\nresume (not as it stands now)\nscale --param replicas=1", (await ActAsync("deployment/web")).Output.Trim());
        string before = await kubectl.RunAsync("-n", "web", "get", "rs", "-o", "name");
        Assert.Equal(0, (await ActAsync("deployment/web", "restart")).Exit);
        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "web", "get", "rs", "-o", "name")).Split('\n').Length > before.Split('\n').Length, Patience, () => up.Output);
        Assert.Equal(0, (await ActAsync("deployment/web", "scale", "--param", "replicas=2")).Exit);
        await kubectl.RunAsync("-n", "web", "wait", "deploy/web", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=60s");

        // What an action says of the status goes to where the status is written.
        Assert.Equal(0, (await ActAsync("job/long", "terminate")).Exit);
        await kubectl.RunAsync("-n", "web", "wait", "job/long", "--for=condition=Failed", "--timeout=60s");
        Assert.Equal("resume (not as it stands now)\nsuspend (not as it stands now)\nterminate (not as it stands now)", (await ActAsync("job/long")).Output.Trim());
    }
}
