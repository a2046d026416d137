using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Pods;
using Bowline.EmbeddedCluster.ApiServer.Proxying;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal sealed partial class ResourceEndpoints
{
    private async Task<ApiResponse> SubresourceAsync(ApiRequest request, RequestTarget target, ServedKind kind, Accepted accepted, List<string> warnings, CancellationToken cancellationToken)
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
            return new PodLogs(service).Answer(kind, @namespace, target.Name, request, cancellationToken);
        }

        if (sub.Name is "exec" or "attach" or "portforward" or "proxy")
        {
            WriteContext context = new(request.User, string.Empty) { Warnings = warnings, Annotate = request.Annotate, Cancellation = cancellationToken };
            await service.AdmitConnectionAsync(kind, @namespace, target.Name, sub, ConnectOptions.Of(sub, request, ProxyEndpoints.PathOf(request, target)), context).ConfigureAwait(false);
            return sub.Name == "proxy"
                ? await proxies.AnswerAsync(request, kind, target, cancellationToken).ConfigureAwait(false)
                : throw PodStreams.Refusal(service, kind, @namespace, target.Name, sub.Name, request);
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
            "create" => await subresources.PostAsync(kind, @namespace, target.Name, sub.Name, BodyParser.Parse(request, ShownAs(sub)) as MapNode ?? [], context).ConfigureAwait(false),
            "update" => await subresources.UpdateAsync(kind, @namespace, target.Name, sub.Name, BodyParser.Parse(request, ShownAs(sub)) as MapNode ?? [], context).ConfigureAwait(false),
            _ => await subresources.PatchAsync(kind, @namespace, target.Name, sub.Name, PatchKindOf(request.MediaType), BodyParser.Patch(request.Body.Span), context).ConfigureAwait(false),
        };
        return View(request, kind, sub, accepted, node, warnings, verb == "create" ? 201 : 200);
    }

    private static ServedKind ShownAs(ServedSubresource sub) => new(sub.Kind, string.Empty, string.Empty, namespaced: true);

    private ApiResponse View(ApiRequest request, ServedKind kind, ServedSubresource sub, Accepted accepted, MapNode node, List<string> warnings, int code)
    {
        ServedKind shown = sub.Name == "scale" ? ScaleService.ServedAs : kind;
        bool isObject = node["kind"]?.AsString() != "Status" && sub.Kind.Kind is "Scale" or "Pod" or "Namespace" or "CertificateSigningRequest";
        Accepted form = isObject ? accepted : accepted with { Presentation = Presentation.Object };
        return new ApiResponse(code, accepted.ContentType, encoder.One(shown, new ResourceResult(node, null), form, request)) { Warnings = warnings };
    }

    private async Task<ApiResponse> ApplyViewAsync(ApiRequest request, RequestTarget target, ServedKind kind, ServedSubresource sub, Accepted accepted, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings, isPatch: true, isApply: true);
        MapNode body = BodyParser.Apply(request.Body.Span);
        string @namespace = target.Namespace ?? string.Empty;
        if (sub.Name != "scale")
        {
            ResourceResult applied = await service.ApplyAsync(kind, @namespace, target.Name, sub.Name, body, context).ConfigureAwait(false);
            return One(request, kind, accepted, applied, warnings);
        }

        MapNode scale = await subresources.ApplyScaleAsync(kind, @namespace, target.Name, body, context).ConfigureAwait(false);
        return View(request, kind, sub, accepted, scale, warnings, 200);
    }
}

/// <summary>Streams into pods: nothing runs here that could answer them, so each gets the reason why not.</summary>
internal static class PodStreams
{
    public static ApiException Refusal(ResourceService service, ServedKind kind, string @namespace, string name, string subresource, ApiRequest request)
    {
        MapNode node = service.Get(kind, @namespace, name).Node;
        return node.At("spec", "nodeName")?.AsString() is null or ""
            ? ApiErrors.BadRequest($"pod {name} does not have a host assigned")
            : PodLogChecks.ContainerProblem(node, name, request) ?? (request.IsUpgrade
                ? new ApiException(501, "NotImplemented", $"pods of this cluster are simulated: nothing runs that could be reached by {subresource}")
                : ApiErrors.BadRequest("Upgrade request required"));
    }
}
