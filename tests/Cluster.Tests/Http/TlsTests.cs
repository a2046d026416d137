using System.Security.Cryptography.X509Certificates;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Tests.Http;

public sealed class TlsTests
{
    [Fact]
    public async Task An_unknown_authority_is_named()
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpCluster cluster = api.Connect(connection => connection with { CertificateAuthority = new TestCertificates().AuthorityPem });
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default));
        Assert.Equal("Unreachable", error.Reason);
        Assert.Contains("unknown authority (CN=test-authority)", error.Message);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_unless_told_to_expect_it()
    {
        await using TestApi api = await TestApi.StartAsync(new TestCertificates("kubernetes.example"));
        using HttpCluster strict = api.Connect();
        Assert.Contains("another name", (await Assert.ThrowsAsync<ClusterException>(() => strict.DiscoverAsync(default))).Message);
        using HttpCluster told = api.Connect(connection => connection with { TlsServerName = "kubernetes.example" });
        await told.DiscoverAsync(default);
        using HttpCluster careless = api.Connect(connection => connection with { CertificateAuthority = null, SkipTlsVerify = true });
        await careless.DiscoverAsync(default);
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        await using TestApi api = await TestApi.StartAsync(new TestCertificates(expires: new DateTimeOffset(DateTime.UtcNow, TimeSpan.Zero).AddDays(-1)));
        using HttpCluster cluster = api.Connect();
        Assert.Contains("valid from", (await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default))).Message);
    }

    [Fact]
    public async Task A_servers_own_certificate_can_be_its_authority()
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpCluster cluster = api.Connect(connection => connection with { CertificateAuthority = api.Certificates.Server.ExportCertificatePem() });
        await cluster.DiscoverAsync(default);
    }

    [Fact]
    public async Task A_client_certificate_is_presented()
    {
        await using TestApi api = await TestApi.StartAsync(clientCertificates: true);
        X509Certificate2? presented = null;
        api.Before = context =>
        {
            presented = context.Connection.ClientCertificate;
            return Task.FromResult(false);
        };
        X509Certificate2 client = api.Certificates.Client;
        using HttpCluster cluster = api.Connect(connection => connection with
        {
            ClientCertificate = client.ExportCertificatePem(),
            ClientKey = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
        });
        await cluster.DiscoverAsync(default);
        Assert.Equal(client.Thumbprint, presented!.Thumbprint);
    }

    [Fact]
    public async Task A_port_without_TLS_is_said_to_be_one()
    {
        await using TestApi api = await TestApi.StartAsync(secure: false);
        using HttpCluster plain = api.Connect();
        await plain.DiscoverAsync(default);
        using HttpCluster cluster = api.Connect(connection => connection with { Server = new UriBuilder(connection.Server) { Scheme = "https" }.Uri });
        Assert.Contains("does not speak TLS", (await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default))).Message);
    }

    [Fact]
    public async Task A_token_is_read_from_its_file_again_when_the_server_refuses_it()
    {
        await using TestApi api = await TestApi.StartAsync();
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "old\n");
        api.Before = async context =>
        {
            bool refused = context.Request.Headers.Authorization != "Bearer new";
            if (refused)
            {
                await File.WriteAllTextAsync(file, "new\n");
                await TestApi.AnswerAsync(context, 401, TestApi.Status(401, "Unauthorized", "Unauthorized"));
            }

            return refused;
        };
        using HttpCluster cluster = api.Connect(connection => connection with { TokenFile = file });
        await cluster.GetRawAsync("/api", default);
        Assert.Equal(["HTTP/2 Bearer old", "HTTP/2 Bearer new"], api.Headers);
        File.Delete(file);
    }

    [Fact]
    public async Task A_credential_plugin_gives_the_token_and_shows_it_nowhere()
    {
        await using TestApi api = await TestApi.StartAsync();
        ExecPlugin plugin = new("sh", ["-c", """echo "{\"apiVersion\":\"v1\",\"status\":{\"token\":\"$TOKEN\"}}" """], "client.authentication.k8s.io/v1")
        {
            Environment = new Dictionary<string, string> { ["TOKEN"] = "from-plugin" },
        };
        using HttpCluster cluster = api.Connect(connection => connection with { Exec = plugin });
        await cluster.GetRawAsync("/api", default);
        await cluster.GetRawAsync("/api", default);
        Assert.Equal(["HTTP/2 Bearer from-plugin", "HTTP/2 Bearer from-plugin"], api.Headers);
        foreach (string script in (string[])["echo SECRET; exit 3", "echo SECRET"])
        {
            using HttpCluster broken = api.Connect(connection => connection with { Exec = plugin with { Arguments = ["-c", script] } });
            ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => broken.GetRawAsync("/api", default));
            Assert.Contains("credential plugin sh", error.Message);
            Assert.DoesNotContain("SECRET", error.ToString());
        }
    }

    [Theory]
    [InlineData("sleep 600", "gives no answer within 0.5 s")]
    [InlineData("yes", "prints more than")]
    public async Task A_credential_plugin_that_hangs_or_never_stops_printing_is_ended_with_its_children(string script, string expected)
    {
        await using TestApi api = await TestApi.StartAsync();
        string file = Path.GetTempFileName();
        ExecPlugin plugin = new("sh", ["-c", $"echo $$ > {file}; {script} | cat"], "client.authentication.k8s.io/v1");
        HttpClusterOptions options = HttpClusterOptions.Default with { RequestTimeout = expected.StartsWith("gives", StringComparison.Ordinal) ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(60) };
        using HttpCluster cluster = api.Connect(connection => connection with { Exec = plugin }, options);
        Assert.Contains($"the credential plugin sh {expected}", (await Assert.ThrowsAsync<ClusterException>(() => cluster.GetRawAsync("/api", default))).Message);
        await Eventually.True(() => !Directory.Exists($"/proc/{File.ReadAllText(file).Trim()}"), "the program's end");
        File.Delete(file);
    }

    [Fact]
    public async Task A_missing_credential_plugin_is_said_with_how_to_come_by_it()
    {
        await using TestApi api = await TestApi.StartAsync();
        ExecPlugin plugin = new("bowline-no-such-login", [], "client.authentication.k8s.io/v1") { InstallHint = "Ask the platform team." };
        using HttpCluster cluster = api.Connect(connection => connection with { Exec = plugin });
        Assert.EndsWith("cannot be started; is it on the PATH? Ask the platform team.", (await Assert.ThrowsAsync<ClusterException>(() => cluster.GetRawAsync("/api", default))).Message);
    }

    [Fact]
    public async Task Requests_are_sent_in_the_name_of_whom_the_kubeconfig_says()
    {
        await using TestApi api = await TestApi.StartAsync();
        List<string> seen = [];
        api.Before = context =>
        {
            seen.AddRange(context.Request.Headers.Where(header => header.Key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)).Select(header => $"{header.Key}={string.Join("|", header.Value.ToArray())}".ToLowerInvariant()).Order());
            return Task.FromResult(false);
        };
        using HttpCluster cluster = api.Connect(connection => connection with
        {
            As = new Impersonation("jane") { Uid = "7", Group = "dev", Extra = new Dictionary<string, string> { ["example.com/scopes"] = "read" } },
        });
        await cluster.GetRawAsync("/api", default);
        Assert.Equal(["impersonate-extra-example.com%2fscopes=read", "impersonate-group=dev", "impersonate-uid=7", "impersonate-user=jane"], seen);
    }

    [Fact]
    public async Task Whose_credentials_are_refused_and_where_is_said()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Before = async context =>
        {
            await TestApi.AnswerAsync(context, 401, TestApi.Status(401, "Unauthorized", "Unauthorized"));
            return true;
        };
        using HttpCluster cluster = api.Connect(connection => connection with { Token = "SECRET" });
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.DiscoverAsync(default));
        Assert.Equal(401, error.Status);
        Assert.Contains($"localhost:{api.Connection.Server.Port} (test) does not know who asks (Unauthorized): the token is wrong, has expired", error.Message);
        Assert.DoesNotContain("SECRET", error.ToString());
    }

    [Fact]
    public async Task A_credential_plugin_may_give_a_client_certificate_and_is_told_the_cluster()
    {
        X509Certificate2? presented = null;
        await using TestApi api = await TestApi.StartAsync(clientCertificates: true);
        api.Before = context =>
        {
            presented = context.Connection.ClientCertificate;
            return Task.FromResult(false);
        };
        X509Certificate2 client = api.Certificates.Client;
        string folder = Directory.CreateTempSubdirectory("bowline-test-").FullName;
        string answer = Path.Combine(folder, "answer.json");
        await File.WriteAllTextAsync(answer, JsonWriter.ToText(new MapNode
        {
            ["status"] = new MapNode { ["clientCertificateData"] = client.ExportCertificatePem(), ["clientKeyData"] = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() },
        }));
        ExecPlugin plugin = new("sh", ["-c", $"echo \"$KUBERNETES_EXEC_INFO\" > {folder}/asked; cat {answer}"], "client.authentication.k8s.io/v1") { ProvideClusterInfo = true, ClusterConfig = new MapNode { ["audience"] = "prod" } };
        using HttpCluster cluster = api.Connect(connection => connection with { Exec = plugin });
        await cluster.GetRawAsync("/api", default);
        Assert.Equal(client.Thumbprint, presented?.Thumbprint);
        Node asked = JsonReader.Read(await File.ReadAllTextAsync(Path.Combine(folder, "asked")));
        Assert.Equal(api.Connection.Server.ToString().TrimEnd('/'), asked.At("spec", "cluster", "server")!.AsString());
        Assert.Equal("prod", asked.At("spec", "cluster", "config", "audience")!.AsString());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_redirect_does_not_take_the_credentials_elsewhere()
    {
        await using TestApi api = await TestApi.StartAsync();
        await using TestApi thief = await TestApi.StartAsync(api.Certificates);
        api.Before = context =>
        {
            context.Response.Redirect(new Uri(thief.Connection.Server, "/api").ToString());
            return Task.FromResult(true);
        };
        using HttpCluster cluster = api.Connect(connection => connection with { Token = "secret" });
        await Assert.ThrowsAsync<ClusterException>(() => cluster.GetRawAsync("/api", default));
        Assert.Empty(thief.Requests);
    }
}
