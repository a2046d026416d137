using System.Net.Http.Headers;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

public sealed partial class HttpCluster
{
    public Task<MapNode> CreateAsync(KindInfo kind, string @namespace, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(new Call(HttpMethod.Post, RequestPath.Write(RequestPath.Of(kind, @namespace), options), "create", kind.Kind) { Body = body, User = options.As }, cancellationToken);

    public Task<MapNode> UpdateAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(new Call(HttpMethod.Put, RequestPath.Write(RequestPath.Of(key), options), "update", key.Id) { Body = body, User = options.As }, cancellationToken);

    public Task<MapNode> ApplyAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken)
    {
        // The body is JSON: it is YAML too, and the API has no media type of its own for it in every version.
        string path = RequestPath.Write(RequestPath.Of(key), options, force: options.Force);
        return WriteAsync(new Call(HttpMethod.Patch, path, "apply", key.Id) { Body = body, ContentType = MediaTypes.Apply, Repeatable = true, User = options.As }, cancellationToken);
    }

    public Task<MapNode> PatchAsync(ObjectKey key, PatchKind patchKind, Node patch, WriteOptions options, CancellationToken cancellationToken)
    {
        MediaTypeHeaderValue type = patchKind switch
        {
            PatchKind.Json => MediaTypes.JsonPatch,
            PatchKind.Merge => MediaTypes.MergePatch,
            _ => MediaTypes.StrategicMergePatch,
        };
        return WriteAsync(
            new Call(HttpMethod.Patch, RequestPath.Write(RequestPath.Of(key), options), "patch", key.Id) { Body = patch, ContentType = type, User = options.As }, cancellationToken);
    }

    public Task<MapNode> PostAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        WriteAsync(new Call(HttpMethod.Post, RequestPath.Write(RequestPath.Of(key), options), $"post {key.Subresource} of", key.Id) { Body = body, User = options.As }, cancellationToken);

    public async Task<bool> DeleteAsync(ObjectKey key, DeleteOptions options, CancellationToken cancellationToken)
    {
        MapNode body = new() { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (options.PropagationPolicy.Length > 0)
        {
            body["propagationPolicy"] = options.PropagationPolicy;
        }

        if (options.GracePeriodSeconds is { } seconds)
        {
            body["gracePeriodSeconds"] = seconds;
        }

        if (options.PreconditionUid.Length > 0)
        {
            body["preconditions"] = new MapNode { ["uid"] = options.PreconditionUid };
        }

        try
        {
            await transport.SendAsync(new Call(HttpMethod.Delete, RequestPath.Of(key), "delete", key.Id) { Body = body, User = options.As }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    private async Task<MapNode> WriteAsync(Call call, CancellationToken cancellationToken) =>
        Object(await transport.SendAsync(call, cancellationToken).ConfigureAwait(false));
}
