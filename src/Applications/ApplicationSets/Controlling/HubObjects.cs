using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>The objects of one namespace of a cluster, asked for when they are needed.</summary>
public sealed class HubObjects(ICluster cluster, string @namespace) : IObjectSource
{
    public async Task<MapNode?> FindAsync(ResourceKind kind, string name, CancellationToken cancellationToken) =>
        await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is { } served
            ? await ReadAsync(kind, () => cluster.GetAsync(new ObjectKey(served, @namespace, name), cancellationToken)).ConfigureAwait(false)
            : null;

    public async Task<IReadOnlyList<MapNode>> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        (await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) ?? await FindPluralAsync(kind, cancellationToken).ConfigureAwait(false)) is { } served
            ? (await ReadAsync(kind, () => cluster.ListAsync(served, @namespace, ListOptions.All, cancellationToken)).ConfigureAwait(false)).Items
            : [];

    private async Task<KindInfo?> FindPluralAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        (await cluster.DiscoverAsync(cancellationToken).ConfigureAwait(false)).Kinds.FirstOrDefault(known => known.Kind.Group == kind.Group && known.Plural == kind.Kind);

    private static async Task<T> ReadAsync<T>(ResourceKind kind, Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (ClusterException refused)
        {
            throw new GeneratorException($"{kind.Kind}s cannot be read: {refused.Message}", refused);
        }
    }
}
