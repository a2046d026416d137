using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal sealed partial class ResourceEndpoints
{
    private async Task<ApiResponse> SubresourceAsync(ApiRequest request, RequestTarget target, ServedKind kind, Accepted accepted, List<string> warnings)
    {
        ServedSubresource sub = kind.Subresource(target.Subresource) ?? throw (kind.Custom is null ? ApiErrors.NoSuchPath() : ApiErrors.NotFound(kind, target.Name));
        string verb = target.Verb is "list" or "watch" ? "get" : target.Verb;
        if (!sub.Verbs.Contains(verb))
        {
            throw ApiErrors.MethodNotAllowed(kind);
        }

        string @namespace = target.Namespace ?? string.Empty;
        if (sub.Name == "status")
        {
            return verb switch
            {
                "get" => One(request, kind, accepted, service.Get(kind, @namespace, target.Name), warnings),
                "update" => await UpdateAsync(request, kind, target, accepted, "status", warnings).ConfigureAwait(false),
                _ => await PatchAsync(request, kind, target, accepted, "status", warnings).ConfigureAwait(false),
            };
        }

        if (sub.Name is "log")
        {
            return PodLogs.Answer(service, kind, @namespace, target.Name, request);
        }

        if (sub.Name is "exec" or "attach" or "portforward" or "proxy")
        {
            service.Get(kind, @namespace, target.Name);
            throw request.IsUpgrade
                ? new ApiException(501, "NotImplemented", $"pods of this cluster are simulated: nothing runs that could be reached by {sub.Name}")
                : ApiErrors.BadRequest("Upgrade request required");
        }

        return await ViewAsync(request, target, kind, sub, accepted, verb, warnings).ConfigureAwait(false);
    }

    private async Task<ApiResponse> ViewAsync(ApiRequest request, RequestTarget target, ServedKind kind, ServedSubresource sub, Accepted accepted, string verb, List<string> warnings)
    {
        string @namespace = target.Namespace ?? string.Empty;
        WriteContext context = verb == "get" ? new WriteContext(request.User, string.Empty) : WriteQuery.Context(request, warnings, isPatch: verb == "patch", isApply: request.ContentType.StartsWith("application/apply-patch+yaml", StringComparison.Ordinal));
        if (verb == "patch" && request.ContentType.StartsWith("application/apply-patch+yaml", StringComparison.Ordinal))
        {
            return await ApplyViewAsync(request, target, kind, sub, accepted, warnings).ConfigureAwait(false);
        }

        MapNode node = verb switch
        {
            "get" => subresources.Get(kind, @namespace, target.Name, sub.Name),
            "create" => await subresources.PostAsync(kind, @namespace, target.Name, sub.Name, BodyParser.Parse(request) as MapNode ?? [], context).ConfigureAwait(false),
            "update" => await subresources.UpdateAsync(kind, @namespace, target.Name, sub.Name, BodyParser.Parse(request) as MapNode ?? [], context).ConfigureAwait(false),
            _ => await subresources.PatchAsync(kind, @namespace, target.Name, sub.Name, PatchKindOf(request.ContentType.Split(';')[0].Trim()), BodyParser.Json(request.Body.Span), context).ConfigureAwait(false),
        };
        return new ApiResponse(verb == "create" ? 201 : 200, accepted.ContentType, ListEncoder.Bytes(node, accepted)) { Warnings = warnings };
    }

    private async Task<ApiResponse> ApplyViewAsync(ApiRequest request, RequestTarget target, ServedKind kind, ServedSubresource sub, Accepted accepted, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings, isPatch: true, isApply: true);
        MapNode body = BodyParser.Yaml(request.Body.Span) as MapNode ?? [];
        string @namespace = target.Namespace ?? string.Empty;
        if (sub.Name != "scale")
        {
            ResourceResult applied = await service.ApplyAsync(kind, @namespace, target.Name, sub.Name, body, context).ConfigureAwait(false);
            return One(request, kind, accepted, applied, warnings);
        }

        MapNode partial = new()
        {
            ["apiVersion"] = kind.Kind.ApiVersion,
            ["kind"] = kind.Kind.Kind,
            ["metadata"] = new MapNode { ["name"] = target.Name },
            ["spec"] = new MapNode { ["replicas"] = body.At("spec", "replicas") ?? IntegerNode.Of(0) },
        };
        ResourceResult result = await service.ApplyAsync(kind, @namespace, target.Name, "scale", partial, context).ConfigureAwait(false);
        return new ApiResponse(200, accepted.ContentType, ListEncoder.Bytes(ScaleView.Of(kind, result.Node), accepted)) { Warnings = warnings };
    }
}

/// <summary>Logs of pods: nothing really runs here, so the logs of a running container are empty.</summary>
internal static class PodLogs
{
    public static ApiResponse Answer(ResourceService service, ServedKind kind, string @namespace, string name, ApiRequest request)
    {
        MapNode pod = service.Get(kind, @namespace, name).Node;
        string container = request.Parameter("container");
        string[] names = [.. ((string[])["initContainers", "containers", "ephemeralContainers"]).SelectMany(list => pod.At("spec", list)?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        if (container.Length > 0 && !names.Contains(container))
        {
            throw ApiErrors.BadRequest($"container {container} is not valid for pod {name}");
        }

        string[] own = [.. (pod.At("spec", "containers")?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        if (container.Length == 0 && own.Length > 1)
        {
            throw ApiErrors.BadRequest($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', own)}]");
        }

        string node = pod.At("spec", "nodeName")?.AsString() ?? string.Empty;
        if (node.Length == 0)
        {
            return new ApiResponse(204, "text/plain", default);
        }

        return service.Store.Get("nodes", string.Empty, node) is null
            ? throw ApiErrors.NotFound(string.Empty, "nodes", node)
            : new ApiResponse(200, "text/plain", default);
    }
}
