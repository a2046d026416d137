using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>One running cluster for all tests of kubectl; each test has a namespace of its own.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private Bowline cluster = null!;

    internal string Kubeconfig { get; private set; } = string.Empty;

    public async Task InitializeAsync()
    {
        cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--nodes", "2");
        Kubeconfig = (await ClusterTests.ReadyAsync(cluster))["kubeconfig"]!.AsString()!;
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        scratch.Dispose();
    }
}

/// <summary>The real kubectl against <c>cluster start</c>.</summary>
public sealed class KubectlTests(SharedCluster cluster) : IClassFixture<SharedCluster>
{
    private const string App = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: c, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue}
        """;

    [Fact]
    public async Task Apply_creates_leaves_alone_and_configures_in_both_ways()
    {
        await using Space space = await Space.MakeAsync(cluster, "apply");
        string made = await space.InAsync(App, "apply", "-f", "-");
        Assert.Equal("deployment.apps/web created\nservice/web created\nconfigmap/settings created\n", made);
        Assert.Equal("deployment.apps/web unchanged\nservice/web unchanged\nconfigmap/settings unchanged\n", await space.InAsync(App, "apply", "-f", "-"));
        Assert.Contains("configmap/settings configured", await space.InAsync(App.Replace("blue", "red", StringComparison.Ordinal), "apply", "-f", "-"), StringComparison.Ordinal);
        Assert.Equal("red", await space.RunAsync("get", "cm", "settings", "-o", "jsonpath={.data.colour}"));
        (int exit, _, string errors) = await space.TryInAsync(App, "apply", "--server-side", "--field-manager=other", "-f", "-");
        Assert.Equal(1, exit);
        Assert.Contains("conflict with \"kubectl-client-side-apply\"", errors, StringComparison.Ordinal);
        Assert.Contains("serverside-applied", await space.InAsync(App, "apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", "-"), StringComparison.Ordinal);
        Assert.Equal("blue", await space.RunAsync("get", "cm", "settings", "-o", "jsonpath={.data.colour}"));
        Assert.Contains("unknown field \"datum\"", (await space.TryInAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndatum: {}\n", "apply", "-f", "-")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_prints_every_form_and_describe_tells_the_story()
    {
        await using Space space = await Space.MakeAsync(cluster, "get");
        await space.InAsync(App, "apply", "-f", "-");
        Assert.Contains("condition met", await space.RunAsync("wait", "deploy/web", "--for=condition=Available", "--timeout=30s"), StringComparison.Ordinal);
        string wide = await space.RunAsync("get", "deploy,pods,svc", "-o", "wide");
        Assert.Matches(@"deployment\.apps/web\s+2/2\s+2\s+2\s+\d+m?s\s+c\s+nginx:1\.27\s+app=web", wide);
        Assert.Matches(@"pod/web-\S+\s+1/1\s+Running\s+0\s+\d+m?s\s+10\.\S+\s+bowline-\d", wide);
        Assert.Contains("image: nginx:1.27", await space.RunAsync("get", "deploy", "web", "-o", "yaml"), StringComparison.Ordinal);
        Assert.Equal("web", JsonReader.Read(Encoding.UTF8.GetBytes(await space.RunAsync("get", "deploy", "web", "-o", "json"))).At("metadata", "name")!.AsString());
        Assert.Equal("deployment.apps/web\n", await space.RunAsync("get", "deploy", "-l", "app=web", "-o", "name"));
        Assert.Equal("2 2", await space.RunAsync("get", "deploy", "web", "-o", "jsonpath={.spec.replicas} {.status.readyReplicas}"));
        Assert.Matches("NAME\\s+IMAGE\nweb\\s+nginx:1.27\n", await space.RunAsync("get", "deploy", "-o", "custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image"));
        Assert.Contains("Error from server (NotFound): deployments.apps \"none\" not found", (await space.TryAsync("get", "deploy", "none")).Errors, StringComparison.Ordinal);
        string story = await space.RunAsync("describe", "deploy", "web");
        Assert.Contains("StrategyType:           RollingUpdate", story, StringComparison.Ordinal);
        Assert.Contains("ScalingReplicaSet", story, StringComparison.Ordinal);
        Assert.Contains("Simulated by Bowline", await space.RunAsync("describe", "node", "bowline-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_prints_changes_as_they_come()
    {
        await using Space space = await Space.MakeAsync(cluster, "watch");
        await space.RunAsync("create", "cm", "a", "--from-literal=n=1");
        using Process watch = space.Start("get", "cm", "a", "-w", "-o", "jsonpath={.data.n}{\"\\n\"}");
        Assert.Equal("1", await watch.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        await space.RunAsync("patch", "cm", "a", "--type=merge", "-p", "{\"data\":{\"n\":\"2\"}}");
        Assert.Equal("2", await watch.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        watch.Kill();
        await watch.WaitForExitAsync();
    }

    [Fact]
    public async Task Diff_edit_patch_and_label_change_what_they_say()
    {
        await using Space space = await Space.MakeAsync(cluster, "change");
        await space.InAsync(App, "apply", "-f", "-");
        Assert.Equal(0, (await space.TryInAsync(App, "diff", "-f", "-")).Exit);
        (int exit, string output, _) = await space.TryInAsync(App.Replace("blue", "green", StringComparison.Ordinal), "diff", "-f", "-");
        Assert.Equal(1, exit);
        Assert.Contains("+  colour: green", output, StringComparison.Ordinal);
        await space.RunAsync("patch", "deploy", "web", "-p", "{\"spec\":{\"replicas\":3}}");
        await space.RunAsync("patch", "deploy", "web", "--type=json", "-p", "[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"nginx:1.28\"}]");
        Assert.Equal("3 nginx:1.28", await space.RunAsync("get", "deploy", "web", "-o", "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}"));
        Assert.Contains("deployment.apps/web scaled", await space.RunAsync("scale", "deploy", "web", "--replicas=1"), StringComparison.Ordinal);
        Assert.Contains("successfully rolled out", await space.RunAsync("rollout", "status", "deploy/web", "--timeout=30s"), StringComparison.Ordinal);
        Assert.Equal("configmap/settings labeled\n", await space.RunAsync("label", "cm", "settings", "tier=front"));
        Assert.Equal("configmap/settings annotated\n", await space.RunAsync("annotate", "cm", "settings", "note=x"));
        space.Editor = "sed -i s/blue/yellow/";
        Assert.Equal("configmap/settings edited\n", await space.RunAsync("edit", "cm", "settings"));
        Assert.Equal("yellow front", await space.RunAsync("get", "cm", "settings", "-o", "jsonpath={.data.colour} {.metadata.labels.tier}"));
        Assert.Contains("condition met", await space.RunAsync("wait", "cm/settings", "--for=jsonpath={.data.colour}=yellow", "--timeout=10s"), StringComparison.Ordinal);
        Assert.Contains("deleted", await space.InAsync(App, "delete", "--timeout=30s", "-f", "-"), StringComparison.Ordinal);
        Assert.Equal(string.Empty, await space.RunAsync("get", "deploy,svc", "-o", "name"));
    }

    [Fact]
    public async Task Discovery_explains_itself()
    {
        await using Space space = await Space.MakeAsync(cluster, "discovery");
        Assert.Contains("rollingUpdate", await space.RunAsync("explain", "deployment.spec.strategy"), StringComparison.Ordinal);
        Assert.Contains("maxSurge", await space.RunAsync("explain", "deployment.spec.strategy", "--recursive"), StringComparison.Ordinal);
        string resources = await space.RunAsync("api-resources", "-o", "wide");
        Assert.Matches(@"deployments\s+deploy\s+apps/v1\s+true\s+Deployment\s+create,delete", resources);
        Assert.Contains("apps/v1\n", await space.RunAsync("api-versions"), StringComparison.Ordinal);
        Assert.Matches(@"Server Version: v1\.36\.\d+", await space.RunAsync("version"));
        Assert.Contains("is running at", await space.RunAsync("cluster-info"), StringComparison.Ordinal);
        Assert.Contains("server: https://127.0.0.1:", await space.RunAsync("config", "view"), StringComparison.Ordinal);
        Assert.Equal("ok", await space.RunAsync("get", "--raw", "/readyz"));
    }

    [Fact]
    public async Task Rights_are_asked_about_granted_and_acted_with()
    {
        await using Space space = await Space.MakeAsync(cluster, "rights");
        Assert.Matches(@"Username\s+admin", await space.RunAsync("auth", "whoami"));
        Assert.Equal("yes", (await space.RunAsync("auth", "can-i", "*", "*")).Trim());
        (int exit, string output, _) = await space.TryAsync("auth", "can-i", "list", "pods", "--as=bob");
        Assert.Equal((1, "no"), (exit, output.Trim()));
        Assert.Contains("User \"bob\" cannot list resource \"pods\" in API group \"\" in the namespace \"rights\"", (await space.TryAsync("get", "pods", "--as=bob")).Errors, StringComparison.Ordinal);
        await space.RunAsync("create", "role", "reader", "--verb=get,list", "--resource=pods");
        await space.RunAsync("create", "rolebinding", "reader", "--role=reader", "--user=bob", "--group=readers", "--serviceaccount=rights:robot");
        Assert.Equal("yes", (await space.RunAsync("auth", "can-i", "list", "pods", "--as=bob")).Trim());
        Assert.Equal("yes", (await space.RunAsync("auth", "can-i", "list", "pods", "--as=eve", "--as-group=readers")).Trim());
        Assert.Contains("pods", await space.RunAsync("auth", "can-i", "--list", "--as=bob"), StringComparison.Ordinal);
        Assert.Contains("is attempting to grant RBAC permissions not currently held", (await EscalateAsync(space)).Errors, StringComparison.Ordinal);
        await space.RunAsync("create", "sa", "robot");
        string token = (await space.RunAsync("create", "token", "robot", "--duration=20m")).Trim();
        Assert.Contains("system:serviceaccount:rights:robot", await space.AsBearerAsync(token, "auth", "whoami"), StringComparison.Ordinal);
        Assert.Contains("No resources found", (await space.TryAsBearerAsync(token, "get", "pods")).Errors, StringComparison.Ordinal);
        Assert.Contains("Forbidden", (await space.TryAsBearerAsync(token, "get", "secrets")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_lets_plain_http_in_and_exec_says_that_nothing_runs()
    {
        await using Space space = await Space.MakeAsync(cluster, "proxy");
        using Process proxy = space.Start("proxy", "--port=0");
        string line = await proxy.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) ?? string.Empty;
        Assert.StartsWith("Starting to serve on 127.0.0.1:", line, StringComparison.Ordinal);
        using HttpClient client = new() { BaseAddress = new Uri($"http://{line.Split(' ')[^1]}") };
        Assert.Contains("\"kind\":\"NamespaceList\"", await client.GetStringAsync("/api/v1/namespaces"), StringComparison.Ordinal);
        proxy.Kill();
        await proxy.WaitForExitAsync();
        await space.RunAsync("run", "p", "--image=nginx");
        await space.RunAsync("wait", "pod/p", "--for=condition=Ready", "--timeout=30s");
        Assert.StartsWith("container p of pod proxy/p started\n", await space.RunAsync("logs", "p"), StringComparison.Ordinal);
        (int exit, _, string errors) = await space.TryAsync("exec", "p", "--", "ls");
        Assert.Equal(1, exit);
        Assert.Contains("pods of this cluster are simulated", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output, string Errors)> EscalateAsync(Space space)
    {
        await space.RunAsync("create", "role", "granter", "--verb=create", "--resource=roles.rbac.authorization.k8s.io");
        await space.RunAsync("create", "rolebinding", "granter", "--role=granter", "--user=bob");
        return await space.TryAsync("create", "role", "more", "--verb=delete", "--resource=secrets", "--as=bob");
    }

    /// <summary>A namespace for one test, and kubectl in it.</summary>
    private sealed class Space(string kubeconfig, string name) : IAsyncDisposable
    {
        public string Editor { get; set; } = "true";

        public static async Task<Space> MakeAsync(SharedCluster cluster, string name)
        {
            Space space = new(cluster.Kubeconfig, name);
            await space.RunAsync("create", "namespace", name);
            return space;
        }

        public Task<string> RunAsync(params string[] arguments) => InAsync(null, arguments);

        public Task<(int Exit, string Output, string Errors)> TryAsync(params string[] arguments) => TryInAsync(null, arguments);

        public async Task<string> InAsync(string? input, params string[] arguments)
        {
            (int exit, string output, string errors) = await TryInAsync(input, arguments);
            Assert.True(exit == 0, $"kubectl {string.Join(' ', arguments)}: {output}{errors}");
            return output;
        }

        public async Task<(int Exit, string Output, string Errors)> TryInAsync(string? input, params string[] arguments)
        {
            using Process kubectl = Start(arguments);
            Task<string> output = kubectl.StandardOutput.ReadToEndAsync();
            Task<string> errors = kubectl.StandardError.ReadToEndAsync();
            if (input is not null)
            {
                await kubectl.StandardInput.WriteAsync(input);
            }

            kubectl.StandardInput.Close();
            await kubectl.WaitForExitAsync();
            return (kubectl.ExitCode, await output, await errors);
        }

        public async Task<string> AsBearerAsync(string token, params string[] arguments)
        {
            (int exit, string output, string errors) = await TryAsBearerAsync(token, arguments);
            Assert.True(exit == 0, errors);
            return output;
        }

        /// <summary>With the token alone: the kubeconfig without its certificate.</summary>
        public async Task<(int Exit, string Output, string Errors)> TryAsBearerAsync(string token, params string[] arguments)
        {
            string file = Path.GetTempFileName();
            try
            {
                string[] lines = [.. (await File.ReadAllLinesAsync(kubeconfig)).Where(line => !line.Contains("client-key-data", StringComparison.Ordinal))
                    .Select(line => line.Contains("client-certificate-data", StringComparison.Ordinal) ? $"{line[..line.IndexOf("client", StringComparison.Ordinal)]}token: {token}" : line)];
                await File.WriteAllLinesAsync(file, lines);
                return await new Space(file, name).TryAsync(arguments);
            }
            finally
            {
                File.Delete(file);
            }
        }

        public Process Start(params string[] arguments)
        {
            ProcessStartInfo start = new("kubectl", ["--kubeconfig", kubeconfig, "-n", name, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["KUBE_EDITOR"] = Editor },
            };
            return Process.Start(start)!;
        }

        public async ValueTask DisposeAsync() => await TryAsync("delete", "namespace", name, "--wait=false");
    }
}
