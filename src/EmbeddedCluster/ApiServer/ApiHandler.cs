using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Aggregation;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Monitoring;
using Bowline.EmbeddedCluster.ApiServer.Proxying;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>How a client showed who it is.</summary>
/// <param name="Certificate">From a client certificate of our authority.</param>
/// <param name="Bearer">A bearer token; null without one.</param>
/// <param name="IsTrusted">False when a certificate was shown that another authority signed, or that is not valid now.</param>
internal sealed record Credentials(UserInfo? Certificate, string? Bearer, bool IsTrusted);

internal sealed record ImpersonatedUser(string Name, IReadOnlyList<string> Groups, string Uid, IReadOnlyDictionary<string, IReadOnlyList<string>> Extra);

/// <summary>Answers requests of any transport: who asks, what for, may they, and the answer in the form they accept.</summary>
internal sealed class ApiHandler
{
    private readonly TokenAuthenticator authenticator;
    private readonly ResourceEndpoints resources;
    private readonly SystemEndpoints system;
    private readonly Authorizer authorizer;
    private readonly FlowClassifier flows;
    private readonly KindRegistry kinds;
    private readonly ServerMetrics metrics;
    private readonly RemoteServers remotes;

    /// <param name="flags">What <c>/flagz</c> tells; nothing secret.</param>
    public ApiHandler(ResourceService service, SubresourceService subresources, TokenIssuer tokens, TokenAuthenticator authenticator, RemoteServers remotes, ServiceLookup services, IReadOnlyDictionary<string, string> flags)
    {
        this.remotes = remotes;
        kinds = service.Kinds;
        metrics = new ServerMetrics(service.Time);
        DateTimeOffset started = service.Time.GetUtcNow();
        this.authenticator = authenticator;
        authorizer = new Authorizer(service.Store);
        flows = new FlowClassifier(service.Store);
        Reviews reviews = new(service, authorizer, authenticator);
        resources = new ResourceEndpoints(service, subresources, reviews, new ProxyEndpoints(service, services), new ListEncoder(service.Time));
        system = new SystemEndpoints(service.Kinds, tokens, service.Time, new MetricsPage(metrics, service.Store, service.Kinds, started), new StatusPages(service.Time, started, flags));
    }

    /// <param name="accept">What the client accepts; errors come in that form too.</param>
    public static ApiResponse Failure(ApiException e, IReadOnlyList<string>? warnings = null, string accept = "")
    {
        if (e.Reason == "PageNotFound")
        {
            return new ApiResponse(404, "text/plain; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(e.Message + "\n"));
        }

        List<KeyValuePair<string, string>> headers = [];
        if (e.RetryAfterSeconds is { } seconds)
        {
            headers.Add(new("Retry-After", seconds.ToString()));
        }

        Accepted accepted = MediaTypes.ForErrors(accept);
        return new ApiResponse(e.Code, accepted.ContentType, ListEncoder.Bytes(e.ToStatus(), accepted)) { Warnings = warnings ?? [], Headers = headers };
    }

    /// <exception cref="ApiException">401 for credentials that are not ours.</exception>
    public UserInfo Authenticate(Credentials credentials)
    {
        UserInfo? user = credentials.Certificate ?? (credentials.Bearer is { } bearer ? authenticator.Authenticate(bearer, [TokenIssuer.Issuer]).User : null);
        if (user is null)
        {
            // Whoever shows something that proves nothing is not taken for someone who showed nothing.
            user = credentials.Bearer is null && credentials.IsTrusted ? UserInfo.Anonymous : throw ApiErrors.Unauthorized();
        }

        return user;
    }

    /// <exception cref="ApiException">403 for what the user may not become.</exception>
    public UserInfo Impersonate(UserInfo user, ImpersonatedUser other) => authorizer.Impersonate(user, other);

    public Task<ApiResponse> HandleAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        RequestTarget target = RequestTarget.Parse(request);
        return metrics.ObserveAsync(RequestLabels.Of(request, target, kinds.Current), async () => Shaped(request, await AnswerAsync(request, target, cancellationToken).ConfigureAwait(false)));
    }

    /// <summary>JSON for people is indented: for those who ask for it, and for the clients that people use by hand.</summary>
    private static ApiResponse Shaped(ApiRequest request, ApiResponse response)
    {
        string asked = request.Parameter("pretty");
        bool pretty = asked.Length > 0 ? asked is "1" or "t" or "T" or "true" or "TRUE" or "True"
            : request.UserAgent.StartsWith("curl", StringComparison.Ordinal) || request.UserAgent.StartsWith("Wget", StringComparison.Ordinal) || request.UserAgent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
        bool isShown = pretty && response.Stream is null && response.Body.Length > 0 && response.ContentType.StartsWith("application/json", StringComparison.Ordinal) && !request.Path.StartsWith("/openapi/", StringComparison.Ordinal);
        return isShown ? response with { Body = JsonWriter.ToBytes(JsonReader.Read(response.Body.Span), JsonWriteOptions.Indented) } : response;
    }

    private async Task<ApiResponse> AnswerAsync(ApiRequest request, RequestTarget target, CancellationToken cancellationToken)
    {
        List<string> warnings = [];
        try
        {
            AccessQuery query = AccessQuery.Of(request.User, target, request.Parameter("fieldSelector"));
            if (flows.Of(query) is { } flow)
            {
                request.Classified(flow);
            }

            Authorize(request, query);
            if (Elsewhere(target) is { } apiService)
            {
                return await remotes.HandOnAsync(request, apiService, cancellationToken).ConfigureAwait(false);
            }

            return target.IsResource
                ? await resources.HandleAsync(request, target, warnings, cancellationToken).ConfigureAwait(false)
                : system.Handle(request, target);
        }
        catch (ApiException e)
        {
            return Failure(e, warnings, request.Accept);
        }
        catch (StorageException e)
        {
            return Failure(Unwritable(e), warnings, request.Accept);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A bug of ours must not look like a broken connection to the client.
            return Failure(new ApiException(500, "InternalError", $"Internal error occurred: {e.GetType().Name}: {e.Message}"), warnings);
        }
    }

    /// <summary>The APIService that gives the group-version to a Service; what this server serves itself stays its own.</summary>
    private MapNode? Elsewhere(RequestTarget target)
    {
        if (target is { IsResource: true, Group: "" })
        {
            return null;
        }

        string[] parts = target.IsResource ? ["apis", target.Group, target.Version] : target.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts is ["apis", var group, var version] && group.Length > 0 && !kinds.Current.Serves(group, version) ? remotes.Find(group, version) : null;
    }

    private void Authorize(ApiRequest request, AccessQuery query)
    {
        try
        {
            string reason = authorizer.Check(query);
            if (request.IsWebSocket && query is { Group: "", Resource: "pods", Subresource: "exec" or "attach" or "portforward", Verb: "get" })
            {
                // Browsers open WebSockets by GET; that must not do with the right to read what takes the right to create by POST.
                authorizer.Check(query with { Verb = "create" });
            }

            request.Annotate("authorization.k8s.io/decision", "allow");
            request.Annotate("authorization.k8s.io/reason", reason);
        }
        catch (ApiException)
        {
            request.Annotate("authorization.k8s.io/decision", "forbid");
            throw;
        }
    }

    /// <summary>507 for a full disk, which passes when someone makes room.</summary>
    public static ApiException Unwritable(StorageException e) => e.IsFull
        ? new ApiException(507, "InsufficientStorage", e.Message)
        : new ApiException(500, "InternalError", "Internal error occurred: " + e.Message);
}
