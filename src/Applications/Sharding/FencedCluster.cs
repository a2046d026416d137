using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Sharding;

/// <summary>
/// A cluster as a replica may use it: reads pass, writes only as long as its Lease is held. A write that is under way when the Lease
/// ends is given up, so that none arrives after another replica may have taken over.
/// </summary>
public sealed class FencedCluster(ICluster inner, ReplicaLeases leases, TimeProvider time) : ICluster
{
    public string Name => inner.Name;

    public Task<KindInfo?> FindKindAsync(ResourceKind kind, CancellationToken cancellationToken) => inner.FindKindAsync(kind, cancellationToken);

    public Task<KindCatalogue> DiscoverAsync(CancellationToken cancellationToken) => inner.DiscoverAsync(cancellationToken);

    public void ForgetDiscovery() => inner.ForgetDiscovery();

    public Task<MapNode?> GetAsync(ObjectKey key, CancellationToken cancellationToken) => inner.GetAsync(key, cancellationToken);

    public Task<ObjectList> ListAsync(KindInfo kind, string @namespace, ListOptions options, CancellationToken cancellationToken) => inner.ListAsync(kind, @namespace, options, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(KindInfo kind, string @namespace, WatchOptions options, CancellationToken cancellationToken) => inner.WatchAsync(kind, @namespace, options, cancellationToken);

    public Task<MapNode> CreateAsync(KindInfo kind, string @namespace, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.CreateAsync(kind, @namespace, body, options, token), cancellationToken);

    public Task<MapNode> UpdateAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.UpdateAsync(key, body, options, token), cancellationToken);

    public Task<MapNode> ApplyAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.ApplyAsync(key, body, options, token), cancellationToken);

    public Task<MapNode> PatchAsync(ObjectKey key, PatchKind patchKind, Node patch, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.PatchAsync(key, patchKind, patch, options, token), cancellationToken);

    public Task<MapNode> PostAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.PostAsync(key, body, options, token), cancellationToken);

    public Task<bool> DeleteAsync(ObjectKey key, DeleteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => inner.DeleteAsync(key, options, token), cancellationToken);

    private async Task<T> WriteAsync<T>(Func<CancellationToken, Task<T>> write, CancellationToken cancellationToken)
    {
        TimeSpan left = leases.Remaining;
        if (left == TimeSpan.Zero)
        {
            throw Lost();
        }

        using CancellationTokenSource ends = new(left, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ends.Token, cancellationToken);
        try
        {
            return await write(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Lost();
        }
    }

    private ClusterException Lost() => new($"replica {leases.Identity} lost its Lease and writes nothing to {inner.Name} until it has one again", reason: "LeaseLost");
}
