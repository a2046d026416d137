using Bowline.Applications.Model;
using Bowline.Cluster.Kubeconfig;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.Server.Composition;

/// <summary>An embedded cluster of this run: its API server and what works inside it.</summary>
internal sealed class EmbeddedMember(EmbeddedClusterHost host, ControllerManager controllers) : IAsyncDisposable
{
    public ClusterConnection Connection { get; } = new(host.Name, host.Server)
    {
        CertificateAuthority = host.CertificateAuthority,
        ClientCertificate = host.ClientCertificate,
        ClientKey = host.ClientKey,
    };

    public string Introduction => $"cluster {host.Name}: embedded Kubernetes API on {host.Server}{(host.RecoveryNote is { } note ? $" ({note})" : string.Empty)}";

    public static async Task<EmbeddedMember> StartAsync(string name, UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions
        {
            Name = name,
            StateDirectory = options.StateDirectory.Length > 0 ? Path.Combine(Path.GetFullPath(options.StateDirectory), name) : null,
            Time = time,
        }, cancellationToken).ConfigureAwait(false);
        ControllerManagerOptions manager = ControllerManagerOptions.Default with { Strict = options.Strict, CertificateAuthority = host.CertificateAuthority };
        return new EmbeddedMember(host, await ControllerManager.StartAsync(host.Cluster, time, manager, cancellationToken).ConfigureAwait(false));
    }

    public IEnumerable<Assumption> AssumedSecrets() => controllers.Assumptions.Current.Select(secret => new Assumption(
        secret.Kind,
        host.Name,
        $"{secret.Namespace}/{secret.Name}{(secret.Keys.Count > 0 ? $" ({string.Join(", ", secret.Keys)})" : string.Empty)}",
        $"not in the repository; needed by {string.Join(", ", secret.NeededBy)}"));

    public async ValueTask DisposeAsync()
    {
        await controllers.DisposeAsync().ConfigureAwait(false);
        await host.DisposeAsync().ConfigureAwait(false);
    }
}
