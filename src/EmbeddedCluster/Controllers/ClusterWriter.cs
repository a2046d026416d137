using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>Writes for one component and shows the mirrors what came of it at once.</summary>
internal sealed class ClusterWriter(ICluster cluster, string fieldManager)
{
    private readonly WriteOptions options = new() { FieldManager = fieldManager };

    public async Task<MapNode> CreateAsync(KindMirror mirror, string @namespace, MapNode body, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.CreateAsync(mirror.Kind, @namespace, body, options, cancellationToken).ConfigureAwait(false));

    /// <summary>Creates unless it is there already; returns what is there.</summary>
    public async Task<MapNode> EnsureAsync(KindMirror mirror, string @namespace, MapNode body, CancellationToken cancellationToken)
    {
        try
        {
            return await CreateAsync(mirror, @namespace, body, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error) when (error.Reason == "AlreadyExists")
        {
            MapNode? present = await cluster.GetAsync(new ObjectKey(mirror.Kind, @namespace, body.Name()), cancellationToken).ConfigureAwait(false);
            return present ?? throw new ClusterException($"{body.Name()} vanished while it was made", 409, "Conflict", error);
        }
    }

    public async Task<MapNode> UpdateAsync(KindMirror mirror, MapNode body, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.UpdateAsync(KeyOf(mirror, body), body, options, cancellationToken).ConfigureAwait(false));

    public async Task<MapNode> UpdateStatusAsync(KindMirror mirror, MapNode body, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.UpdateAsync(KeyOf(mirror, body) with { Subresource = "status" }, body, options, cancellationToken).ConfigureAwait(false));

    /// <summary>Writes <paramref name="status"/> in place of the object's status, if that changes anything.</summary>
    public async Task<MapNode> SetStatusAsync(KindMirror mirror, MapNode live, MapNode status, CancellationToken cancellationToken)
    {
        if (Node.DeepEquals(live["status"] ?? new MapNode(), status))
        {
            return live;
        }

        MapNode changed = Shallow(live);
        changed["status"] = status;
        return await UpdateStatusAsync(mirror, changed, cancellationToken).ConfigureAwait(false);
    }

    public async Task<MapNode> UpdateSubresourceAsync(KindMirror mirror, MapNode body, string subresource, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.UpdateAsync(KeyOf(mirror, body) with { Subresource = subresource }, body, options, cancellationToken).ConfigureAwait(false));

    public async Task<MapNode> MergePatchAsync(KindMirror mirror, MapNode live, MapNode patch, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.PatchAsync(KeyOf(mirror, live), PatchKind.Merge, patch, options, cancellationToken).ConfigureAwait(false));

    /// <summary>Server-side apply, taking fields from whoever has them.</summary>
    public async Task<MapNode> ApplyAsync(KindMirror mirror, MapNode body, CancellationToken cancellationToken) =>
        Absorbed(mirror, await cluster.ApplyAsync(KeyOf(mirror, body), body, options with { Force = true }, cancellationToken).ConfigureAwait(false));

    public Task<MapNode> PostAsync(KindMirror mirror, ObjectName name, string subresource, MapNode body, CancellationToken cancellationToken) =>
        cluster.PostAsync(new ObjectKey(mirror.Kind, name.Namespace, name.Name) { Subresource = subresource }, body, options, cancellationToken);

    /// <summary>Reads the object past the mirror and shows it to the mirror.</summary>
    public async Task<MapNode?> RefreshAsync(KindMirror mirror, ObjectName name, CancellationToken cancellationToken)
    {
        MapNode? live = await cluster.GetAsync(new ObjectKey(mirror.Kind, name.Namespace, name.Name), cancellationToken).ConfigureAwait(false);
        return live is null ? null : Absorbed(mirror, live);
    }

    /// <summary>Deletes exactly this object (by uid); afterwards the mirror knows whether it is gone or going.</summary>
    public async Task DeleteAsync(KindMirror mirror, MapNode live, DeleteOptions delete, CancellationToken cancellationToken)
    {
        ObjectKey key = KeyOf(mirror, live);
        try
        {
            await cluster.DeleteAsync(key, delete with { PreconditionUid = live.Uid() }, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error) when (error.IsConflict || error.IsNotFound)
        {
            // Another object has the name now, so this one is gone.
        }

        MapNode? after = await cluster.GetAsync(key, cancellationToken).ConfigureAwait(false);
        if (after is null || after.Uid() != live.Uid())
        {
            mirror.Bury(live);
        }
        else
        {
            mirror.Absorb(after);
        }
    }

    public static MapNode Shallow(MapNode live)
    {
        MapNode copy = new(live.Count);
        foreach ((string key, Node value) in live)
        {
            copy[key] = value;
        }

        return copy;
    }

    private static ObjectKey KeyOf(KindMirror mirror, MapNode node) => new(mirror.Kind, node.Namespace(), node.Name());

    private static MapNode Absorbed(KindMirror mirror, MapNode written)
    {
        mirror.Absorb(written);
        return written;
    }
}
