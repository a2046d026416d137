using System.Collections.Concurrent;
using System.Text.Json;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Aggregation;

/// <summary>
/// How other API servers describe what they serve: asked for with the tag of what is known, so that what stays the same is not sent again.
/// A description that cannot be had or read is left out, and no other is the worse for it.
/// </summary>
internal sealed class RemoteOpenApi(RemoteServers remotes)
{
    private const int Most = 16 * 1024 * 1024;
    private const int Deepest = 256;
    private readonly ConcurrentDictionary<(string ApiService, string Path), Document> documents = new();

    /// <summary>With what was known at the last look; without while it cannot be reached.</summary>
    public RemoteVersion Known(string apiService, RemoteVersion version) => version.Resources is null ? version : version with
    {
        Version2 = documents.GetValueOrDefault((apiService, "/openapi/v2"))?.Part,
        Version3 = documents.GetValueOrDefault((apiService, PathOf(version)))?.Json,
    };

    public async Task<RemoteVersion> DescribeAsync(StoredObject apiService, RemoteVersion version, CancellationToken cancellationToken)
    {
        if (version.Resources is not null)
        {
            await Task.WhenAll(
                LookAsync(apiService, "/openapi/v2", json => Read(json, OpenApiProtobuf.WriteV2, $"/apis/{version.Group}/{version.Version}/"), cancellationToken),
                LookAsync(apiService, PathOf(version), json => Read(json, OpenApiProtobuf.WriteV3, null), cancellationToken)).ConfigureAwait(false);
        }

        return Known(apiService.Name, version);
    }

    /// <summary>What is known of others is given up.</summary>
    public void KeepOnly(IEnumerable<string> apiServices)
    {
        HashSet<string> kept = [.. apiServices];
        foreach ((string ApiService, string Path) key in documents.Keys.Where(key => !kept.Contains(key.ApiService)))
        {
            documents.TryRemove(key, out _);
        }
    }

    private static string PathOf(RemoteVersion version) => $"/openapi/v3/apis/{version.Group}/{version.Version}";

    private async Task LookAsync(StoredObject apiService, string path, Func<byte[], Document> read, CancellationToken cancellationToken)
    {
        (string, string) key = (apiService.Name, path);
        Document? known = documents.GetValueOrDefault(key);
        try
        {
            (byte[]? body, string tag) = await remotes.ReadAsync(apiService.Node, remotes.Address(apiService.Node), path, known?.Tag ?? string.Empty, Most, cancellationToken).ConfigureAwait(false);
            if (body is not null && known?.Json.AsSpan().SequenceEqual(body) != true)
            {
                documents[key] = read(body) with { Tag = tag };
            }
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or NotSupportedException or OperationCanceledException)
        {
            documents.TryRemove(key, out _);
        }
    }

    /// <param name="write">Whoever asks for protobuf later must not be the first to find out that a document has no such form.</param>
    /// <param name="prefix">Of the paths that are taken over; null when they all are.</param>
    private static Document Read(byte[] json, Func<MapNode, byte[]> write, string? prefix)
    {
        MapNode document = JsonReader.Read(json, Deepest) as MapNode ?? throw new JsonException("an OpenAPI document is an object");
        MapNode part = prefix is null ? document : OpenApiParts.Below(document, prefix);
        _ = write(part);
        return new Document(json, prefix is null ? null : part);
    }

    /// <param name="Json">As it was sent.</param>
    /// <param name="Part">What is taken over into a document of this server.</param>
    private sealed record Document(byte[] Json, MapNode? Part)
    {
        public string Tag { get; init; } = string.Empty;
    }
}
