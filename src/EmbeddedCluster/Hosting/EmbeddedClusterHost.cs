using System.Net;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Defaulting;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>How to start an embedded cluster.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>The context's name.</summary>
    public string Name { get; init; } = "bowline";

    /// <summary>0 takes any free port. The server listens on 127.0.0.1 only.</summary>
    public int Port { get; init; }

    /// <summary>Where objects and certificates live on; null keeps everything in memory.</summary>
    public string? StateDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where service addresses come from; its first address is the <c>kubernetes</c> Service.</summary>
    public string ServiceSubnet { get; init; } = "10.96.0.0/12";

    /// <summary>
    /// Webhooks behind a Service that does not exist or has no endpoints are passed over with a warning, where a real cluster
    /// would refuse by their failure policy.
    /// </summary>
    public bool AssumeWebhookServices { get; init; }
}

/// <summary>A Kubernetes API server in this process, on a loopback port of its own, with its store.</summary>
public sealed class EmbeddedClusterHost : IAsyncDisposable
{
    private readonly ObjectStore store;
    private readonly HttpFront front;
    private readonly ClusterCertificates certificates;
    private readonly AdmissionChain admission;

    private EmbeddedClusterHost(EmbeddedClusterOptions options, ObjectStore store, HttpFront front, ClusterCertificates certificates, AdmissionChain admission, ICluster cluster)
    {
        Options = options;
        this.store = store;
        this.front = front;
        this.certificates = certificates;
        this.admission = admission;
        Cluster = cluster;
    }

    public EmbeddedClusterOptions Options { get; }

    public string Name => Options.Name;

    /// <summary><c>https://127.0.0.1:port</c>.</summary>
    public Uri Server => new($"https://127.0.0.1:{front.Port}");

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
        await store.DisposeAsync().ConfigureAwait(false);
        certificates.Dispose();
    }

    private static async Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, ObjectStore store, CancellationToken cancellationToken)
    {
        ClusterCertificates certificates = ClusterCertificates.Load(options.StateDirectory, options.Time);
        KindRegistry kinds = new();
        AdmissionChain admission = new(store, kinds, Webhooks(options));
        ResourceService service = new(store, kinds, admission, options.Time, IPNetwork.Parse(options.ServiceSubnet));
        DefinitionWatcher definitions = new(store, kinds, options.Time);
        service.DefinitionsChanged = definitions.Refresh;
        definitions.DeleteInstance = service.DeleteInstance;
        definitions.Refresh();
        Bootstrap.Fill(store, options.Time, options.ServiceSubnet);
        TokenIssuer tokens = new(certificates.TokenKey, options.Time);
        SubresourceService subresources = new(service, tokens);
        ApiHandler handler = new(service, subresources, tokens);
        HttpFront front = await HttpFront.StartAsync(handler, certificates, options, cancellationToken).ConfigureAwait(false);
        InProcessCluster cluster = new(options.Name, service, subresources);
        return new EmbeddedClusterHost(options, store, front, certificates, admission, cluster);
    }

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
        IsSimulatedNode = static node => node.At("metadata", "labels", SimulatedNodes.Label)?.AsString() == "true",
    };
}
