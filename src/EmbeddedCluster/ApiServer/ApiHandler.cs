using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>How a client showed who it is.</summary>
/// <param name="Certificate">From a client certificate of our authority.</param>
/// <param name="Bearer">A bearer token; empty for an Authorization header of another kind.</param>
internal sealed record Credentials(UserInfo? Certificate, string? Bearer, ImpersonatedUser? Impersonated);

internal sealed record ImpersonatedUser(string Name, IReadOnlyList<string> Groups, string Uid, IReadOnlyDictionary<string, IReadOnlyList<string>> Extra);

/// <summary>Answers requests of any transport: who asks, what for, may they, and the answer in the form they accept.</summary>
internal sealed class ApiHandler
{
    private readonly ResourceService service;
    private readonly TokenIssuer tokens;
    private readonly ResourceEndpoints resources;
    private readonly SystemEndpoints system;
    private readonly Authorizer authorizer;

    public ApiHandler(ResourceService service, SubresourceService subresources, TokenIssuer tokens)
    {
        this.service = service;
        this.tokens = tokens;
        authorizer = new Authorizer(service.Store);
        Reviews reviews = new(service, authorizer, tokens);
        resources = new ResourceEndpoints(service, subresources, reviews, new ListEncoder(service.Time));
        system = new SystemEndpoints(service.Kinds, tokens);
    }

    public static ApiResponse Failure(ApiException e, IReadOnlyList<string>? warnings = null)
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

        return new ApiResponse(e.Code, "application/json", JsonWriter.ToBytes(e.ToStatus())) { Warnings = warnings ?? [], Headers = headers };
    }

    /// <exception cref="ApiException">401 for credentials that are not ours.</exception>
    public UserInfo Authenticate(Credentials credentials)
    {
        UserInfo user = credentials switch
        {
            { Certificate: { } certificate } => certificate,
            { Bearer: { } bearer } => tokens.Authenticate(bearer, service, out _) ?? throw ApiErrors.Unauthorized(),
            _ => UserInfo.Anonymous,
        };
        return credentials.Impersonated is { } other ? authorizer.Impersonate(user, other) : user;
    }

    public async Task<ApiResponse> HandleAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        List<string> warnings = [];
        try
        {
            RequestTarget target = RequestTarget.Parse(request);
            authorizer.Check(request.User, target);
            if (Deprecations.Of(target) is { } deprecated)
            {
                warnings.Add(deprecated);
            }

            return target.IsResource
                ? await resources.HandleAsync(request, target, warnings, cancellationToken).ConfigureAwait(false)
                : system.Handle(request, target);
        }
        catch (ApiException e)
        {
            return Failure(e, warnings);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A bug of ours must not look like a broken connection to the client.
            return Failure(new ApiException(500, "InternalError", $"Internal error occurred: {e.GetType().Name}: {e.Message}"), warnings);
        }
    }
}
