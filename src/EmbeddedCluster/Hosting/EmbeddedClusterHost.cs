using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Aggregation;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Auditing;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Certificates;
using Bowline.EmbeddedCluster.Defaulting;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Languages.Cel.Functions;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>A Kubernetes API server in this process, on a port of its own, with its store.</summary>
public sealed class EmbeddedClusterHost : IAsyncDisposable
{
    private static readonly TimeSpan NotedFrom = TimeSpan.FromMinutes(1);
    private readonly ObjectStore store;
    private readonly HttpFront front;
    private readonly ClusterCertificates certificates;
    private readonly AdmissionChain admission;
    private readonly AuditLog? audit;
    private readonly CancellationTokenSource ending = new();
    private readonly Task aggregating;
    private readonly Task keeping;

    private EmbeddedClusterHost(EmbeddedClusterOptions options, ObjectStore store, HttpFront front, ClusterCertificates certificates, AdmissionChain admission, AuditLog? audit, ICluster cluster, KindRegistry kinds, RemoteServers remotes)
    {
        Options = options;
        this.store = store;
        this.front = front;
        this.certificates = certificates;
        this.admission = admission;
        this.audit = audit;
        Cluster = cluster;
        OwnObjects own = new(store, options, front.Port);
        own.Settle(starting: true);
        keeping = Task.Run(() => own.RunAsync(ending.Token));
        AggregatedServices aggregated = new(store, kinds, remotes, options.Time);
        aggregating = Task.Run(() => aggregated.RunAsync(ending.Token));
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

    /// <summary>What is to be said of the state that it started with: what recovery cut off or passed over, and a clock that is ahead. Mostly nothing.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>A kubeconfig with one context named after the cluster.</summary>
    public string Kubeconfig => KubeconfigText.Of(this);

    public static Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, CancellationToken cancellationToken) =>
        StartAsync(options, static (_, _) => Task.CompletedTask, cancellationToken);

    /// <summary>Starts something with the cluster's own API and its authority while the server gets ready to listen; returns when both are done.</summary>
    public static async Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, Func<ICluster, string, Task> beside, CancellationToken cancellationToken)
    {
        // Keys are made while the store is read, and read while the store is filled.
        Task<ClusterCertificates> certificates = Task.Run(() => ClusterCertificates.Load(options.StateDirectory, ServerNames(options), TrueTime(options.Time)), cancellationToken);
        string? data = options.StateDirectory is { } directory ? Path.Combine(directory, "store") : null;
        ObjectStore store = ObjectStore.Open(data);
        string?[] notes = [store.RecoveryNote, GoOn(options.Time as FasterTime, store)];
        try
        {
            return await StartAsync(options, store, certificates, [.. notes.OfType<string>()], beside, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // Kubectl checks the server's certificate by its own clock.
    private static TimeProvider TrueTime(TimeProvider time) => time is FasterTime faster ? faster.True : time;

    // A fast clock was ahead when the state was left: nodes said when they last lived. What began then would otherwise lie in the future.
    private static string? GoOn(FasterTime? time, ObjectStore store)
    {
        DateTimeOffset left = store.Snapshot("leases.coordination.k8s.io").In("kube-node-lease").Select(lease => lease.Node.At("spec", "renewTime").Time()).Max() ?? DateTimeOffset.MinValue;
        return time is not null && time.NotBefore(left) is var ahead && ahead >= NotedFrom
            ? $"the cluster's clock goes on at {left.Stamp()}, where it was left: it is {GoDuration.Format((long)ahead.TotalSeconds * 1_000_000_000)} ahead of this machine's"
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await front.DisposeAsync().ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(aggregating, keeping).ConfigureAwait(false);
        ending.Dispose();
        admission.Dispose();
        if (audit is not null)
        {
            await audit.DisposeAsync().ConfigureAwait(false);
        }

        await store.DisposeAsync().ConfigureAwait(false);
        certificates.Dispose();
    }

    private static async Task<EmbeddedClusterHost> StartAsync(EmbeddedClusterOptions options, ObjectStore store, Task<ClusterCertificates> loading, IReadOnlyList<string> notes, Func<ICluster, string, Task> beside, CancellationToken cancellationToken)
    {
        KindRegistry kinds = new();
        Authorizer authorizer = new(store);
        PolicySettings policies = Policies(store);
        AdmissionChain admission = new(
            store,
            kinds,
            Webhooks(options, policies),
            policies,
            (user, verb, signer) => authorizer.Decide(new AccessQuery(user, verb) { Group = "certificates.k8s.io", Resource = "signers", Name = signer }).Allowed,
            (quota, status) => QuotaBook.Write(store, kinds, options.Time, quota, status));
        ResourceService service = new(store, kinds, admission, options.Time, IPNetwork.Parse(options.ServiceSubnet));
        AuditLog? audit = options.AuditLog is { } path
            ? AuditLog.Open(path, options.AuditPolicy is { } policy ? AuditPolicy.Parse(policy) : AuditPolicy.Default, options.Time)
            : null;
        ServiceLookup services = new(store, NodeAgent.IsSimulated);
        RemoteServers remotes = new(store, services, new Lazy<X509Certificate2>(() => loading.GetAwaiter().GetResult().FrontProxy));
        TaskCompletionSource filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HttpFront> listening = Task.Run(() => ListenAsync(options, service, remotes, services, audit, loading, filled.Task, cancellationToken), cancellationToken);
        try
        {
            Fill(options, store, kinds, service);
            filled.SetResult();
            ClusterCertificates certificates = await loading.ConfigureAwait(false);
            Bootstrap.Trust(store, certificates.AuthorityPem);
            InProcessCluster cluster = new(options.Name, service, new SubresourceService(service, new TokenIssuer(new TokenCodec(certificates.TokenKey), options.Time)))
            {
                Issuer = Issuer(certificates, authorizer, options.Time),
            };
            Task working = beside(cluster, certificates.AuthorityPem);
            await Task.WhenAll(listening, working).ConfigureAwait(false);
            return new EmbeddedClusterHost(options, store, await listening.ConfigureAwait(false), certificates, admission, audit, cluster, kinds, remotes) { Notes = notes };
        }
        catch
        {
            filled.TrySetCanceled(CancellationToken.None);
            await AbandonAsync(listening).ConfigureAwait(false);
            throw;
        }
    }

    private static CertificateIssuer Issuer(ClusterCertificates certificates, Authorizer authorizer, TimeProvider time) => new(
        (asked, usages, life) => certificates.Issue(asked, usages, life, time),
        (user, groups, subresource) => authorizer.Decide(new AccessQuery(new UserInfo(user, groups), "create") { Group = "certificates.k8s.io", Resource = "certificatesigningrequests", Subresource = subresource }).Allowed);

    /// <summary>A server that listens already stops; one that never came to listen has nothing to stop.</summary>
    private static async Task AbandonAsync(Task<HttpFront> listening)
    {
        await Task.WhenAny(listening).ConfigureAwait(false);
        if (listening.IsCompletedSuccessfully)
        {
            await (await listening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void Fill(EmbeddedClusterOptions options, ObjectStore store, KindRegistry kinds, ResourceService service)
    {
        DefinitionWatcher definitions = new(store, kinds, options.Time);
        service.DefinitionsChanged = definitions.Refresh;
        definitions.DeleteInstance = service.DeleteInstance;
        definitions.Refresh();
        Bootstrap.Fill(store, options.Time, options.ServiceSubnet);
        service.SettleOwn();
        service.ForgetHistory();
    }

    private static async Task<HttpFront> ListenAsync(EmbeddedClusterOptions options, ResourceService service, RemoteServers remotes, ServiceLookup services, AuditLog? audit, Task<ClusterCertificates> loading, Task ready, CancellationToken cancellationToken)
    {
        ClusterCertificates certificates = await loading.ConfigureAwait(false);
        TokenCodec codec = new(certificates.TokenKey);
        TokenIssuer tokens = new(codec, options.Time);
        TokenAuthenticator authenticator = new(codec, service.Store, options.Time, [.. options.Tokens.Select(token => (token.Token, UserOf(token)))]);
        SubresourceService subresources = new(service, tokens);
        ApiHandler handler = new(service, subresources, tokens, authenticator, remotes, services, Flags(options));
        return await HttpFront.StartAsync(handler, certificates, audit, options, ready, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The options in kube-apiserver's words. Tokens are none of them.</summary>
    private static Dictionary<string, string> Flags(EmbeddedClusterOptions options) => new(StringComparer.Ordinal)
    {
        ["allow-privileged"] = "true",
        ["audit-log-path"] = options.AuditLog ?? string.Empty,
        ["authorization-mode"] = "[Node,RBAC]",
        ["bind-address"] = options.BindAddress.ToString(),
        ["secure-port"] = options.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["service-account-issuer"] = $"[{TokenIssuer.Issuer}]",
        ["service-cluster-ip-range"] = options.ServiceSubnet,
    };

    private static UserInfo UserOf(StaticToken token) => new(token.User, [.. token.Groups, "system:authenticated"]) { Uid = token.Uid };

    private static IReadOnlyList<string> ServerNames(EmbeddedClusterOptions options)
    {
        string first = ServiceAllocator.First(IPNetwork.Parse(options.ServiceSubnet));
        if (!IPAddress.Any.Equals(options.BindAddress) && !IPAddress.IPv6Any.Equals(options.BindAddress))
        {
            return [first, options.BindAddress.ToString(), .. options.ServerNames];
        }

        // Who listens everywhere is reached by every name and address of the machine.
        IEnumerable<string> own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(adapter => adapter.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address.ToString().Split('%')[0]);
        return [first, Environment.MachineName, .. own, .. options.ServerNames];
    }

    private static WebhookSettings Webhooks(EmbeddedClusterOptions options, PolicySettings policies) => new()
    {
        MatchConditions = MatchConditions.ForWebhooks(policies),
        Time = options.Time,
        AssumeServices = options.AssumeWebhookServices,
        Convert = VersionConversion.Between,
        Decode = static (kind, node) =>
        {
            MapNode decoded = BodyReader.Canonical(kind, node, out _);
            Defaults.Apply(kind, decoded);
            return decoded;
        },
        IsSimulatedNode = NodeAgent.IsSimulated,
    };

    private static PolicySettings Policies(ObjectStore store) => new()
    {
        Authorize = (user, asked) =>
        {
            string[] account = asked.ServiceAccount.Split('/', 2);
            AccessQuery query = new(account.Length == 2 ? new UserInfo($"system:serviceaccount:{account[0]}:{account[1]}", ["system:serviceaccounts", $"system:serviceaccounts:{account[0]}", "system:authenticated"]) : user, asked.Verb)
            {
                Group = asked.Group,
                Resource = asked.Resource,
                Subresource = asked.Subresource,
                Namespace = asked.Namespace,
                Name = asked.Name,
                Path = asked.Path.Length > 0 ? asked.Path : null,
            };
            AccessDecision decision = new Authorizer(store).Decide(query with { FieldSelector = asked.FieldSelector });
            return new CelDecision(decision.Allowed, decision.Reason);
        },
        SchemaOf = static (kind, view) => view is { } shown ? KubernetesKinds.SchemaOf(shown) : kind.Schema,
        Decode = static (kind, node) =>
        {
            MapNode decoded = BodyReader.Canonical(kind, node, out IReadOnlyList<string> unknown);
            Defaults.Apply(kind, decoded);
            return (decoded, unknown);
        },
    };
}
