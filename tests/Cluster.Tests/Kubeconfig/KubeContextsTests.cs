using System.Text;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Tests.Kubeconfig;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class KubeContextsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bowline-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_context_is_put_together_from_its_parts()
    {
        File.WriteAllText(Path.Combine(folder, "ca.pem"), "CA");
        string file = Write("config", $$"""
            apiVersion: v1
            kind: Config
            current-context: dev
            clusters:
            - name: c
              cluster: {server: "https://example.com:6443/prefix/", certificate-authority: ca.pem, tls-server-name: k8s, proxy-url: "http://proxy:3128"}
            users:
            - name: u
              user:
                client-certificate-data: {{Base64("CERT")}}
                client-key-data: {{Base64("KEY")}}
                token: secret-token
                tokenFile: token
            contexts:
            - name: dev
              context: {cluster: c, user: u, namespace: team}
            """);
        ClusterConnection connection = KubeContexts.Read([file]).Connection();
        Assert.Equal(new Uri("https://example.com:6443/prefix/"), connection.Server);
        Assert.Equal(("CA", "CERT", "KEY"), (connection.CertificateAuthority, connection.ClientCertificate, connection.ClientKey));
        Assert.Equal(("k8s", new Uri("http://proxy:3128"), "team"), (connection.TlsServerName, connection.Proxy, connection.Namespace));
        Assert.Equal(("secret-token", Path.Combine(folder, "token")), (connection.Token, connection.TokenFile));
        Assert.DoesNotContain("secret-token", connection.ToString());
        Assert.DoesNotContain("KEY", connection.ToString());
    }

    [Fact]
    public void Of_several_files_the_first_to_say_something_wins()
    {
        string first = Write("first", """
            current-context: ""
            clusters: [{name: c, cluster: {server: "https://first"}}]
            contexts: [{name: one, context: {cluster: c}}]
            """);
        string second = Write("second", """
            current-context: two
            clusters: [{name: c, cluster: {server: "https://second"}}, {name: d, cluster: {server: d.example:1}}]
            contexts: [{name: two, context: {cluster: d}}]
            """);
        KubeContexts contexts = KubeContexts.Read([first, second]);
        Assert.Equal("two", contexts.Current);
        Assert.Equal(["one", "two"], contexts.Names.Order());
        Assert.Equal("first", contexts.Connection("one").Server.Host);
        Assert.Equal(new Uri("https://d.example:1"), contexts.Connection().Server);
    }

    [Theory]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x', certificate-authority-data: 'SECRET!!'}}]", "certificate-authority-data is not base64")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://SECRET@x'}}]", "server is not")]
    [InlineData("clusters: [{name: c, cluster: {server: 'file:///etc'}}]", "server is not")]
    [InlineData("clusters: [{name: c, cluster: {}}]", "has no server")]
    [InlineData("clusters: []", "names cluster c")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {exec: {command: /tmp/evil, env: [{name: A, value: SECRET}]}}}]", "not allowed")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {client-key-data: U0VDUkVU}}]", "without certificate")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {token: [SECRET]}}]", "token is not text")]
    [InlineData("users: [{name: u, user: {token: \"SECRET}}]", "not valid YAML")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {as-groups: [dev]}}]", "without as")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {as: jane, as-groups: [dev, ops]}}]", "only one can be sent")]
    [InlineData("clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {exec: {command: aws, interactiveMode: Always}}}]", "asks nothing")]
    public void Errors_name_file_and_line_and_no_secret(string text, string expected)
    {
        string file = Write("bad", "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n" + text
            + (text.Contains("users:", StringComparison.Ordinal) ? "" : "\nusers: [{name: u, user: {}}]"));
        ClusterException error = Assert.Throws<ClusterException>(() => KubeContexts.Read([file], new KubeconfigOptions { AllowedExecPlugins = new HashSet<string> { "aws" } }).Connection());
        Assert.Equal("InvalidKubeconfig", error.Reason);
        Assert.Matches("^.*bad:[0-9]+:", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("SECRET", error.ToString());
    }

    [Fact]
    public void An_exec_plugin_allowed_by_name_is_taken_but_not_by_path()
    {
        string file = Write("exec", """
            clusters: [{name: c, cluster: {server: 'https://x'}}]
            users: [{name: u, user: {exec: {command: aws, args: [eks], apiVersion: client.authentication.k8s.io/v1beta1}}}, {name: v, user: {exec: {command: ./aws}}}]
            contexts: [{name: u, context: {cluster: c, user: u}}, {name: v, context: {cluster: c, user: v}}]
            """);
        KubeContexts contexts = KubeContexts.Read([file], new KubeconfigOptions { AllowedExecPlugins = new HashSet<string> { "aws", "./aws" } });
        Assert.Equal(["eks"], contexts.Connection("u").Exec!.Arguments);
        Assert.Throws<ClusterException>(() => contexts.Connection("v"));
    }

    [Fact]
    public void Whom_to_act_as_is_read()
    {
        string file = Write("as", """
            current-context: x
            clusters: [{name: c, cluster: {server: 'https://x'}}]
            users: [{name: u, user: {token: t, as: jane, as-uid: "7", as-groups: [dev], as-user-extra: {scopes: [read]}}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """);
        Impersonation other = KubeContexts.Read([file]).Connection().As!;
        Assert.Equal(("jane", "7", "dev", "read"), (other.User, other.Uid, other.Group, other.Extra["scopes"]));
    }

    [Fact]
    public void A_missing_context_names_those_there_are()
    {
        string file = Write("some", "contexts: [{name: a, context: {}}, {name: b, context: {}}]");
        Assert.Contains("there are a, b", Assert.Throws<ClusterException>(() => KubeContexts.Read([file]).Connection("c")).Message);
        Assert.Contains("runs in a pod, and this one does not", Assert.Throws<ClusterException>(() => KubeContexts.Read([file], new KubeconfigOptions { ServiceAccountFolder = folder }).Connection("in-cluster")).Message);
        Assert.Contains("no such file", Assert.Throws<ClusterException>(() => KubeContexts.Read([Path.Combine(folder, "none")])).Message);
    }

    [Fact]
    public async Task Writing_keeps_what_others_wrote_and_is_for_the_owner_only()
    {
        string file = Write("config", """
            apiVersion: v1
            kind: Config
            preferences: {colors: true}
            current-context: theirs
            clusters: [{name: theirs, cluster: {server: "https://theirs", extensions: [{name: x, extension: {y: 1}}]}}]
            contexts: [{name: theirs, context: {cluster: theirs, user: theirs}}]
            users: [{name: theirs, user: {token: abc}}]
            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        ClusterConnection connection = new("bowline-dev", new Uri("https://127.0.0.1:7443")) { CertificateAuthority = "CA", Token = "t", Namespace = "n" };
        await KubeconfigWriter.WriteAsync(file, connection, makeCurrent: false, TimeProvider.System, default);
        await KubeconfigWriter.WriteAsync(file, connection with { Token = "t2" }, makeCurrent: false, TimeProvider.System, default);
        KubeContexts contexts = KubeContexts.Read([file]);
        Assert.Equal("theirs", contexts.Current);
        Assert.Equal("abc", contexts.Connection().Token);
        Assert.Equal(connection with { Token = "t2" }, contexts.Connection("bowline-dev"));
        Assert.Contains("colors: true", File.ReadAllText(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        await KubeconfigWriter.WriteAsync(file, connection, makeCurrent: true, TimeProvider.System, default);
        await KubeconfigWriter.RemoveAsync(file, "bowline-dev", TimeProvider.System, default);
        contexts = KubeContexts.Read([file]);
        Assert.Equal(["theirs"], contexts.Names);
        Assert.Equal("", contexts.Current);
        Assert.Equal(["config"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Two_writers_at_once_lose_nothing()
    {
        string file = Path.Combine(folder, "new", "config");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() =>
            KubeconfigWriter.WriteAsync(file, new ClusterConnection($"c{i}", new Uri("https://x")), false, TimeProvider.System, default))));
        Assert.Equal(20, KubeContexts.Read([file]).Names.Count);
    }

    [Fact]
    public void In_cluster_is_the_pods_own_service_account_where_there_is_one()
    {
        KubeContexts contexts = KubeContexts.Read([], new KubeconfigOptions { ServiceAccountFolder = folder });
        Assert.Throws<ClusterException>(() => contexts.Connection("in-cluster"));
        Write("token", "t");
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", "10.0.0.1");
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_PORT", "443");
        try
        {
            ClusterConnection own = contexts.Connection("in-cluster");
            Assert.Equal(("https://10.0.0.1/", Path.Combine(folder, "token")), (own.Server.ToString(), own.TokenFile));
        }
        finally
        {
            Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", null);
            Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_PORT", null);
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
