using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary><c>cluster start</c> as a program: what it prints and writes, how it ends, and what it refuses.</summary>
public sealed class ClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_says_when_it_is_ready_writes_a_kubeconfig_and_ends_with_ctrl_c()
    {
        using Scratch scratch = new();
        string file = Path.Combine(scratch.Root, "config");
        await File.WriteAllTextAsync(file, "apiVersion: v1\nkind: Config\ncontexts: [{name: other, context: {cluster: other, user: other}}]\nclusters: [{name: other, cluster: {server: 'https://example.com'}}]\ncurrent-context: other\n");
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "--nodes", "2", "--name", "lab", "--write-kubeconfig", file);
        await cluster.WaitForOutputAsync("Ctrl-C ends it.", Patience);
        Assert.Matches(@"^cluster lab is ready: Kubernetes v1\.36\.\d+ on https://127\.0\.0\.1:\d+, 2 simulated nodes, in \d+ ms\nexport KUBECONFIG=" + file, cluster.Output);
        Kubectl kubectl = new(file);
        Assert.Equal("lab", (await kubectl.RunAsync("config", "current-context")).Trim());
        Assert.Equal("lab\nother\n", string.Join('\n', (await kubectl.RunAsync("config", "get-contexts", "-o", "name")).Split('\n').Order().Where(line => line.Length > 0)) + "\n");
        Assert.Equal(2, (await kubectl.RunAsync("get", "nodes", "--no-headers")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        cluster.Signal("INT");
        Assert.Equal(0, await cluster.WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal(string.Empty, cluster.Errors.Trim());
    }

    [Fact]
    public async Task Only_the_api_server_keeps_what_it_is_given_and_does_nothing_to_it()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "--no-controllers", "--output", "json", "--state", Path.Combine(scratch.Root, "state"));
        Node ready = await ReadyAsync(cluster);
        Assert.Equal(["name", "server", "kubeconfig", "version", "nodes", "pid"], ((MapNode)ready).Keys);
        Kubectl kubectl = new(ready["kubeconfig"]!.AsString()!);
        await kubectl.RunAsync("create", "deployment", "web", "--image=nginx");
        await kubectl.RunAsync("create", "namespace", "quiet");
        await Task.Delay(300);
        Assert.Equal(string.Empty, await kubectl.RunAsync("get", "rs,pods,sa", "-A", "-o", "name"));
        Assert.Equal(string.Empty, await kubectl.RunAsync("get", "nodes", "-o", "name"));
    }

    [Fact]
    public async Task A_state_directory_keeps_the_kubeconfig_valid_and_lets_one_process_in()
    {
        using Scratch scratch = new();
        string state = Path.Combine(scratch.Root, "state");
        string kubeconfig;
        string server;
        await using (Bowline first = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--state", state))
        {
            Node ready = await ReadyAsync(first);
            (kubeconfig, server) = (ready["kubeconfig"]!.AsString()!, ready["server"]!.AsString()!);
            await new Kubectl(kubeconfig).RunAsync("create", "configmap", "kept", "--from-literal=a=b");
            (int exit, _, string errors) = await Bowline.RunAsync(scratch.Home, "cluster", "start", "--port", "0", "--state", state);
            Assert.Equal(1, exit);
            Assert.Contains("is in use by another process", errors, StringComparison.Ordinal);
            (exit, _, errors) = await Bowline.RunAsync(scratch.Home, "cluster", "start", "--port", new Uri(server).Port.ToString());
            Assert.Equal(2, exit);
            Assert.Contains("is in use; another port may be free", errors, StringComparison.Ordinal);
            first.Signal("TERM");
            Assert.Equal(0, await first.WaitAsync(TimeSpan.FromSeconds(15)));
        }

        string before = await File.ReadAllTextAsync(kubeconfig);
        await using Bowline second = Bowline.Start(scratch.Home, "cluster", "start", "--port", new Uri(server).Port.ToString(), "-o", "json", "--state", state);
        await ReadyAsync(second);
        Assert.Equal("b", await new Kubectl(kubeconfig).RunAsync("get", "cm", "kept", "-o", "jsonpath={.data.a}"));
        Assert.Equal(before, await File.ReadAllTextAsync(kubeconfig));
    }

    [Fact]
    public async Task Tokens_audit_and_a_name_of_ones_own_are_flags()
    {
        using Scratch scratch = new();
        string log = Path.Combine(scratch.Root, "audit.jsonl");
        string tokens = Path.Combine(scratch.Root, "tokens.csv");
        await File.WriteAllTextAsync(tokens, "r3ad,reader,1,viewers\n");
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers", "--token", "s3cret", "--token-auth-file", tokens, "--audit-log", log, "--tls-san", "my.cluster");
        Node ready = await ReadyAsync(cluster);
        ClusterConnection connection = KubeContexts.Read([ready["kubeconfig"]!.AsString()!]).Connection(null);
        using HttpClient client = TlsClient(connection, "my.cluster");
        Assert.Equal(200, await StatusAsync(client, "/api/v1/namespaces", "s3cret"));
        Assert.Equal(403, await StatusAsync(client, "/api/v1/namespaces", "r3ad"));
        Assert.Equal(401, await StatusAsync(client, "/api/v1/namespaces", "other"));
        string audit = await File.ReadAllTextAsync(log);
        Assert.Contains("\"username\":\"reader\"", audit, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", audit + cluster.Output + cluster.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_are_as_large_as_they_are_asked_to_be()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--nodes", "1", "--node-cpu", "1500m", "--node-memory", "8Gi", "--node-pods", "2");
        Kubectl kubectl = new((await ReadyAsync(cluster))["kubeconfig"]!.AsString()!);
        Assert.Equal("1500m 8Gi 2", await kubectl.RunAsync("get", "nodes", "-o", "jsonpath={.items[0].status.allocatable.cpu} {.items[0].status.allocatable.memory} {.items[0].status.allocatable.pods}"));
        await kubectl.RunAsync("create", "deployment", "web", "--image=nginx", "--replicas=3");
        await kubectl.RunAsync("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=30s");
        Assert.Contains("0/1 nodes are available: 1 Too many pods.", await kubectl.RunAsync("get", "events", "-o", "jsonpath={.items[?(@.reason==\"FailedScheduling\")].message}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_delivers_to_nodes_that_are_as_asked_for()
    {
        using Scratch scratch = new();
        string folder = Directory.CreateDirectory(Path.Combine(scratch.Root, "app")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "pod.yaml"), """
            apiVersion: v1
            kind: Pod
            metadata: {name: large}
            spec: {containers: [{name: main, image: nginx, resources: {requests: {cpu: "6"}}}]}
            """);
        (int exit, string output, _) = await Bowline.RunAsync(scratch.Home, "up", folder, "--once", "--timeout", "3s", "--nodes", "2", "--node-cpu", "4");
        Assert.Equal(1, exit);
        Assert.Contains("0/2 nodes are available: 2 Insufficient cpu", output, StringComparison.Ordinal);
        (exit, output, _) = await Bowline.RunAsync(scratch.Home, "up", folder, "--once", "--timeout", "60s", "--nodes", "2", "--node-cpu", "8", "--speed", "60");
        Assert.True(exit == 0, output);
    }

    [Theory]
    [InlineData("--port", "70000", "--port 70000: not a port")]
    [InlineData("--name", "../x", "--name ../x: expected letters")]
    [InlineData("--bind-address", "nowhere", "--bind-address nowhere: not an IP address")]
    [InlineData("--nodes", "-1", "--nodes -1: expected 0 to 10000")]
    [InlineData("--node-pods", "0", "--node-pods 0: expected 1 to 100000")]
    [InlineData("--node-cpu", "many", "--node-cpu many: expected a quantity above zero")]
    [InlineData("--node-memory", "-1Gi", "--node-memory -1Gi: expected a quantity above zero")]
    [InlineData("--speed", "-1", "--speed -1: expected 0 (at once) to 100000")]
    [InlineData("--audit-policy", "p.yaml", "--audit-policy needs --audit-log")]
    public async Task What_cannot_be_meant_is_refused_in_one_line(string flag, string value, string message)
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "cluster", "start", flag, value);
        Assert.Equal((2, string.Empty), (exit, output.Trim()));
        Assert.StartsWith($"error: {message}", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    internal static async Task<Node> ReadyAsync(Bowline cluster)
    {
        await cluster.WaitForOutputAsync("}", Patience);
        return JsonReader.Read(Encoding.UTF8.GetBytes(cluster.Output.Trim().Split('\n')[0]));
    }

    internal static HttpClient TlsClient(ClusterConnection connection, string? name = null)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(connection.CertificateAuthority!);
        SocketsHttpHandler handler = new();
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, TargetHost = name };
        if (name is null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(connection.ClientCertificate!, connection.ClientKey!)];
        }
        else
        {
            // The certificate has to be good for the asked name, not for the address that is dialled.
            handler.ConnectCallback = async (_, cancellation) =>
            {
                System.Net.Sockets.Socket socket = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(connection.Server.Host, connection.Server.Port, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler) { BaseAddress = name is null ? connection.Server : new Uri($"https://{name}:{connection.Server.Port}") };
    }

    private static async Task<int> StatusAsync(HttpClient client, string path, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }
}
