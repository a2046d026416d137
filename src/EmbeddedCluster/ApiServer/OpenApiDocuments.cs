using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>/openapi/v2 and /openapi/v3, unpacked from the embedded copies when first asked for; CRDs add their own.</summary>
internal sealed class OpenApiDocuments(KindRegistry kinds)
{
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> Version3 = new(() => EmbeddedData.UnzippedMembers("openapi-v3.json.gz"));
    private static readonly Lazy<byte[]> Version2 = new(() => EmbeddedData.Unzipped("openapi-v2.json.gz"));

    public ApiResponse? Answer(ApiRequest request)
    {
        string path = request.Path.TrimEnd('/');
        if (path == "/openapi/v2")
        {
            return AnswerV2(request);
        }

        if (path == "/openapi/v3")
        {
            // The reference leaves the type of this one to be guessed.
            return new ApiResponse(200, "text/plain; charset=utf-8", JsonWriter.ToBytes(Index()));
        }

        if (!path.StartsWith("/openapi/v3/", StringComparison.Ordinal))
        {
            return null;
        }

        string key = path["/openapi/v3/".Length..];
        if (Document(key) is not { } body)
        {
            return null;
        }

        string tag = $"\"{Hash(body)}\"";
        KeyValuePair<string, string>[] headers = [new("ETag", tag), new("Vary", "Accept")];
        return request.IfNoneMatch == tag
            ? new ApiResponse(304, "application/json", default) { Headers = headers }
            : new ApiResponse(200, "application/json", body) { Headers = headers };
    }

    private static string Hash(byte[] body) => Convert.ToHexString(SHA512.HashData(body));

    private static bool AcceptsJson(string accept) =>
        accept.Length == 0 || accept.Contains("application/json", StringComparison.Ordinal) || accept.Contains("*/*", StringComparison.Ordinal) || accept.Contains("application/*", StringComparison.Ordinal);

    private ApiResponse AnswerV2(ApiRequest request) => AcceptsJson(request.Accept)
        ? new ApiResponse(200, "application/json", Definitions.OpenApiMerge.V2(Version2.Value, kinds.Current))
        : throw ApiErrors.NotAcceptable("application/json");

    private byte[]? Document(string key)
    {
        if (Version3.Value.TryGetValue(key, out byte[]? builtIn))
        {
            return builtIn;
        }

        return Definitions.OpenApiMerge.V3(key, kinds.Current);
    }

    private MapNode Index()
    {
        MapNode paths = [];
        foreach ((string key, byte[] body) in Version3.Value)
        {
            paths[key] = new MapNode { ["serverRelativeURL"] = $"/openapi/v3/{key}?hash={Hash(body)}" };
        }

        foreach (string key in kinds.Current.Kinds.Where(kind => kind.Custom is not null).Select(kind => $"apis/{kind.Kind.Group}/{kind.Kind.Version}").Distinct())
        {
            if (Definitions.OpenApiMerge.V3(key, kinds.Current) is { } body)
            {
                paths[key] = new MapNode { ["serverRelativeURL"] = $"/openapi/v3/{key}?hash={Hash(body)}" };
            }
        }

        return new MapNode { ["paths"] = paths };
    }
}
