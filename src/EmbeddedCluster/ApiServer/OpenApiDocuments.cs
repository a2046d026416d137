using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>/openapi/v2 and /openapi/v3, unpacked from the embedded copies when first asked for; CRDs add their own.</summary>
internal sealed class OpenApiDocuments(KindRegistry kinds)
{
    private const string ProtobufV2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> Version3 = new(() => EmbeddedData.UnzippedMembers("openapi-v3.json.gz"));
    private static readonly Lazy<byte[]> Version2 = new(() => EmbeddedData.Unzipped("openapi-v2.json.gz"));

    private volatile CustomDocuments custom = new(null, [], new Dictionary<string, byte[]>());

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
            return Tagged(request, "text/plain; charset=utf-8", JsonWriter.ToBytes(Index()));
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

        return Tagged(request, "application/json", body);
    }

    private static ApiResponse Tagged(ApiRequest request, string type, byte[] body)
    {
        string tag = $"\"{Hash(body)}\"";
        KeyValuePair<string, string>[] headers = [new("ETag", tag), new("Vary", "Accept")];
        return request.IfNoneMatch == tag
            ? new ApiResponse(304, type, default) { Headers = headers }
            : new ApiResponse(200, type, body) { Headers = headers };
    }

    private static string Hash(byte[] body) => Convert.ToHexString(SHA512.HashData(body));

    private static bool AcceptsJson(string accept) =>
        accept.Length == 0 || accept.Contains("application/json", StringComparison.Ordinal) || accept.Contains("*/*", StringComparison.Ordinal) || accept.Contains("application/*", StringComparison.Ordinal);

    private ApiResponse AnswerV2(ApiRequest request)
    {
        if (AcceptsJson(request.Accept))
        {
            return new ApiResponse(200, "application/json", Custom().Version2);
        }

        // An @ is no letter of a media type, so the answer is called by another name than the question.
        return request.Accept.Contains("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", StringComparison.Ordinal)
            || request.Accept.Contains(ProtobufV2, StringComparison.Ordinal)
            ? new ApiResponse(200, ProtobufV2, Custom().ProtobufVersion2.Value)
            : throw ApiErrors.NotAcceptable($"application/json, {ProtobufV2}");
    }

    private byte[]? Document(string key) => Version3.Value.GetValueOrDefault(key) ?? Custom().Version3.GetValueOrDefault(key);

    // Written once for each set of kinds: clients ask for the index more often than kinds change.
    private CustomDocuments Custom()
    {
        KindCatalog catalog = kinds.Current;
        if (custom.Catalog != catalog)
        {
            Dictionary<string, byte[]> version3 = new(StringComparer.Ordinal);
            foreach (string key in catalog.Kinds.Where(kind => kind.Custom is not null).Select(kind => $"apis/{kind.Kind.Group}/{kind.Kind.Version}").Distinct())
            {
                version3[key] = OpenApiMerge.V3(key, catalog, name => Version3.Value[name]);
            }

            custom = new CustomDocuments(catalog, OpenApiMerge.V2(Version2.Value, catalog), version3);
        }

        return custom;
    }

    private MapNode Index()
    {
        MapNode paths = [];
        foreach ((string key, byte[] body) in Version3.Value)
        {
            paths[key] = new MapNode { ["serverRelativeURL"] = $"/openapi/v3/{key}?hash={Hash(body)}" };
        }

        foreach ((string key, byte[] body) in Custom().Version3)
        {
            paths[key] = new MapNode { ["serverRelativeURL"] = $"/openapi/v3/{key}?hash={Hash(body)}" };
        }

        return new MapNode { ["paths"] = paths };
    }

    private sealed record CustomDocuments(KindCatalog? Catalog, byte[] Version2, IReadOnlyDictionary<string, byte[]> Version3)
    {
        public Lazy<byte[]> ProtobufVersion2 { get; } = new(() => OpenApiProtobuf.Write((MapNode)JsonReader.Read(Version2)));
    }
}
