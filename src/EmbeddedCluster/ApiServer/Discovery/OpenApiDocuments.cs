using System.Collections.Frozen;
using System.Globalization;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Discovery;

/// <summary>/openapi/v2 and /openapi/v3, unpacked from the embedded copies when first asked for; CRDs and other API servers add their own.</summary>
internal sealed class OpenApiDocuments(KindRegistry kinds, TimeProvider time)
{
    // An @ is no letter of a media type, so answers are called by another name than questions may be.
    private const string ProtobufV2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private const string ProtobufV3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
    private const string V3 = "/openapi/v3/";

    private static readonly Lazy<FrozenDictionary<string, OpenApiDocument>> BuiltIn = new(() => EmbeddedData.UnzippedMembers("openapi-v3.json.gz")
        .ToFrozenDictionary(member => member.Key, member => new OpenApiDocument(member.Value, OpenApiProtobuf.WriteV3), StringComparer.Ordinal));

    private static readonly Lazy<byte[]> Version2 = new(() => EmbeddedData.Unzipped("openapi-v2.json.gz"));

    private volatile Known? known;

    /// <returns>Null where no document is.</returns>
    public ApiResponse? Answer(ApiRequest request)
    {
        string path = request.Path.TrimEnd('/');
        if (path == "/openapi/v2")
        {
            return Form(request, Current().Version2, ProtobufV2);
        }

        if (path == "/openapi/v3")
        {
            // The reference leaves the type of this one to be guessed.
            return Tagged(request, Current().Index.Tag, "text/plain; charset=utf-8", () => Current().Index.Json);
        }

        return path.StartsWith(V3, StringComparison.Ordinal) && Document(path[V3.Length..]) is { } found ? Named(request, path, found) : null;
    }

    /// <summary>Whoever asks for a document by its hash gets that very document, for good, or is sent to the one that took its place.</summary>
    private ApiResponse Named(ApiRequest request, string path, OpenApiDocument document)
    {
        string hash = request.Parameter("hash");
        if (hash.Length > 0 && hash != document.Hash)
        {
            return new ApiResponse(301, "text/html; charset=utf-8", default) { Headers = [new("Location", $"{path}?hash={document.Hash}")] };
        }

        ApiResponse answer = Form(request, document, ProtobufV3);
        return hash.Length == 0 ? answer : answer with
        {
            Headers = [.. answer.Headers, new("Cache-Control", "public, immutable"), new("Expires", time.GetUtcNow().AddYears(1).ToString("R", CultureInfo.InvariantCulture))],
        };
    }

    private static ApiResponse Form(ApiRequest request, OpenApiDocument document, string protobuf)
    {
        foreach (string clause in (request.Accept.Length == 0 ? "*/*" : request.Accept).Split(',', StringSplitOptions.TrimEntries))
        {
            string wanted = clause.Split(';')[0].Trim();
            if (wanted is "application/json" or "application/*" or "*/*")
            {
                return Tagged(request, document.Tag, "application/json", () => document.Json);
            }

            if (wanted.Replace('@', '.') == protobuf)
            {
                return Tagged(request, document.Tag, protobuf, () => document.Protobuf);
            }
        }

        throw ApiErrors.NotAcceptable($"application/json, {protobuf}");
    }

    private static ApiResponse Tagged(ApiRequest request, string tag, string type, Func<byte[]> body)
    {
        KeyValuePair<string, string>[] headers = [new("ETag", tag), new("Vary", "Accept")];
        return request.IfNoneMatch == tag
            ? new ApiResponse(304, type, default) { Headers = headers }
            : new ApiResponse(200, type, body()) { Headers = headers };
    }

    private OpenApiDocument? Document(string key) => BuiltIn.Value.GetValueOrDefault(key) ?? Current().Custom.GetValueOrDefault(key);

    // Written once for each set of kinds: clients ask for the index more often than kinds change.
    private Known Current()
    {
        KindCatalog catalog = kinds.Current;
        Known? current = known;
        if (current?.Catalog != catalog)
        {
            known = current = new Known(catalog);
        }

        return current;
    }

    /// <summary>The documents while a set of kinds is served.</summary>
    private sealed class Known
    {
        private readonly Lazy<OpenApiDocument> version2;
        private readonly Lazy<OpenApiDocument> index;

        public Known(KindCatalog catalog)
        {
            Catalog = catalog;
            Custom = catalog.Kinds.Where(kind => kind.Custom is not null).Select(kind => $"apis/{kind.Kind.Group}/{kind.Kind.Version}").Distinct()
                .Select(key => (Key: key, Json: OpenApiMerge.V3(key, catalog, name => BuiltIn.Value[name].Json)))
                .Concat(catalog.Remotes.Where(remote => remote.Version3 is not null).Select(remote => (Key: $"apis/{remote.Group}/{remote.Version}", Json: remote.Version3!)))
                .ToFrozenDictionary(document => document.Key, document => new OpenApiDocument(document.Json, OpenApiProtobuf.WriteV3), StringComparer.Ordinal);
            version2 = new Lazy<OpenApiDocument>(() => new OpenApiDocument(OpenApiMerge.V2(OpenApiDocuments.Version2.Value, catalog), OpenApiProtobuf.WriteV2));
            index = new Lazy<OpenApiDocument>(() => new OpenApiDocument(JsonWriter.ToBytes(Paths()), static _ => throw new NotSupportedException("the index is JSON")));
        }

        public KindCatalog Catalog { get; }

        public FrozenDictionary<string, OpenApiDocument> Custom { get; }

        public OpenApiDocument Version2 => version2.Value;

        public OpenApiDocument Index => index.Value;

        private MapNode Paths()
        {
            MapNode paths = [];
            foreach ((string key, OpenApiDocument document) in BuiltIn.Value.Concat(Custom).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                paths[key] = new MapNode { ["serverRelativeURL"] = $"{V3}{key}?hash={document.Hash}" };
            }

            return new MapNode { ["paths"] = paths };
        }
    }
}
