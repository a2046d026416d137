using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Paths that are about no object: discovery, OpenAPI, version, health.</summary>
internal sealed class SystemEndpoints(KindRegistry kinds, TokenIssuer tokens, TimeProvider time)
{
    private static readonly string[] Checks = ["ping", "log", "etcd", "poststarthook/start-apiserver-admission-initializer", "poststarthook/bootstrap-controller", "poststarthook/crd-informer-synced", "informer-sync"];
    private readonly DiscoveryDocuments discovery = new(kinds);
    private readonly OpenApiDocuments openApi = new(kinds, time);

    public ApiResponse Handle(ApiRequest request, RequestTarget target)
    {
        _ = target;
        if (request.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed(null);
        }

        string path = request.Path;
        string first = path.Split('/', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? string.Empty;
        return first switch
        {
            "version" => Json(EmbeddedData.Bytes("version.json")),
            "healthz" or "livez" or "readyz" => Health(request, first),
            "api" or "apis" => discovery.Answer(request) ?? throw ApiErrors.NoSuchPath(),
            "openapi" => openApi.Answer(request) ?? throw ApiErrors.NoSuchPath(),
            "" => Root(),
            ".well-known" or "openid" => OpenId(request),
            _ => throw ApiErrors.PageNotFound(),
        };
    }

    private static ApiResponse Json(byte[] body) => new(200, "application/json", body);

    private static ApiResponse Text(int code, string text) => new(code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    private static ApiResponse Health(ApiRequest request, string check)
    {
        string rest = request.Path.Length > check.Length + 1 ? request.Path[(check.Length + 2)..] : string.Empty;
        if (request.Path.EndsWith('/') || (rest.Length > 0 && !Checks.Contains(rest)))
        {
            return Text(404, "404 page not found\n");
        }

        if (rest.Length > 0 || !request.Query.ContainsKey("verbose"))
        {
            return Text(200, "ok");
        }

        StringBuilder text = new();
        foreach (string name in Checks)
        {
            text.Append("[+]").Append(name).Append(request.Parameter("exclude") == name ? " excluded: ok\n" : " ok\n");
        }

        return Text(200, text.Append(check).Append(" check passed\n").ToString());
    }

    private ApiResponse Root()
    {
        MapNode legacy = EmbeddedData.Json("discovery-legacy.json");
        IEnumerable<string> paths = legacy.Keys.Concat(["/apis/", "/healthz", "/livez", "/readyz", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version", "/.well-known/openid-configuration", "/openid/v1/jwks"]);
        return Json(JsonWriter.ToBytes(new MapNode { ["paths"] = new ListNode(paths.Distinct().Order(StringComparer.Ordinal).Select(path => (Node)StringNode.Of(path))) }));
    }

    private ApiResponse OpenId(ApiRequest request)
    {
        if (request.Path == "/openid/v1/jwks")
        {
            return request.Accept.Contains("jwk-set+json", StringComparison.Ordinal) || request.Accept.Contains("*/*", StringComparison.Ordinal)
                ? new ApiResponse(200, "application/jwk-set+json", JsonWriter.ToBytes(tokens.KeySet()))
                : throw ApiErrors.NotAcceptable("application/jwk-set+json");
        }

        if (request.Path != "/.well-known/openid-configuration")
        {
            throw ApiErrors.NoSuchPath();
        }

        return Json(JsonWriter.ToBytes(new MapNode
        {
            ["issuer"] = TokenIssuer.Issuer,
            ["jwks_uri"] = $"https://{request.Host}/openid/v1/jwks",
            ["response_types_supported"] = new ListNode(StringNode.Of("id_token")),
            ["subject_types_supported"] = new ListNode(StringNode.Of("public")),
            ["id_token_signing_alg_values_supported"] = new ListNode(StringNode.Of("ES256")),
        }));
    }
}
