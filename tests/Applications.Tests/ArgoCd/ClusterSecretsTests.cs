using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Kubeconfig;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Tests.ArgoCd;

public sealed class ClusterSecretsTests
{
    private const string Pem = "LS0tLS1CRUdJTg==";
    private static readonly HashSet<string> Allowed = ["aws"];

    [Fact]
    public void Every_way_of_logging_in_becomes_the_connection_and_is_never_printed()
    {
        ClusterSecret secret = Secret("east", "https://east.example.com:6443/", $$$"""
            {"bearerToken": "t0ken", "disableCompression": true, "proxyUrl": "http://user:pass@proxy:3128",
             "tlsClientConfig": {"serverName": "kube.east", "caData": "{{{Pem}}}", "certData": "{{{Pem}}}", "keyData": "{{{Pem}}}"}}
            """, ("namespaces", "a, b"), ("clusterResources", "true"), ("project", "team"), ("shard", "3"));
        ClusterConnection connection = secret.Connect(Allowed);
        Assert.Equal(("east", "https://east.example.com:6443", "team"), (secret.Name, secret.Server, secret.Project));
        Assert.Equal(["a", "b"], secret.Namespaces);
        Assert.True(secret.ClusterResources);
        Assert.Equal(("east", "https://east.example.com:6443/", "t0ken", "kube.east"), (connection.Name, connection.Server.ToString(), connection.Token, connection.TlsServerName));
        Assert.Equal(("-----BEGIN", "-----BEGIN", "-----BEGIN"), (connection.CertificateAuthority, connection.ClientCertificate, connection.ClientKey));
        Assert.Equal((true, "proxy"), (connection.DisableCompression, connection.Proxy!.Host));
        Assert.DoesNotContain("t0ken", $"{secret}{connection}");

        ClusterConnection basic = Secret("b", "https://b", """{"username": "u", "password": "p", "tlsClientConfig": {"insecure": true}}""").Connect(Allowed);
        Assert.Equal(("u", "p", true), (basic.Username, basic.Password, basic.SkipTlsVerify));

        ExecPlugin exec = Secret("e", "https://e", """{"execProviderConfig": {"command": "aws", "args": ["eks", "get-token"], "env": {"AWS_REGION": "eu-west-1"}, "apiVersion": "client.authentication.k8s.io/v1"}}""").Connect(Allowed).Exec!;
        Assert.Equal(("aws", "eks get-token", "eu-west-1", "client.authentication.k8s.io/v1"), (exec.Command, string.Join(' ', exec.Arguments), exec.Environment["AWS_REGION"], exec.ApiVersion));
    }

    [Theory]
    [InlineData("""{"bearerToken": "s3cret"x}""", "has a config that is not JSON (line 1)")]
    [InlineData("""["s3cret"]""", "has a config that is no JSON object")]
    [InlineData("""{"awsAuthConfig": {"clusterName": "c"}, "bearerToken": "s3cret"}""", "logs in by awsAuthConfig")]
    [InlineData("""{"execProviderConfig": {"command": "/tmp/aws", "args": ["s3cret"]}}""", "runs the program /tmp/aws to log in (execProviderConfig), which is not allowed; allow it by its name (--allow-exec aws)")]
    [InlineData("""{"execProviderConfig": {"command": "gke-gcloud-auth-plugin", "env": {"A": "s3cret"}}}""", "--allow-exec gke-gcloud-auth-plugin")]
    [InlineData("""{"tlsClientConfig": {"insecure": true, "caData": "LS0t"}}""", "exclude each other")]
    [InlineData("""{"tlsClientConfig": {"caData": "s3cret%"}}""", "tlsClientConfig.caData that is not base64")]
    [InlineData("""{"tlsClientConfig": {"certData": "LS0t"}}""", "certData without keyData")]
    [InlineData("""{"username": "u", "bearerToken": "s3cret"}""", "exclude each other")]
    [InlineData("""{"proxyUrl": "s3cret"}""", "has a proxyUrl that is not an address")]
    public void What_cannot_be_used_is_refused_with_the_Secrets_name_and_without_its_values(string config, string reason)
    {
        ApplicationException refused = Assert.Throws<ApplicationException>(() => Secret("east", "https://east", config).Connect(Allowed));
        Assert.StartsWith("cluster east (https://east, Secret east-secret) ", refused.Message);
        Assert.Contains(reason, refused.Message);
        Assert.DoesNotContain("s3cret", refused.Message);
    }

    [Fact]
    public void A_destination_means_one_cluster_or_says_why_not()
    {
        ClusterSecrets clusters = Clusters(Item("east", "https://east/"), Item("twin", "https://one"), Item("twin", "https://two", secret: "twin-2"), Item("home", "https://kubernetes.default.svc"));
        string Resolve(string server, string name) => clusters.Resolve(new Destination { Server = server, Name = name }, new Uri("https://127.0.0.1:6443"))?.Server ?? "own";
        Assert.Equal(["https://east", "https://east", "https://east", "own", "own", "own", "own", "own"], [
            Resolve("https://east", ""), Resolve("https://east/", ""), Resolve("", "east"), Resolve("", ""), Resolve("https://kubernetes.default.svc", ""), Resolve("", "in-cluster"), Resolve("", "home"), Resolve("https://127.0.0.1:6443/", "")]);
        string Fails(string server, string name) => Assert.Throws<ApplicationException>(() => Resolve(server, name)).Message;
        Assert.Equal("there are 2 clusters with the same name: [https://two https://one]", Fails("", "twin"));
        Assert.Equal("application destination can't have both name and server defined: east https://east", Fails("https://east", "east"));
        Assert.Equal("there are no clusters with this name: west; there are east (https://east), home (https://kubernetes.default.svc), twin (https://two), twin (https://one)", Fails("", "west"));
        Assert.StartsWith("error getting cluster by server \"https://west\": no cluster Secret describes it", Fails("https://west", ""));
        Assert.Contains("is disabled in argocd-cm", Assert.Throws<ApplicationException>(() => ClusterSecrets.Read([], hasLocal: false).Resolve(new Destination { Name = "in-cluster" }, null)).Message);
    }

    [Fact]
    public void A_password_that_was_written_into_an_address_is_not_printed()
    {
        ClusterSecret nameless = Secret(string.Empty, "https://user:s3cret@east:6443", "{}");
        ClusterSecrets clusters = Clusters(Item(string.Empty, "https://user:s3cret@east:6443"), Item("twin", "https://u:s3cret@one"), Item("twin", "https://two", secret: "twin-2"));
        string[] said =
        [
            $"{nameless}", nameless.Name,
            Assert.Throws<ApplicationException>(() => nameless.Connect(Allowed)).Message,
            Assert.Throws<ApplicationException>(() => clusters.Resolve(new Destination { Name = "west" }, null)).Message,
            Assert.Throws<ApplicationException>(() => clusters.Resolve(new Destination { Name = "twin" }, null)).Message,
            Assert.Throws<ApplicationException>(() => clusters.Resolve(new Destination { Server = "https://x:s3cret@west" }, null)).Message,
        ];
        Assert.All(said, text => Assert.DoesNotContain("s3cret", text));
        Assert.Contains("***@east:6443", said[0]);
    }

    private static ClusterSecret Secret(string name, string server, string config, params (string Key, string Value)[] more) => ClusterSecret.Read(Item(name, server, config, more: more));

    private static ClusterSecrets Clusters(params MapNode[] secrets) => ClusterSecrets.Read(secrets);

    private static MapNode Item(string name, string server, string config = "{}", string secret = "", params (string Key, string Value)[] more)
    {
        MapNode data = new() { ["name"] = name, ["server"] = server, ["config"] = config };
        foreach ((string key, string value) in more)
        {
            data[key] = value;
        }

        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new MapNode { ["name"] = secret.Length > 0 ? secret : $"{name}-secret", ["labels"] = new MapNode { ["argocd.argoproj.io/secret-type"] = "cluster" } },
            ["stringData"] = data,
        };
    }
}
