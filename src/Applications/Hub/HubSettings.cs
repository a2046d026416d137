using Bowline.Applications.ArgoCd;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>
/// Argo CD's Secrets and ConfigMaps beside the Applications, kept up to date by a watch: repositories, clusters, argocd-cm and its like. Of what
/// else the namespace holds nothing but the names is kept.
/// </summary>
public sealed class HubSettings : IAsyncDisposable
{
    private static readonly KindInfo Secrets = new(new ResourceKind(string.Empty, "v1", "Secret"), "secrets", Namespaced: true);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private readonly ClusterCache cache;
    private readonly string @namespace;

    private HubSettings(ICluster cluster, string @namespace, TimeProvider time)
    {
        this.@namespace = @namespace;
        cache = new ClusterCache(cluster, time, new ClusterCacheOptions { Transform = KeepSettings });
    }

    /// <summary>Told that one of them says something else; be quick.</summary>
    public Action Changed { get; set; } = static () => { };

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<MapNode> Current() => [.. new[] { Secrets, ConfigMaps }
        .SelectMany(kind => cache.List(kind.Kind, @namespace))
        .Where(ArgoCdSettings.Understands)
        .OrderBy(item => item.At("metadata", "name")?.AsString(), StringComparer.Ordinal)];

    /// <summary>Returns when all of them are known.</summary>
    /// <exception cref="ClusterException">They may not be watched.</exception>
    public static async Task<HubSettings> StartAsync(ICluster cluster, string @namespace, TimeProvider time, CancellationToken cancellationToken)
    {
        HubSettings settings = new(cluster, @namespace, time);
        try
        {
            settings.cache.Watch(Secrets, @namespace);
            settings.cache.Watch(ConfigMaps, @namespace);
            await settings.cache.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
            settings.cache.Subscribe(settings.Notice);
            return settings;
        }
        catch
        {
            await settings.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => cache.DisposeAsync();

    private void Notice(CacheChange change)
    {
        MapNode now = change.Object;
        bool said = change.Before is { } before && ArgoCdSettings.Understands(before);
        bool same = change.Type == CacheChangeType.Modified && Node.DeepEquals(change.Before?["data"], now["data"]) && Node.DeepEquals(change.Before?.At("metadata", "labels"), now.At("metadata", "labels"));
        if ((said || ArgoCdSettings.Understands(now)) && !same)
        {
            Changed();
        }
    }

    private static MapNode KeepSettings(MapNode item)
    {
        if (!ArgoCdSettings.Understands(item))
        {
            item.Remove("data");
            item.Remove("binaryData");
        }

        return item;
    }
}
