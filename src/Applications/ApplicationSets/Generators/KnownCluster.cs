using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>A cluster that applications can be delivered to: one of Argo CD's cluster Secrets, or the one that the hub runs on.</summary>
/// <param name="Secret">Null for the hub's own cluster, which needs none.</param>
internal sealed record KnownCluster(string Name, string Server, string Project, MapNode? Secret)
{
    private static readonly ResourceKind SecretKind = new(string.Empty, "v1", "Secret");

    /// <summary>In the order of their Secrets' names, the hub's own last when no Secret describes it.</summary>
    public static async Task<IReadOnlyList<KnownCluster>> ListAsync(IObjectSource objects, CancellationToken cancellationToken)
    {
        IReadOnlyList<MapNode> secrets = await objects.ListAsync(SecretKind, cancellationToken).ConfigureAwait(false);
        List<KnownCluster> clusters = [.. secrets
            .Where(ClusterSecret.IsOne)
            .OrderBy(secret => secret.At("metadata", "name")?.AsString(), StringComparer.Ordinal)
            .Select(secret => new KnownCluster(RepositorySecret.Value(secret, "name"), RepositorySecret.Value(secret, "server").TrimEnd('/'), RepositorySecret.Value(secret, "project"), secret))];
        if (!clusters.Exists(cluster => cluster.Server == ClusterSecret.LocalServer))
        {
            clusters.Add(new KnownCluster(ClusterSecret.LocalName, ClusterSecret.LocalServer, string.Empty, null));
        }

        return clusters;
    }
}
