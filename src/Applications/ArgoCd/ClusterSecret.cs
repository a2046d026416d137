using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bowline.Cluster.Kubeconfig;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// One of Argo CD's cluster Secrets (https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters): how to reach a cluster that
/// applications may name as their destination. Prints its name and server, never a secret.
/// </summary>
/// <param name="Name">What destinations may call it; the server where the Secret gives it no name, as in Argo CD.</param>
/// <param name="Server">Address without a slash at its end.</param>
/// <param name="Project">The project that it belongs to; empty for none.</param>
public sealed record ClusterSecret(string Name, string Server, string Project)
{
    /// <summary>The address that means the cluster which holds the Applications.</summary>
    public const string LocalServer = "https://kubernetes.default.svc";

    /// <summary>The name of that cluster unless a Secret gives it another.</summary>
    public const string LocalName = "in-cluster";

    /// <summary>Selects cluster Secrets by their label.</summary>
    public const string Selector = RepositorySecrets.TypeLabel + "=cluster";

    private readonly MapNode secret = [];

    /// <summary>What <c>metadata.name</c> calls the Secret.</summary>
    public string SecretName => secret.At("metadata", "name")?.AsString() ?? string.Empty;

    /// <summary>The only namespaces that may be looked at and delivered to; empty for all.</summary>
    public IReadOnlyList<string> Namespaces { get; private init; } = [];

    /// <summary>Where <see cref="Namespaces"/> are named: whether objects without a namespace are delivered all the same.</summary>
    public bool ClusterResources { get; private init; }

    /// <summary>Equal as long as the cluster is reached in the same way.</summary>
    public string Fingerprint { get; private init; } = string.Empty;

    public static bool IsOne(MapNode item) =>
        item["kind"]?.AsString() == "Secret" && item.At("metadata", "labels", RepositorySecrets.TypeLabel)?.AsString() == "cluster";

    public static ClusterSecret Read(MapNode secret)
    {
        string Field(string key) => RepositorySecret.Value(secret, key).Trim();
        string server = Field("server").TrimEnd('/');
        string[] said = [.. new[] { "name", "server", "config", "namespaces", "clusterResources" }.Select(Field)];
        return new ClusterSecret(Field("name") is { Length: > 0 } name ? name : RepositoryUrl.Redact(server), server, Field("project"), secret)
        {
            Namespaces = [.. Field("namespaces").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
            ClusterResources = Field("clusterResources") == "true",
            Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', said)))),
        };
    }

    private ClusterSecret(string name, string server, string project, MapNode secret)
        : this(name, server, project) => this.secret = secret;

    /// <summary>How to reach the cluster.</summary>
    /// <param name="allowedPrograms">Programs that may be run to log in, by name.</param>
    /// <exception cref="ApplicationException">The Secret does not say it, or asks for what is not allowed or not done; no value is quoted.</exception>
    public ClusterConnection Connect(IReadOnlySet<string> allowedPrograms)
    {
        MapNode config = ReadConfig();
        MapNode tls = config["tlsClientConfig"] as MapNode ?? [];
        if (config["awsAuthConfig"] is MapNode)
        {
            throw Wrong("logs in by awsAuthConfig, for which Bowline has no client of AWS; use execProviderConfig (aws eks get-token, allowed by --allow-exec aws) or a service account's bearerToken");
        }

        ClusterConnection connection = new(Name, Address(Server, "server", "https", "http"))
        {
            CertificateAuthority = Pem(tls, "caData"),
            ClientCertificate = Pem(tls, "certData"),
            ClientKey = Pem(tls, "keyData"),
            SkipTlsVerify = tls["insecure"]?.AsBool() == true,
            TlsServerName = NullIfEmpty(Text(tls, "serverName")),
            Token = NullIfEmpty(Text(config, "bearerToken")),
            Username = NullIfEmpty(Text(config, "username")),
            Password = NullIfEmpty(Text(config, "password")),
            Proxy = Text(config, "proxyUrl") is { Length: > 0 } proxy ? Address(proxy, "proxyUrl", "http", "https", "socks5") : null,
            DisableCompression = config["disableCompression"]?.AsBool() == true,
            Exec = config["execProviderConfig"] is MapNode exec ? ReadExec(exec, allowedPrograms) : null,
        };
        return connection switch
        {
            { SkipTlsVerify: true, CertificateAuthority: not null } => throw Wrong("has tlsClientConfig.caData and insecure: true, which exclude each other"),
            { ClientCertificate: null, ClientKey: not null } => throw Wrong("has tlsClientConfig.keyData without certData"),
            { ClientCertificate: not null, ClientKey: null } => throw Wrong("has tlsClientConfig.certData without keyData"),
            { Token: not null, Username: not null } => throw Wrong("has a bearerToken and a username, which exclude each other"),
            _ => connection,
        };
    }

    public override string ToString() => $"cluster {Name} ({ShownServer}, Secret {SecretName})";

    /// <summary>The server as it may be printed: an address may hold a password, by mistake.</summary>
    internal string ShownServer => RepositoryUrl.Redact(Server);

    private MapNode ReadConfig()
    {
        string text = RepositorySecret.Value(secret, "config");
        if (text.Trim().Length == 0)
        {
            return [];
        }

        try
        {
            return JsonReader.Read(Encoding.UTF8.GetBytes(text)) as MapNode ?? throw Wrong("has a config that is no JSON object");
        }
        catch (JsonException broken)
        {
            // The reader's words may quote the text, which holds keys and tokens.
            throw Wrong($"has a config that is not JSON (line {(broken.LineNumber ?? 0) + 1})");
        }
    }

    private ExecPlugin ReadExec(MapNode exec, IReadOnlySet<string> allowed)
    {
        string command = Text(exec, "command");
        // A path could name any program that happens to be called like an allowed one.
        if (!allowed.Contains(command) || command.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            throw Wrong($"runs the program {command} to log in (execProviderConfig), which is not allowed; allow it by its name (--allow-exec {Path.GetFileName(command)}), with which it has to stand in the Secret, or use a bearerToken");
        }

        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach ((string key, Node value) in exec["env"] as MapNode ?? [])
        {
            environment[key] = ArgoCdDialect.Text(value);
        }

        return new ExecPlugin(command, ArgoCdDialect.Texts(exec["args"]), Text(exec, "apiVersion") is { Length: > 0 } version ? version : "client.authentication.k8s.io/v1beta1")
        {
            Environment = environment,
            ProvideClusterInfo = true,
        };
    }

    /// <summary>Go keeps bytes in JSON as base64.</summary>
    private string? Pem(MapNode tls, string key)
    {
        string text = Text(tls, key);
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw Wrong($"has a tlsClientConfig.{key} that is not base64 of PEM");
        }
    }

    private Uri Address(string text, string key, params string[] schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && schemes.Contains(address.Scheme) && (key != "server" || address.UserInfo.Length == 0)
            ? address
            : throw Wrong($"has a {key} that is not an address ({string.Join(", ", schemes)}{(key == "server" ? ", without user" : string.Empty)})");

    private ApplicationException Wrong(string what) => new($"{this} {what}");

    private static string Text(MapNode map, string key) => ArgoCdDialect.Text(map[key]);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
