using System.Net;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Auditing;
using Bowline.EmbeddedCluster.Defaulting;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>A Kubernetes API server in this process, on a port of its own, with its store.</summary>
public sealed class EmbeddedClusterHost : IAsyncDisposable
{
    private readonly ObjectStore store;
    private readonly HttpFront front;
    private readonly ClusterCertificates certificates;
    private readonly AdmissionChain admission;
    private readonly AuditLog? audit;

    private EmbeddedClusterHost(EmbeddedClusterOptions options, ObjectStore store, HttpFront front, ClusterCertificates certificates, AdmissionChain admission, AuditLog? audit, ICluster cluster)
    {
        Options = options;
        this.store = store;
        this.front = front;
        this.certificates = certificates;
        this.admission = admission;
        this.audit = audit;
        Cluster = cluster;
    }

    /// <summary>The version of Kubernetes that the server says it is.</summary>
    public static string KubernetesVersion { get; } = EmbeddedData.Json("version.json")["gitVersion"]!.AsString()!;

    public EmbeddedClusterOptions Options { get; }

    public string Name => Options.Name;

    /// <summary><c>https://127.0.0.1:port</c>, or the one address that was asked for.</summary>
    public Uri Server => new UriBuilder("https", IPAddress.Any.Equals(Options.BindAddress) || IPAddress.IPv6Any.Equals(Options.BindAddress) ? "127.0.0.1" : Options.BindAddress.ToString(), front.Port).Uri;

    /// <summary>The API without a network between, with every right; for the controllers that live in this process.</summary>
    public ICluster Cluster { get; }

    /// <summary>PEM of the authority that signed the server's certificate.</summary>
    public string CertificateAuthority => certificates.AuthorityPem;

    /// <summary>PEM of the administrator's certificate (O=system:masters, CN=admin).</summary>
    public string ClientCertificate => certificates.AdminPem;

    /// <summary>PEM of the administrator's private key.</summary>
    public string ClientKey => certificates.AdminKeyPem;

    /// <summary>What recovery cut off or passed over in the state directory; null when all was whole.</summary>
    public string? RecoveryNote => store.RecoveryNote;

    /// <summary>A kubeconfig with one context named after the cluster.</summary>
    public string Kubeconfig => KubeconfigText.Of(this);

    public static async Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, CancellationToken cancellationToken)
    {
        string? data = options.StateDirectory is { } directory ? Path.Combine(directory, "store") : null;
        ObjectStore store = ObjectStore.Open(data);
        try
        {
            return await StartAsync(options, store, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await front.DisposeAsync().ConfigureAwait(false);
        admission.Dispose();
        if (audit is not null)
        {
            await audit.DisposeAsync().ConfigureAwait(false);
        }

        await store.DisposeAsync().ConfigureAwait(false);
        certificates.Dispose();
    }

    private static async Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, ObjectStore store, CancellationToken cancellationToken)
    {
        ClusterCertificates certificates = ClusterCertificates.Load(options.StateDirectory, ServerNames(options), options.Time);
        KindRegistry kinds = new();
        AdmissionChain admission = new(store, kinds, Webhooks(options));
        ResourceService service = new(store, kinds, admission, options.Time, IPNetwork.Parse(options.ServiceSubnet));
        DefinitionWatcher definitions = new(store, kinds, options.Time);
        service.DefinitionsChanged = definitions.Refresh;
        definitions.DeleteInstance = service.DeleteInstance;
        definitions.Refresh();
        Bootstrap.Fill(store, options.Time, options.ServiceSubnet);
        TokenCodec codec = new(certificates.TokenKey);
        TokenIssuer tokens = new(codec, options.Time);
        TokenAuthenticator authenticator = new(codec, store, options.Time, [.. options.Tokens.Select(token => (token.Token, UserOf(token)))]);
        SubresourceService subresources = new(service, tokens);
        ApiHandler handler = new(service, subresources, tokens, authenticator);
        AuditLog? audit = options.AuditLog is { } path
            ? AuditLog.Open(path, options.AuditPolicy is { } policy ? AuditPolicy.Parse(policy) : AuditPolicy.Default, options.Time)
            : null;
        HttpFront front = await HttpFront.StartAsync(handler, certificates, audit, options, cancellationToken).ConfigureAwait(false);
        InProcessCluster cluster = new(options.Name, service, subresources);
        return new EmbeddedClusterHost(options, store, front, certificates, admission, audit, cluster);
    }

    private static UserInfo UserOf(StaticToken token) => new(token.User, [.. token.Groups, "system:authenticated"]) { Uid = token.Uid };

    private static IReadOnlyList<string> ServerNames(EmbeddedClusterOptions options) =>
        [ServiceAllocator.First(IPNetwork.Parse(options.ServiceSubnet)), options.BindAddress.ToString(), .. options.ServerNames];

    private static WebhookSettings Webhooks(EmbeddedClusterOptions options) => new()
    {
        Time = options.Time,
        AssumeServices = options.AssumeWebhookServices,
        Convert = VersionConversion.Between,
        Decode = static (kind, node) =>
        {
            MapNode decoded = BodyReader.Canonical(kind, node, out _);
            Defaults.Apply(kind, decoded);
            return decoded;
        },
        IsSimulatedNode = static node => node.At("metadata", "labels", NodeAgent.Label)?.AsString() == "true",
    };
}
