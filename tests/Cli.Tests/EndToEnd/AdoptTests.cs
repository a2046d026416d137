using System.Diagnostics;
using Bowline.Applications.Hub;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Resources.Json;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary><c>adopt</c> and <c>release</c> in a cluster as an Argo CD leaves it.</summary>
public sealed class AdoptTests
{
    private static readonly string Installation = Path.Combine(SharedFolder.Checkout, "tests", "Cli.Tests", "adopt", "argocd.yaml");

    [Fact]
    public async Task Applications_are_taken_over_and_given_back_without_a_write_to_what_was_delivered()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json");
        string kubeconfig = await InstallAsync(cluster);
        Kubectl kubectl = new(kubeconfig);
        await kubectl.RunAsync("wait", "--for=condition=Available", "--timeout=30s", "-n", "shop", "deployment/web");
        string workloads = await VersionsAsync(kubectl, "shop");
        string argo = await VersionsAsync(kubectl, "argocd");

        (int exit, string plan, string errors) = await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", kubeconfig, "--dry-run");
        Assert.True(exit == 0, plan + errors);
        Assert.Contains("statefulset/argocd-application-controller    replicas 1 -> 0", plan);
        Assert.Contains("deployment/argocd-applicationset-controller  replicas 2 -> 0", plan);
        Assert.DoesNotContain("argocd-server", plan);
        Assert.Matches(@"shop +OutOfSync +Healthy +3\n  differs from Git: .*leftover\n  differs from Git: .*shared\n  not tracked, so never pruned: .*shared\n", plan);
        Assert.Matches(@"legacy +Synced +Healthy +1\n  not supported: .*plugin", plan);
        Assert.Contains($"```console\n$ bowline adopt --dry-run\n{plan.Trim()}\n```", await File.ReadAllTextAsync(Path.Combine(SharedFolder.Checkout, "docs", "replicas.md")));
        Assert.Equal(argo, await VersionsAsync(kubectl, "argocd"));
        Assert.Equal(2, (await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", kubeconfig)).Exit);
        Assert.Equal(argo, await VersionsAsync(kubectl, "argocd"));

        // As a process that was killed after its first write leaves it.
        await kubectl.RunAsync("-n", "argocd", "patch", "statefulset", "argocd-application-controller", "--type=merge", "-p", """{"metadata":{"annotations":{"bowline.dev/adopted-replicas":"1"}},"spec":{"replicas":0}}""");
        await AdoptAsync(scratch, kubeconfig);
        Assert.Equal("0 0 1", await ReplicasAsync(kubectl));
        Assert.Empty(await kubectl.RunAsync("-n", "argocd", "get", "pods", "-l", "app.kubernetes.io/name=argocd-applicationset-controller", "-o", "name"));
        Assert.Equal("""[["v1","ConfigMap","shop","leftover"],["v1","Service","shop","web"],["apps/v1","Deployment","shop","web"]]""", await RecordAsync(kubectl, "shop", "entries"));
        Assert.Contains("3f1c2c3e0f5d4f6d8a4c54f0a4b1f7f0e6f9c0b2", await RecordAsync(kubectl, "shop", "takenOver"));
        Assert.Equal("""[["v1","ConfigMap","shop","settings"]]""", await RecordAsync(kubectl, "legacy", "entries"));

        string records = await VersionsAsync(kubectl, "bowline-system");
        await AdoptAsync(scratch, kubeconfig);
        Assert.Equal(records, await VersionsAsync(kubectl, "bowline-system"));

        (exit, string released, errors) = await Bowline.RunAsync(scratch.Home, "release", "--kubeconfig", kubeconfig, "--yes");
        Assert.True(exit == 0, released + errors);
        Assert.Equal("1 2 1", await ReplicasAsync(kubectl));
        Assert.DoesNotContain("adopted-replicas", await kubectl.RunAsync("-n", "argocd", "get", "statefulsets,deployments", "-o", "yaml"));
        Assert.DoesNotContain("inventory-", await kubectl.RunAsync("-n", "bowline-system", "get", "configmaps", "-o", "name"));
        Assert.Equal(1, (await Bowline.RunAsync(scratch.Home, "release", "--kubeconfig", kubeconfig, "--yes")).Exit);
        Assert.Equal(workloads, await VersionsAsync(kubectl, "shop"));
    }

    [Fact]
    public async Task What_was_delivered_when_it_was_adopted_is_left_alone_until_something_new_comes()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers");
        string kubeconfig = await InstallAsync(cluster);
        Kubectl kubectl = new(kubeconfig);
        scratch.Write("deploy/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {text: hello}\n");
        scratch.Write("deploy/hook.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: ran-, annotations: {argocd.argoproj.io/hook: PreSync}}\n");
        string revision = Commit(scratch, "init -q -b main", "add -A", "commit -q -m 1");
        using GitHttpServer git = new(scratch.Root);
        string installed = Path.Combine(scratch.Root, "installed.yaml");
        await File.WriteAllTextAsync(installed, $$$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: greeting, namespace: shop, annotations: {argocd.argoproj.io/tracking-id: "greeter:/ConfigMap:shop/greeting"}}
            data: {text: hello}
            ---
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: greeter, namespace: argocd}
            spec:
              project: default
              source: {repoURL: {{{git.Address}}}repository, path: deploy, targetRevision: main}
              destination: {server: "https://kubernetes.default.svc", namespace: shop}
              syncPolicy: {automated: {selfHeal: true, prune: true}}
            status:
              sync: {status: Synced, revision: {{{revision}}}}
              health: {status: Healthy}
              resources: [{version: v1, kind: ConfigMap, namespace: shop, name: greeting, status: Synced}]
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: argocd-cmd-params-cm, namespace: argocd}
            data: {application.namespaces: "team-*"}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: team-a}
            ---
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: team, namespace: argocd}
            spec: {sourceRepos: ["*"], sourceNamespaces: ["team-*"], destinations: [{server: "*", namespace: "*"}]}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: greeting, namespace: team-a, annotations: {argocd.argoproj.io/tracking-id: "team-a_greeter:/ConfigMap:team-a/greeting"}}
            data: {text: hello}
            ---
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: greeter, namespace: team-a}
            spec:
              project: team
              source: {repoURL: {{{git.Address}}}repository, path: deploy, targetRevision: main}
              destination: {server: "https://kubernetes.default.svc", namespace: team-a}
              syncPolicy: {automated: {selfHeal: true, prune: true}}
            status:
              sync: {status: Synced, revision: {{{revision}}}}
              health: {status: Healthy}
              resources: [{version: v1, kind: ConfigMap, namespace: team-a, name: greeting, status: Synced}]
            """);
        await kubectl.RunAsync("apply", "-f", installed);
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", kubeconfig, "--yes");
        Assert.True(exit == 0, output + errors);
        Assert.Matches(@"team-a/greeter +Synced +Healthy +1\n", output);
        string before = await VersionsAsync(kubectl, "shop") + await VersionsAsync(kubectl, "team-a", "configmaps");

        await using Bowline controller = Bowline.Start(scratch.Home, "controller", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--poll", "1s");
        await controller.WaitForOutputAsync("s  greeter: Synced, Healthy", TimeSpan.FromSeconds(60));
        await controller.WaitForOutputAsync("team-a/greeter: Synced, Healthy", TimeSpan.FromSeconds(60));
        await Until.TrueAsync(async () => (await RecordAsync(kubectl, "greeter", "synced")).Length > 0, TimeSpan.FromSeconds(30), () => controller.Output);
        (exit, _, errors) = await Bowline.RunAsync(scratch.Home, "release", "--kubeconfig", kubeconfig, "--yes");
        Assert.Equal(1, exit);
        Assert.Contains("scale it to 0 first", errors);
        Assert.Equal(before, await VersionsAsync(kubectl, "shop") + await VersionsAsync(kubectl, "team-a", "configmaps"));

        scratch.Write("deploy/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {text: good morning}\n");
        Commit(scratch, "add -A", "commit -q -m 2");
        await Until.TrueAsync(async () => await kubectl.RunAsync("get", "configmap", "greeting", "-n", "shop", "-o", "jsonpath={.data.text}") == "good morning", TimeSpan.FromSeconds(30), () => controller.Output);
        Assert.Single((await kubectl.RunAsync("get", "configmaps", "-n", "shop", "-o", "name")).Split('\n'), name => name.Contains("/ran-", StringComparison.Ordinal));

        controller.Signal("TERM");
        Assert.Equal(0, await controller.WaitAsync(TimeSpan.FromSeconds(20)));
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "release", "--kubeconfig", kubeconfig, "--yes");
        Assert.True(exit == 0, output + errors);
        Assert.Equal("1 2 1", await ReplicasAsync(kubectl));
    }

    [Theory]
    [InlineData("argocd-application-controller")]
    [InlineData("cd-argocd-application-controller")]
    public async Task Beside_a_running_application_controller_nothing_is_delivered(string controller)
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers");
        string kubeconfig = await InstallAsync(cluster);
        Kubectl kubectl = new(kubeconfig);
        if (controller != "argocd-application-controller")
        {
            string renamed = (await kubectl.RunAsync("-n", "argocd", "get", "statefulset", "argocd-application-controller", "-o", "yaml")).Replace("  name: argocd-application-controller\n", $"  name: {controller}\n", StringComparison.Ordinal);
            string file = Path.Combine(scratch.Root, "renamed.yaml");
            await File.WriteAllTextAsync(file, string.Join('\n', renamed.Split('\n').Where(line => !line.Contains("resourceVersion:", StringComparison.Ordinal) && !line.Contains("uid:", StringComparison.Ordinal))));
            await kubectl.RunAsync("-n", "argocd", "delete", "statefulset", "argocd-application-controller");
            await kubectl.RunAsync("create", "-f", file);
        }

        string argo = await VersionsAsync(kubectl, "argocd");
        foreach (string[] command in (string[][])[["up", scratch.Repository, "--once", "--kubeconfig", kubeconfig], ["controller", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0"]])
        {
            (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, command);
            Assert.True(exit == 2, output + errors);
            Assert.Contains($"Argo CD's application controller runs in namespace argocd of bowline (statefulset/{controller}, replicas 1)", errors);
        }

        Assert.Equal(argo, await VersionsAsync(kubectl, "argocd"));
        Assert.NotEqual(0, (await kubectl.TryAsync("get", "namespace", "web")).Exit);
        (int other, string elsewhere, string complaint) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig, "--argocd-namespace", "mine", "-o", "json");
        Assert.True(other == 0, elsewhere + complaint);

        await kubectl.RunAsync("-n", "argocd", "scale", "statefulset", controller, "--replicas=0");
        (int after, string report, string noted) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig, "-o", "json");
        Assert.True(new UpJson(report).State("web") == "Synced Healthy", report + noted);
        Assert.NotEqual(2, after);
    }

    private static string Commit(Scratch scratch, params string[] commands)
    {
        string output = string.Empty;
        foreach (string command in (string[])[.. commands, "rev-parse HEAD"])
        {
            using Process git = Process.Start(new ProcessStartInfo("git", $"-c user.name=t -c user.email=t@example.com -C {scratch.Repository} {command}") { RedirectStandardOutput = true })!;
            output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            Assert.Equal(0, git.ExitCode);
        }

        return output;
    }

    private static async Task<string> InstallAsync(Bowline cluster)
    {
        await cluster.WaitForOutputAsync("}", TimeSpan.FromSeconds(60));
        string kubeconfig = JsonReader.Read(cluster.Output.Trim())["kubeconfig"]!.AsString()!;
        using HttpCluster client = new(KubeContexts.Read([kubeconfig]).Connection(), TimeProvider.System);
        await ArgoDefinitions.InstallAsync(client, TimeProvider.System, CancellationToken.None);
        await new Kubectl(kubeconfig).RunAsync("apply", "-f", Installation);
        return kubeconfig;
    }

    private static async Task AdoptAsync(Scratch scratch, string kubeconfig)
    {
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", kubeconfig, "--yes");
        Assert.True(exit == 0, output + errors);
        Assert.Contains("2 applications with 4 objects taken over", output);
    }

    /// <summary>Every object of a namespace but events with its uid and resourceVersion.</summary>
    private static Task<string> VersionsAsync(Kubectl kubectl, string @namespace, string kinds = "all,configmaps,secrets,serviceaccounts,applications.argoproj.io,endpoints,endpointslices,controllerrevisions") => kubectl.RunAsync(
        "get", kinds, "-n", @namespace, "-o", "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}");

    private static async Task<string> ReplicasAsync(Kubectl kubectl) =>
        string.Join(' ', (await kubectl.RunAsync("-n", "argocd", "get", "statefulset/argocd-application-controller", "deployment/argocd-applicationset-controller", "deployment/argocd-server", "-o", "jsonpath={range .items[*]}{.spec.replicas}{\" \"}{end}")).Trim().Split(' '));

    private static Task<string> RecordAsync(Kubectl kubectl, string application, string key) =>
        kubectl.RunAsync("-n", "bowline-system", "get", "configmap", $"inventory-{application}", "-o", $"jsonpath={{.data.{key}}}");
}
