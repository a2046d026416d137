using Bowline.Applications.Model;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition;

/// <summary>An embedded cluster of this run: its API server and what works inside it.</summary>
internal sealed class EmbeddedMember(EmbeddedClusterHost host, ControllerManager controllers, bool strict) : IAsyncDisposable
{
    private const string NotThere = "not in the repository";
    private static readonly KindInfo Claims = new(new ResourceKind(string.Empty, "v1", "PersistentVolumeClaim"), "persistentvolumeclaims", Namespaced: true);
    private static readonly KindInfo StorageClasses = new(new ResourceKind("storage.k8s.io", "v1", "StorageClass"), "storageclasses", Namespaced: false);

    public ClusterConnection Connection { get; } = new(host.Name, host.Server)
    {
        CertificateAuthority = host.CertificateAuthority,
        ClientCertificate = host.ClientCertificate,
        ClientKey = host.ClientKey,
    };

    public string Introduction => $"cluster {host.Name}: embedded Kubernetes API on {host.Server}{string.Concat(host.Notes.Select(note => $" ({note})"))}";

    public static async Task<EmbeddedMember> StartAsync(string name, UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        TimeProvider clock = options.Simulation.Clock(time);
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions
        {
            Name = name,
            StateDirectory = options.StateDirectory.Length > 0 ? Path.Combine(Path.GetFullPath(options.StateDirectory), name) : null,
            Time = clock,

            // The servers of a repository's webhooks are among what does not run here.
            AssumeWebhookServices = !options.Strict,
        }, cancellationToken).ConfigureAwait(false);
        ControllerManagerOptions manager = options.Simulation.Manager(host.CertificateAuthority, options.Strict);
        return new EmbeddedMember(host, await ControllerManager.StartAsync(host.Cluster, clock, manager, cancellationToken).ConfigureAwait(false), options.Strict);
    }

    /// <summary>What the simulated nodes and the simulated storage took for granted.</summary>
    public async Task<IReadOnlyList<Assumption>> AssumptionsAsync(CancellationToken cancellationToken) =>
        [.. AssumedSecrets(), .. strict ? [] : await AssumedStorageClassesAsync(cancellationToken).ConfigureAwait(false)];

    private IEnumerable<Assumption> AssumedSecrets() => controllers.Assumptions.Current.Select(secret =>
        new Assumption(secret.Kind, host.Name, $"{secret.Namespace}/{secret.Name}", NotThere) { Keys = secret.Keys, NeededBy = secret.NeededBy });

    private async Task<IEnumerable<Assumption>> AssumedStorageClassesAsync(CancellationToken cancellationToken)
    {
        ObjectList claims = await host.Cluster.ListAsync(Claims, string.Empty, ListOptions.All, cancellationToken).ConfigureAwait(false);
        ObjectList classes = await host.Cluster.ListAsync(StorageClasses, string.Empty, ListOptions.All, cancellationToken).ConfigureAwait(false);
        HashSet<string> known = [.. classes.Items.Select(item => item.At("metadata", "name")?.AsString() ?? string.Empty), string.Empty];
        return claims.Items
            .GroupBy(claim => claim.At("spec", "storageClassName")?.AsString() ?? string.Empty)
            .Where(group => !known.Contains(group.Key))
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new Assumption("StorageClass", host.Name, group.Key, NotThere) { NeededBy = [.. group.Select(Describe).Order(StringComparer.Ordinal)] });
    }

    private static string Describe(MapNode claim) => $"PersistentVolumeClaim {claim.At("metadata", "namespace")}/{claim.At("metadata", "name")}";

    public async ValueTask DisposeAsync()
    {
        await controllers.DisposeAsync().ConfigureAwait(false);
        await host.DisposeAsync().ConfigureAwait(false);
    }
}
