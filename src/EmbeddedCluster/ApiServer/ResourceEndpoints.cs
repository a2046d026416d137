using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Monitoring;
using Bowline.EmbeddedCluster.ApiServer.Proxying;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Requests about objects: picks the operation, and puts its outcome into the accepted form.</summary>
internal sealed partial class ResourceEndpoints(ResourceService service, SubresourceService subresources, Reviews reviews, ProxyEndpoints proxies, ListEncoder encoder)
{
    private static readonly string[] PatchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    public async Task<ApiResponse> HandleAsync(ApiRequest request, RequestTarget target, List<string> warnings, CancellationToken cancellationToken)
    {
        ServedKind kind = service.Kinds.Current.Find(target.Group, target.Version, target.Resource) ?? throw (KindRegistry.BuiltIn.Groups.Any(group => group.Name == target.Group) ? ApiErrors.NoSuchPath() : ApiErrors.PageNotFound());
        if ((target.Rest.Length > 0 && target.Subresource != "proxy") || (!kind.Namespaced && target.Namespace is not null && kind.Plural != "namespaces"))
        {
            throw kind.Custom is null ? ApiErrors.NoSuchPath() : ApiErrors.PageNotFound();
        }

        if (kind.Namespaced && target.Namespace is null && target.Verb is "get" or "update" or "patch" or "delete" || (target.Subresource != "proxy" && request.Path.Contains("//", StringComparison.Ordinal)))
        {
            throw ApiErrors.NoSuchPath();
        }

        if (target.Name is "." or "..")
        {
            throw ApiErrors.BadRequest($"Name parameter invalid: \"{target.Name}\": may not be '{target.Name}'");
        }

        if (kind.Custom?.Warning is { } deprecated)
        {
            warnings.Add(deprecated);
        }

        bool hasWireFormat = ProtobufWriter.Knows(kind.Kind.ApiVersion, kind.Kind.Kind);
        bool isCustom = kind.Custom is not null;
        Accepted accepted = target.Verb == "watch" && target.Subresource.Length == 0 ? MediaTypes.ChooseStream(request.Accept, hasWireFormat, isCustom) : MediaTypes.Choose(request.Accept, hasWireFormat, isCustom);
        if (target.Subresource.Length > 0)
        {
            return await SubresourceAsync(request, target, kind, accepted, warnings, cancellationToken).ConfigureAwait(false);
        }

        if (kind.Kind.Group == MetricsEndpoints.Group && kind.Can(target.Verb))
        {
            return new MetricsEndpoints(service).Answer(request, target);
        }

        if (request.Method is "OPTIONS" or "HEAD" || target.Verb.Length == 0 || !Allowed(kind, request, target))
        {
            throw ApiErrors.MethodNotAllowed(kind);
        }

        if (Deprecations.Of(target) is { } old)
        {
            warnings.Add(old);
        }

        return target.Verb switch
        {
            "get" or "list" when kind.QualifiedPlural == "componentstatuses" => Component(request, kind, target, accepted, warnings),
            "get" => One(request, kind, accepted, Read(request, kind, target), warnings),
            "list" => List(request, kind, target, accepted, warnings),
            "watch" => Watch(request, kind, target, accepted, cancellationToken),
            "create" => await CreateAsync(request, kind, target, accepted, warnings).ConfigureAwait(false),
            "update" => await UpdateAsync(request, kind, target, accepted, string.Empty, warnings).ConfigureAwait(false),
            "patch" => await PatchAsync(request, kind, target, accepted, string.Empty, warnings).ConfigureAwait(false),
            "delete" => await DeleteAsync(request, kind, target, accepted, warnings).ConfigureAwait(false),
            _ => await DeleteManyAsync(request, kind, target, accepted, warnings).ConfigureAwait(false),
        };
    }

    private static bool Allowed(ServedKind kind, ApiRequest request, RequestTarget target)
    {
        bool named = target.Verb is "get" or "update" or "patch" or "delete";
        bool needsNamespace = kind.Namespaced && target.Namespace is null && target.Verb is "create" or "deletecollection" && kind.Namespaced && target.Namespace is null;
        if (needsNamespace || (target.Verb == "create" && request.Path.EndsWith("/" + target.Name, StringComparison.Ordinal) && target.Name.Length > 0))
        {
            return false;
        }

        if (named && target.Name.Length == 0)
        {
            return false;
        }

        return kind.Can(target.Verb) || (target.Verb == "get" && kind.Can("get"));
    }

    private ResourceResult Read(ApiRequest request, ServedKind kind, RequestTarget target)
    {
        long? revision = ResourceService.ParseRevision(request.Parameter("resourceVersion"));
        if (revision < 0)
        {
            throw ApiErrors.Internal(ResourceService.BadRevision(request.Parameter("resourceVersion")));
        }

        return revision > service.Store.Revision
            ? throw ApiErrors.RevisionTooLarge(revision.Value, service.Store.Revision)
            : service.Get(kind, target.Namespace ?? string.Empty, target.Name);
    }

    private ApiResponse One(ApiRequest request, ServedKind kind, Accepted accepted, ResourceResult result, List<string> warnings, int code = 200) =>
        new(code, accepted.ContentType, encoder.One(kind, result, accepted, request)) { Warnings = warnings };

    private ApiResponse Component(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, List<string> warnings)
    {
        if (target.Verb == "get")
        {
            return One(request, kind, accepted, new ResourceResult(ComponentStatuses.Find(target.Name) ?? throw ApiErrors.NotFound(kind, target.Name), null), warnings);
        }

        ListRequest list = ListQuery.Parse(request, kind);
        return new ApiResponse(200, accepted.ContentType, encoder.Computed(kind, [.. ComponentStatuses.All().Where(list.Matches)], accepted, request)) { Warnings = warnings };
    }

    private ApiResponse List(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, List<string> warnings)
    {
        ListRequest list = ListQuery.Parse(request, kind);
        ListPage page = service.List(kind, target.Namespace, list);
        return new ApiResponse(200, accepted.ContentType, encoder.List(kind, page, accepted, request)) { Warnings = warnings };
    }

    private ApiResponse Watch(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, CancellationToken cancellationToken)
    {
        ListRequest list = ListQuery.Parse(request, kind);
        CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerable<FeedEvent> feed = service.Watch(kind, target.Namespace, list, ending.Token);
        string type = accepted.Encoding == BodyEncoding.Protobuf ? accepted.ContentType + ";stream=watch" : accepted.ContentType;
        IAsyncEnumerable<Frame> frames = Frames(feed, kind, accepted, request, list, ending);
        return request.IsWebSocket ? WatchSocket.Answer(request, frames, accepted.Encoding != BodyEncoding.Protobuf) : new ApiResponse(200, type, default) { Stream = frames };
    }

    private async IAsyncEnumerable<Frame> Frames(IAsyncEnumerable<FeedEvent> feed, ServedKind kind, Accepted accepted, ApiRequest request, ListRequest list, CancellationTokenSource ending)
    {
        using CancellationTokenSource lifetime = ending;
        using ITimer timer = service.Time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(),
            ending,
            list.Timeout ?? TimeSpan.FromMinutes(30 + (Environment.TickCount & 31)),
            Timeout.InfiniteTimeSpan);
        bool first = true;
        await foreach (FeedEvent item in feed.ConfigureAwait(false))
        {
            if (item.Type == FeedType.Bookmark && !list.Bookmarks)
            {
                continue;
            }

            yield return encoder.Frame(kind, item, accepted, request, first);
            first = false;
        }
    }

    private async Task<ApiResponse> CreateAsync(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings);
        if (kind.Custom?.Terminating == true)
        {
            throw ApiErrors.Forbidden(kind, BodyParser.Parse(request, kind).At("metadata", "name")?.AsString() ?? string.Empty, "create not allowed while custom resource definition is terminating");
        }

        Node body = BodyParser.Parse(request, kind);
        if (reviews.Answers(kind))
        {
            MapNode review = BodyReader.Read(kind, body, context, Duplicates(request, context), request.Body);
            return One(request, kind, accepted, new ResourceResult(reviews.Answer(kind, review, request.User, context, target.Namespace ?? string.Empty), null), warnings, 201);
        }

        if (kind.QualifiedPlural == "bindings" && kind.Kind.Kind == "Binding")
        {
            ServedKind pods = service.Kinds.Current.Find(string.Empty, "v1", "pods")!;
            MapNode status = await subresources.PostAsync(pods, target.Namespace!, body["metadata"]?["name"]?.AsString() ?? string.Empty, "binding", body as MapNode ?? [], context).ConfigureAwait(false);
            return new ApiResponse(201, accepted.ContentType, ListEncoder.Bytes(status, accepted)) { Warnings = warnings };
        }

        MapNode node = BodyReader.Read(kind, body, context, Duplicates(request, context), request.Body);
        ResourceResult result = await service.CreateAsync(kind, target.Namespace ?? string.Empty, node, context).ConfigureAwait(false);
        return One(request, kind, accepted, result, warnings, 201);
    }

    private async Task<ApiResponse> UpdateAsync(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, string subresource, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings);
        MapNode node = BodyReader.Read(kind, BodyParser.Parse(request, kind), context, Duplicates(request, context), request.Body);
        ResourceResult result = await service.UpdateAsync(kind, target.Namespace ?? string.Empty, target.Name, node, subresource, context).ConfigureAwait(false);
        return One(request, kind, accepted, result, warnings, result.Created ? 201 : 200);
    }

    private async Task<ApiResponse> PatchAsync(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, string subresource, List<string> warnings)
    {
        string type = request.MediaType;
        string[] types = kind.Custom is null ? PatchTypes : [PatchTypes[0], PatchTypes[1], PatchTypes[3]];
        if (!types.Contains(type))
        {
            throw ApiErrors.UnsupportedMediaType(string.Join(", ", types), PatchTypes.Contains(type) ? string.Empty : type);
        }

        WriteContext context = WriteQuery.Context(request, warnings, isPatch: true, isApply: type == PatchTypes[3]);
        ResourceResult result;
        if (type == PatchTypes[3])
        {
            MapNode body = BodyParser.Apply(request.Body.Span);
            result = await service.ApplyAsync(kind, target.Namespace ?? string.Empty, target.Name, subresource, body, context).ConfigureAwait(false);
        }
        else
        {
            Node patch = BodyParser.Patch(request.Body.Span);
            PatchErrors.CheckShape(PatchKindOf(type), patch);
            if (patch is ListNode { Count: > 10_000 } many)
            {
                throw ApiErrors.TooLarge($"Request entity too large: The allowed maximum operations in a JSON patch is 10000, got {many.Count}");
            }

            result = await service.PatchAsync(kind, target.Namespace ?? string.Empty, target.Name, subresource, PatchKindOf(type), patch, context).ConfigureAwait(false);
        }

        return One(request, kind, accepted, result, warnings, result.Created ? 201 : 200);
    }

    private async Task<ApiResponse> DeleteAsync(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings);
        (DeleteRequest options, bool dryRun) = DeleteQuery.Parse(request);
        DeleteResult result = await service.DeleteAsync(kind, target.Namespace ?? string.Empty, target.Name, options, context with { DryRun = context.DryRun || dryRun }).ConfigureAwait(false);
        if (result.Gone && !KindRules.AnswersObject(kind))
        {
            return new ApiResponse(200, accepted.ContentType, ListEncoder.Bytes(ResourceService.DeletedStatus(kind, target.Name, result.Object), accepted)) { Warnings = warnings };
        }

        return One(request, kind, accepted, new ResourceResult(result.Object, null), warnings);
    }

    private async Task<ApiResponse> DeleteManyAsync(ApiRequest request, ServedKind kind, RequestTarget target, Accepted accepted, List<string> warnings)
    {
        WriteContext context = WriteQuery.Context(request, warnings);
        (DeleteRequest options, bool dryRun) = DeleteQuery.Parse(request);
        ListPage page = service.List(kind, target.Namespace, ListQuery.Parse(request, kind));
        await service.DeleteManyAsync(kind, page.Items, options, context with { DryRun = context.DryRun || dryRun }).ConfigureAwait(false);
        return new ApiResponse(200, accepted.ContentType, encoder.List(kind, page, accepted, request)) { Warnings = warnings };
    }

    private static IReadOnlyList<string> Duplicates(ApiRequest request, WriteContext context)
    {
        if (context.FieldValidation == FieldValidation.Ignore)
        {
            return [];
        }

        string type = request.MediaType;
        if (type == "application/yaml")
        {
            string lead = context.FieldValidation == FieldValidation.Strict ? "yaml: unmarshal errors:\n  " : string.Empty;
            return [.. BodyParser.YamlDuplicates(request.Body.Span).Select(problem => lead + problem)];
        }

        return type == "application/json" ? [.. BodyParser.Duplicates(request.Body.Span).Select(path => $"duplicate field \"{path}\"")] : [];
    }

    private static PatchKind PatchKindOf(string type) => type switch
    {
        "application/json-patch+json" => PatchKind.Json,
        "application/merge-patch+json" => PatchKind.Merge,
        _ => PatchKind.StrategicMerge,
    };
}
