using Bowline.Applications.ArgoCd;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Adopting;

/// <summary>The clusters that an Argo CD delivers to: its own, and those of its cluster Secrets.</summary>
/// <param name="hub">The one that holds the Applications.</param>
/// <param name="own">Its address, as this process reaches it; null when nobody names it so.</param>
/// <param name="connect">Makes a client of a registered cluster; throws an <see cref="ApplicationException"/> where there is no way to it.</param>
public sealed class AdoptedClusters(ICluster hub, Uri? own, Func<ClusterSecret, ICluster> connect)
{
    private static readonly KindInfo Secrets = new(new ResourceKind(string.Empty, "v1", "Secret"), "secrets", Namespaced: true);
    private readonly Dictionary<string, ICluster> connected = new(StringComparer.Ordinal);
    private ClusterSecrets known = ClusterSecrets.Read([]);

    public ICluster Hub => hub;

    /// <summary>Reads the cluster Secrets anew.</summary>
    /// <exception cref="ClusterException">They may not be read.</exception>
    public async Task ReadAsync(string @namespace, CancellationToken cancellationToken)
    {
        ObjectList secrets = await hub.ListAsync(Secrets, @namespace, new ListOptions { LabelSelector = ClusterSecret.Selector }, cancellationToken).ConfigureAwait(false);
        known = ClusterSecrets.Read(secrets.Items);
    }

    /// <summary>Where an Application delivers to.</summary>
    /// <exception cref="ApplicationException">There is no such cluster, or no way to it.</exception>
    public ICluster Of(MapNode application)
    {
        if (known.Resolve(ArgoCdDialect.ReadDestination(application.At("spec", "destination")), own) is not { } secret)
        {
            return hub;
        }

        if (!connected.TryGetValue(secret.Fingerprint, out ICluster? cluster))
        {
            connected[secret.Fingerprint] = cluster = connect(secret);
        }

        return cluster;
    }
}
