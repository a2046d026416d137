using Bowline.Applications.Hub;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests;
using static System.FormattableString;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Argo CD's cluster Secrets: one API server holds the Applications, another is where some of them are delivered to.</summary>
public sealed class ClusterSecretTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Destinations_lead_to_the_clusters_of_their_Secrets_and_follow_what_becomes_of_these()
    {
        using Scratch scratch = new();
        await using RealCluster hub = await RealCluster.StartAsync(scratch);
        await using RealCluster east = await RealCluster.StartAsync(scratch);
        scratch.WriteApplication("here", "config").WriteConfigMap("config/a.yaml", "a");
        WriteApplication(scratch, "named", "name: east");
        WriteApplication(scratch, "addressed", $"server: {east.Connection.Server}");
        WriteApplication(scratch, "lost", "name: west");
        WriteApplication(scratch, "silent", "name: dead");
        WriteApplication(scratch, "foreign", "name: east", "team");
        scratch.Write("project.yaml", """
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: team}
            spec: {sourceRepos: ["*"], destinations: [{server: "https://elsewhere", namespace: "*"}]}
            """);
        await hub.Kubectl.RunAsync("create", "namespace", "argocd");
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), Config(east)));
        await hub.ApplyAsync(Secret("dead", "https://127.0.0.1:1", """{"bearerToken":"a-secret-token"}"""));

        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--kubeconfig", hub.Kubeconfig, "--timeout", "20s");
        await up.WaitForOutputAsync(Staying, Patience);
        foreach ((string application, RealCluster cluster) in (IEnumerable<(string, RealCluster)>)[("here", hub), ("named", east), ("addressed", east)])
        {
            await ExpectAsync(hub, up, application, "{.status.sync.status} {.status.health.status} {.status.conditions[*].type}", "Synced Healthy ");
            Assert.Equal(0, (await cluster.Kubectl.TryAsync("-n", application, "get", "configmap", "a")).Exit);
        }

        foreach (string there in (string[])["named", "addressed"])
        {
            Assert.NotEqual(0, (await hub.Kubectl.TryAsync("get", "namespace", there)).Exit);
        }

        await ExpectAsync(hub, up, "lost", "{.status.conditions[*].type}", "InvalidSpecError");
        Assert.Contains("there are no clusters with this name: west; there are dead (https://127.0.0.1:1), east (https://127.0.0.1:", await ReadAsync(hub, "lost", "{.status.conditions[*].message}"));
        await ExpectAsync(hub, up, "silent", "{.status.sync.status} {.status.conditions[*].type}", "Unknown ComparisonError");
        Assert.Contains("cluster dead", await ReadAsync(hub, "silent", "{.status.conditions[*].message}"));
        await ExpectAsync(hub, up, "foreign", "{.status.conditions[*].type}", "InvalidSpecError");
        Assert.Contains("is not permitted in project 'team'", await ReadAsync(hub, "foreign", "{.status.conditions[*].message}"));

        // The names of a destination and of a project's rule may differ, as long as they mean the same cluster.
        scratch.Write("project.yaml", Invariant($$"""
            apiVersion: argoproj.io/v1alpha1
            kind: AppProject
            metadata: {name: team}
            spec: {permitOnlyProjectScopedClusters: true, sourceRepos: ["*"], destinations: [{server: "{{east.Connection.Server.ToString().TrimEnd('/')}}", namespace: "*"}]}
            """));
        await Until.TrueAsync(async () => (await ReadAsync(hub, "foreign", "{.status.conditions[*].message}")).Contains("permits only clusters of its own"), Patience, () => up.Output + up.Errors);
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), Config(east), "  project: team\n"));
        await ExpectAsync(hub, up, "foreign", "{.status.sync.status}{.status.conditions[*].type}", "Synced");

        // A token that is not taken: told, and nothing else changes. The right one again: at once.
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), """{"bearerToken":"a-secret-token","tlsClientConfig":{"insecure":true}}"""));
        await ExpectAsync(hub, up, "named", "{.status.sync.status} {.status.conditions[*].type}", "Unknown ComparisonError");
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), Config(east)));
        await ExpectAsync(hub, up, "named", "{.status.sync.status}{.status.conditions[*].type}", "Synced");

        // A Secret that vanishes takes nothing with it, not even when something leaves the repository meanwhile.
        await hub.Kubectl.RunAsync("-n", "argocd", "delete", "secret", "east");
        await ExpectAsync(hub, up, "named", "{.status.conditions[*].type}", "InvalidSpecError");
        scratch.WriteConfigMap("there/b.yaml", "b").Write("there/a.yaml", "# left the repository\n");
        await ExpectAsync(hub, up, "here", "{.status.sync.status}", "Synced");
        Assert.Equal(0, (await east.Kubectl.TryAsync("-n", "named", "get", "configmap", "a")).Exit);
        Assert.Equal(0, (await east.Kubectl.TryAsync("-n", "bowline-system", "get", "configmap", "inventory-named")).Exit);
        Assert.NotEqual(0, (await east.Kubectl.TryAsync("-n", "named", "get", "configmap", "b")).Exit);
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), Config(east)));
        await ExpectAsync(hub, up, "named", "{.status.sync.status}{.status.conditions[*].type}", "Synced");
        Assert.Equal(0, (await east.Kubectl.TryAsync("-n", "named", "get", "configmap", "b")).Exit);
        Assert.NotEqual(0, (await east.Kubectl.TryAsync("-n", "named", "get", "configmap", "a")).Exit);

        (int exit, string history, string errors) = await Bowline.RunAsync(scratch.Home, "history", "named", "--kubeconfig", hub.Kubeconfig);
        Assert.True(exit == 0, errors);
        Assert.Contains("east", history);

        // What goes with its finalizer goes where it is.
        scratch.Write("apps/named.yaml", "# left the repository\n");
        await Until.TrueAsync(async () => (await east.Kubectl.TryAsync("-n", "named", "get", "configmap", "b")).Exit != 0 && (await hub.Kubectl.TryAsync("-n", "argocd", "get", "app", "named")).Exit != 0, Patience, () => up.Output + up.Errors);
        Assert.Equal(0, (await east.Kubectl.TryAsync("-n", "addressed", "get", "configmap", "b")).Exit);
        Assert.DoesNotContain("a-secret-token", up.Output + up.Errors + await hub.Kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "yaml"));
    }

    [Fact]
    public async Task A_cluster_that_names_its_namespaces_is_looked_at_and_delivered_to_in_no_other()
    {
        using Scratch scratch = new();
        await using RealCluster hub = await RealCluster.StartAsync(scratch);
        await using RealCluster east = await RealCluster.StartAsync(scratch, "--token", "the-token");
        WriteApplication(scratch, "only", "name: east");
        WriteApplication(scratch, "other", "name: east");
        scratch.Write("wide/role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: wide}\nrules: []\n");
        WriteApplication(scratch, "wide", "name: east", namespaced: "only", path: "wide");
        await east.Kubectl.RunAsync("create", "namespace", "only");
        await hub.Kubectl.RunAsync("create", "namespace", "argocd");
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), """{"bearerToken":"the-token","tlsClientConfig":{"insecure":true}}""", "  namespaces: only, spare\n"));
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--kubeconfig", hub.Kubeconfig, "--once", "-o", "json", "--timeout", "30s");
        Assert.True(exit == 1, output + errors);
        UpJson report = new(output);
        Assert.Equal("Synced Healthy", report.State("only"));
        Assert.Equal("Unknown Unknown", report.State("other"));
        Assert.Contains("namespace \"other\" for ConfigMap \"a\" is not managed (the cluster Secret names only, spare)", report.Message("other"));
        Assert.Contains("cluster level ClusterRole \"wide\" can not be managed when in namespaced mode", report.Message("wide"));
        Assert.NotEqual(0, (await east.Kubectl.TryAsync("get", "namespace", "other")).Exit);

        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), """{"bearerToken":"the-token","tlsClientConfig":{"insecure":true}}""", "  namespaces: only\n  clusterResources: \"true\"\n"));
        (_, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--kubeconfig", hub.Kubeconfig, "--once", "-o", "json", "--timeout", "30s");
        Assert.True(new UpJson(output).State("wide") == "Synced Healthy", output + errors);
    }

    [Fact]
    public async Task What_the_Secret_of_the_hubs_own_cluster_says_of_namespaces_is_followed_while_it_runs()
    {
        using Scratch scratch = new();
        await using RealCluster hub = await RealCluster.StartAsync(scratch);
        WriteApplication(scratch, "one", "server: https://kubernetes.default.svc");
        WriteApplication(scratch, "two", "server: https://kubernetes.default.svc");
        await hub.Kubectl.RunAsync("create", "namespace", "argocd");
        await hub.ApplyAsync(Secret("home", "https://kubernetes.default.svc", "{}", "  namespaces: one\n  clusterResources: \"true\"\n"));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--kubeconfig", hub.Kubeconfig, "--timeout", "20s");
        await up.WaitForOutputAsync(Staying, Patience);
        await ExpectAsync(hub, up, "one", "{.status.sync.status}", "Synced");
        Assert.Contains("namespace \"two\" for ConfigMap \"a\" is not managed", await ReadAsync(hub, "two", "{.status.conditions[*].message}"));

        await hub.ApplyAsync(Secret("home", "https://kubernetes.default.svc", "{}", "  namespaces: one, two\n  clusterResources: \"true\"\n"));
        await ExpectAsync(hub, up, "two", "{.status.sync.status}{.status.conditions[*].type}", "Synced");
        await hub.ApplyAsync(Secret("home", "https://kubernetes.default.svc", "{}", "  namespaces: two\n  clusterResources: \"true\"\n"));
        await Until.TrueAsync(async () => (await ReadAsync(hub, "one", "{.status.conditions[*].message}")).Contains("namespace \"one\" for ConfigMap \"a\" is not managed"), Patience, () => up.Output + up.Errors);
        await hub.Kubectl.RunAsync("-n", "argocd", "delete", "secret", "home");
        await ExpectAsync(hub, up, "one", "{.status.sync.status}{.status.conditions[*].type}", "Synced");
        Assert.Equal((0, 0), ((await hub.Kubectl.TryAsync("-n", "one", "get", "configmap", "a")).Exit, (await hub.Kubectl.TryAsync("-n", "two", "get", "configmap", "a")).Exit));
    }

    [Fact]
    public async Task A_program_logs_in_to_a_cluster_only_where_it_is_allowed_by_its_name()
    {
        using Scratch scratch = new();
        await using RealCluster hub = await RealCluster.StartAsync(scratch);
        await using RealCluster east = await RealCluster.StartAsync(scratch, "--token", "the-token");
        WriteApplication(scratch, "far", "name: east");
        string programs = Directory.CreateDirectory(Path.Combine(scratch.Root, "programs")).FullName;
        string program = Path.Combine(programs, "cloud-login");
        await File.WriteAllTextAsync(program, """
            #!/bin/sh
            case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1*https://127.0.0.1*) ;; *) echo "not told which cluster" >&2; exit 3;; esac
            [ "$1 $REGION" = "get-token north" ] || { echo "called as: $* $REGION" >&2; exit 4; }
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"the-token"}}'
            """);
        await System.Diagnostics.Process.Start("chmod", ["+x", program]).WaitForExitAsync();
        await hub.Kubectl.RunAsync("create", "namespace", "argocd");
        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), """{"execProviderConfig":{"command":"cloud-login","args":["get-token"],"env":{"REGION":"north"},"apiVersion":"client.authentication.k8s.io/v1"},"tlsClientConfig":{"insecure":true}}"""));
        (string, string)[] environment = [("PATH", $"{programs}:{Environment.GetEnvironmentVariable("PATH")}")];
        string[] arguments = ["up", scratch.Repository, "--kubeconfig", hub.Kubeconfig, "--once", "-o", "json", "--timeout", "30s"];
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, environment, arguments);
        Assert.True(exit == 1, output + errors);
        Assert.Contains("runs the program cloud-login to log in (execProviderConfig), which is not allowed", new UpJson(output).Message("far"));
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, environment, [.. arguments, "--allow-exec", "cloud-login"]);
        Assert.True(exit == 0, output + errors);
        Assert.Equal("Synced Healthy", new UpJson(output).State("far"));
        Assert.Equal(0, (await east.Kubectl.TryAsync("-n", "far", "get", "configmap", "a")).Exit);
    }

    [Fact]
    public async Task Argo_CDs_applications_on_other_clusters_are_adopted_there_delivered_on_and_given_back()
    {
        using Scratch scratch = new();
        await using RealCluster hub = await RealCluster.StartAsync(scratch);
        await using RealCluster east = await RealCluster.StartAsync(scratch);
        using (HttpCluster client = new(hub.Connection, TimeProvider.System))
        {
            await ArgoDefinitions.InstallAsync(client, TimeProvider.System, CancellationToken.None);
        }

        const string settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {text: hello}\n";
        scratch.Write("deploy/settings.yaml", settings);
        foreach (string command in (string[])["init -q -b main", "add -A", "commit -q -m 1"])
        {
            scratch.Git(command.Split(' '));
        }

        using GitHttpServer git = new(scratch.Root);
        await hub.Kubectl.RunAsync("apply", "-f", Path.Combine(SharedFolder.Checkout, "tests", "Cli.Tests", "adopt", "argocd.yaml"));
        await hub.ApplyAsync($$$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: far, namespace: argocd}
            spec:
              project: default
              source: {repoURL: {{{git.Address}}}repository, path: deploy, targetRevision: main}
              destination: {name: east, namespace: far}
              syncPolicy: {automated: {selfHeal: true}}
            status:
              sync: {status: Synced, revision: 3f1c2c3e0f5d4f6d8a4c54f0a4b1f7f0e6f9c0b2}
              health: {status: Healthy}
              resources: [{version: v1, kind: ConfigMap, namespace: far, name: settings, status: Synced}]
            """);
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", hub.Kubeconfig, "--yes");
        Assert.True(exit != 0, output);
        Assert.Contains("Application far delivers to another cluster (east) to which there is no way: there are no clusters with this name: east", output + errors);

        await hub.ApplyAsync(Secret("east", east.Connection.Server.ToString(), Config(east)));
        await east.Kubectl.RunAsync("create", "namespace", "far");
        await east.ApplyAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings, namespace: far, annotations: {argocd.argoproj.io/tracking-id: "far:/ConfigMap:far/settings"}}
            data: {text: hello}
            """);
        string before = await east.Kubectl.RunAsync("-n", "far", "get", "configmap", "settings", "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion}");
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "adopt", "--kubeconfig", hub.Kubeconfig, "--yes");
        Assert.True(exit == 0, output + errors);
        Assert.Equal("""[["v1","ConfigMap","far","settings"]]""", await east.Kubectl.RunAsync("-n", "bowline-system", "get", "configmap", "inventory-far", "-o", "jsonpath={.data.entries}"));
        Assert.NotEqual(0, (await hub.Kubectl.TryAsync("-n", "bowline-system", "get", "configmap", "inventory-far")).Exit);

        Assert.StartsWith("hub/argocd@", await east.Kubectl.RunAsync("-n", "bowline-system", "get", "configmap", "inventory-far", "-o", "jsonpath={.data.home}"));
        await using (Bowline controller = Bowline.Start(scratch.Home, "controller", "--kubeconfig", hub.Kubeconfig, "--listen", "127.0.0.1:0", "--poll", "1s"))
        {
            // What Argo CD held for synced is as it was; a commit is delivered, and what somebody changes is put right.
            await controller.WaitForOutputAsync("far: Synced, Healthy on east", Patience);
            await ExpectAsync(hub, controller, "far", "{.status.sync.status}{.status.conditions[*].type}", "Synced");
            scratch.Write("deploy/settings.yaml", settings.Replace("hello", "good morning", StringComparison.Ordinal)).Git("commit", "-q", "-a", "-m", "2");
            await Until.TrueAsync(async () => await TextAsync() == "good morning", Patience, () => controller.Output);
            await east.Kubectl.RunAsync("-n", "far", "patch", "configmap", "settings", "--type", "merge", "-p", """{"data":{"text":"by hand"}}""");
            await Until.TrueAsync(async () => await TextAsync() == "good morning", Patience, () => controller.Output);
            controller.Signal("TERM");
            Assert.Equal(0, await controller.WaitAsync(Patience));
        }

        before = await east.Kubectl.RunAsync("-n", "far", "get", "configmap", "settings", "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion}");
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "release", "--kubeconfig", hub.Kubeconfig, "--yes");
        Assert.True(exit == 0, output + errors);
        Assert.NotEqual(0, (await east.Kubectl.TryAsync("-n", "bowline-system", "get", "configmap", "inventory-far")).Exit);
        Assert.Equal(before, await east.Kubectl.RunAsync("-n", "far", "get", "configmap", "settings", "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion}"));
        Task<string> TextAsync() => east.Kubectl.RunAsync("-n", "far", "get", "configmap", "settings", "-o", "jsonpath={.data.text}");
    }

    private static Task<string> ReadAsync(RealCluster hub, string application, string path) => hub.Kubectl.RunAsync("-n", "argocd", "get", "app", application, "-o", $"jsonpath={path}");

    private static Task ExpectAsync(RealCluster hub, Bowline up, string application, string path, string expected)
    {
        string last = string.Empty;
        return Until.TrueAsync(async () => (last = await ReadAsync(hub, application, path)) == expected, Patience, () => $"{application}: '{last}' is not '{expected}'\n{up.Output}{up.Errors}");
    }

    private static void WriteApplication(Scratch scratch, string name, string destination, string project = "default", string namespaced = "", string path = "there") => scratch
        .WriteConfigMap("there/a.yaml", "a")
        .Write($"apps/{name}.yaml", $$"""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: {{name}}}
            spec:
              project: {{project}}
              source: {repoURL: https://example.com/repository.git, path: {{path}}}
              destination:
                {{destination}}
                namespace: {{(namespaced.Length > 0 ? namespaced : name)}}
              syncPolicy:
                automated: {prune: true, selfHeal: true, allowEmpty: true}
                syncOptions: [CreateNamespace=true]
            """);

    private static string Secret(string name, string server, string config, string more = "") => $"""
        apiVersion: v1
        kind: Secret
        metadata:
          name: {name}
          namespace: argocd
          labels: {"{argocd.argoproj.io/secret-type: cluster}"}
        stringData:
          name: {name}
          server: {server}
          config: '{config}'

        """ + more;

    private static string Config(RealCluster cluster)
    {
        static string Base64(string? pem) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pem!));
        return JsonWriter.ToText(new MapNode
        {
            ["tlsClientConfig"] = new MapNode { ["caData"] = Base64(cluster.Connection.CertificateAuthority), ["certData"] = Base64(cluster.Connection.ClientCertificate), ["keyData"] = Base64(cluster.Connection.ClientKey) },
        });
    }

    /// <summary><c>bowline cluster start</c> in a process of its own, reached as any cluster is.</summary>
    private sealed class RealCluster(Bowline process, string kubeconfig, string folder) : IAsyncDisposable
    {
        public string Kubeconfig => kubeconfig;

        public Kubectl Kubectl { get; } = new(kubeconfig);

        public ClusterConnection Connection { get; } = KubeContexts.Read([kubeconfig]).Connection();

        public static async Task<RealCluster> StartAsync(Scratch scratch, params string[] more)
        {
            string folder = Directory.CreateDirectory(Path.Combine(scratch.Root, Guid.NewGuid().ToString("N"))).FullName;
            Bowline process = Bowline.Start(folder, ["cluster", "start", "--port", "0", "-o", "json", .. more]);
            await process.WaitForOutputAsync("}", Patience);
            return new RealCluster(process, JsonReader.Read(process.Output.Trim())["kubeconfig"]!.AsString()!, folder);
        }

        public async Task ApplyAsync(string manifest)
        {
            string file = Path.Combine(folder, "applied.yaml");
            await File.WriteAllTextAsync(file, manifest);
            await Kubectl.RunAsync("apply", "-f", file);
        }

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}
