using System.Text;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Discovery;
using Bowline.EmbeddedCluster.ApiServer.Monitoring;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Paths that are about no object: discovery, OpenAPI, version, health, metrics.</summary>
internal sealed class SystemEndpoints(KindRegistry kinds, TokenIssuer tokens, TimeProvider time, MetricsPage metrics, StatusPages pages)
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
            "" => Json(JsonWriter.ToBytes(new MapNode { ["paths"] = new ListNode(Paths().Select(path => (Node)StringNode.Of(path))) })),
            "metrics" when path == "/metrics" => new ApiResponse(200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", Encoding.UTF8.GetBytes(metrics.Write())),
            "metrics" when path == "/metrics/slis" => Text(200, HealthMetrics()),
            "statusz" when path == "/statusz" => pages.Status(request, Paths()),
            "flagz" when path == "/flagz" => pages.Flags(request),
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

    /// <summary>Every path there is but those of objects, sorted.</summary>
    private IEnumerable<string> Paths()
    {
        IEnumerable<string> groups = kinds.Current.Groups.Where(group => group.Name.Length > 0).SelectMany(group => group.Versions.Select(version => $"/apis/{group.Name}/{version}").Append($"/apis/{group.Name}"));
        IEnumerable<string> checks = ((string[])["/healthz", "/livez", "/readyz"]).SelectMany(health => Checks.Select(check => $"{health}/{check}").Append(health));
        string[] others = ["/api", "/api/v1", "/apis", "/apis/", "/flagz", "/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/statusz", "/version", "/.well-known/openid-configuration", "/openid/v1/jwks"];
        return others.Concat(groups).Concat(checks).Distinct().Order(StringComparer.Ordinal);
    }

    private static string HealthMetrics()
    {
        StringBuilder text = new("# HELP kubernetes_healthcheck [STABLE] What a check of health found.\n# TYPE kubernetes_healthcheck gauge\n");
        foreach (string check in Checks)
        {
            text.Append("kubernetes_healthcheck{name=\"").Append(check).Append("\",type=\"readyz\"} 1\n");
        }

        return text.ToString();
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
