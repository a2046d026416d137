using System.Net;
using System.Text.Json;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Sources.Oci;

/// <param name="Manifest">Digest of the manifest that named the archive.</param>
public sealed record OciChart(byte[] Archive, ContentDigest Manifest, ContentDigest Content);

/// <summary>Reads charts from registries by the distribution specification, every manifest and blob checked against its digest.</summary>
/// <param name="plainHttp">Talk http, for registries of a test or a laptop.</param>
public sealed class OciRegistryClient(HttpDownloads downloads, ContentCache cache, bool plainHttp = false)
{
    private const string ChartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    private const string OldChartLayer = "application/tar+gzip";
    private const long MaxManifestBytes = 4L * 1024 * 1024;
    private const long MaxTagBytes = 16L * 1024 * 1024;
    private const long MaxChartBytes = 100L * 1024 * 1024;
    private const int MaxTagPages = 500;

    private static readonly string[] ManifestTypes = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

    private readonly RegistryTokens tokens = new(downloads);

    /// <summary>Every tag, in the registry's own order and form (<c>_</c> where versions have <c>+</c>).</summary>
    /// <exception cref="SourceException">No such repository.</exception>
    public async Task<IReadOnlyList<string>> GetTagsAsync(OciReference repository, CancellationToken cancellationToken)
    {
        List<string> tags = [];
        Uri? page = Address(repository, "tags/list");
        for (int pages = 0; page is not null; pages++)
        {
            if (pages == MaxTagPages)
            {
                throw new SourceException($"{repository}: more than {MaxTagPages} pages of tags");
            }

            Download answer = await GetAsync(repository, page, MaxTagBytes, ["application/json"], cancellationToken).ConfigureAwait(false);
            tags.AddRange(Read(repository, answer.Content, TagsOf));
            page = NextPage(page, answer);
        }

        return tags;
    }

    /// <exception cref="SourceException">No such chart, or content that is not what its digest says.</exception>
    public async Task<OciChart> GetChartAsync(OciReference chart, CancellationToken cancellationToken)
    {
        byte[] manifest = await GetManifestAsync(chart, cancellationToken).ConfigureAwait(false);
        (string layer, long size) = Read(chart, manifest, ChartLayerOf);
        ContentDigest content = ContentDigest.Parse(layer);
        ContentDigest of = ContentDigest.Of(manifest);
        if (size is < 0 or > MaxChartBytes)
        {
            throw new SourceException($"{chart}: the chart is larger than {MaxChartBytes} bytes");
        }

        if (cache.Find(content, MaxChartBytes) is { } kept)
        {
            return new OciChart(kept, of, content);
        }

        Download blob = await GetAsync(chart, Address(chart, $"blobs/{content}"), size, [], cancellationToken).ConfigureAwait(false);
        Check(chart, content, blob.Content);
        cache.Add(blob.Content);
        return new OciChart(blob.Content, of, content);
    }

    private async Task<byte[]> GetManifestAsync(OciReference chart, CancellationToken cancellationToken)
    {
        ContentDigest? wanted = chart.Digest.Length > 0 ? ContentDigest.Parse(chart.Digest) : null;
        if (wanted is { } known && cache.Find(known, MaxManifestBytes) is { } kept)
        {
            return kept;
        }

        Download answer = await GetAsync(chart, Address(chart, $"manifests/{(wanted is { } digest ? digest.ToString() : chart.Tag)}"), MaxManifestBytes, ManifestTypes, cancellationToken).ConfigureAwait(false);
        if (wanted is { } required)
        {
            Check(chart, required, answer.Content);
        }

        if (answer.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? said) && said.First().StartsWith("sha256:", StringComparison.Ordinal))
        {
            Check(chart, ContentDigest.Parse(said.First()), answer.Content);
        }

        cache.Add(answer.Content);
        return answer.Content;
    }

    private static void Check(OciReference chart, ContentDigest wanted, byte[] content)
    {
        ContentDigest actual = ContentDigest.Of(content);
        if (actual != wanted)
        {
            throw new SourceException($"{chart}: digest mismatch: expected {wanted}, got {actual}");
        }
    }

    private Uri Address(OciReference repository, string rest)
    {
        // The registry behind this name has another one for its interface, as every client knows.
        string host = repository.Host is "docker.io" ? "registry-1.docker.io" : repository.Host;
        return WebAddress.Parse($"{(plainHttp ? "http" : "https")}://{host}/v2/{repository.Repository}/{rest}");
    }

    private async Task<Download> GetAsync(OciReference repository, Uri address, long maxBytes, string[] accept, CancellationToken cancellationToken)
    {
        DownloadRequest request = new(address, maxBytes) { Accept = accept, Authorization = tokens.Known(address, repository.Repository) };
        Download answer = await downloads.GetAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.Status == HttpStatusCode.Unauthorized && WebAddress.SameOrigin(answer.From, address))
        {
            DownloadAuthorization? authorization = await tokens.AnswerAsync(answer, repository.Repository, cancellationToken).ConfigureAwait(false);
            answer = authorization is null ? answer : await downloads.GetAsync(request with { Authorization = authorization }, cancellationToken).ConfigureAwait(false);
        }

        return answer.IsSuccess ? answer : throw new SourceException($"{repository}: {(int)answer.Status} {answer.Status} from {WebAddress.Redact(answer.From)}");
    }

    private static T Read<T>(OciReference chart, byte[] json, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            return read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SourceException($"{chart}: the registry's answer cannot be read: {error.Message}", inner: error);
        }
    }

    private static List<string> TagsOf(JsonElement list) =>
        list.TryGetProperty("tags", out JsonElement tags) && tags.ValueKind == JsonValueKind.Array
            ? [.. tags.EnumerateArray().Where(tag => tag.ValueKind == JsonValueKind.String).Select(tag => tag.GetString()!)]
            : [];

    private static (string Digest, long Size) ChartLayerOf(JsonElement manifest)
    {
        foreach (JsonElement layer in manifest.GetProperty("layers").EnumerateArray())
        {
            if (layer.GetProperty("mediaType").GetString() is ChartLayer or OldChartLayer)
            {
                return (layer.GetProperty("digest").GetString()!, layer.GetProperty("size").GetInt64());
            }
        }

        throw new FormatException("it is not a Helm chart: no layer of type " + ChartLayer);
    }

    /// <summary>The <c>Link</c> to the next page; one that leads to another host is not followed.</summary>
    private static Uri? NextPage(Uri page, Download answer)
    {
        if (!answer.Headers.TryGetValues("Link", out IEnumerable<string>? links) || links.FirstOrDefault(link => link.Contains("rel=\"next\"", StringComparison.Ordinal)) is not { } link)
        {
            return null;
        }

        int open = link.IndexOf('<', StringComparison.Ordinal);
        int close = link.IndexOf('>', StringComparison.Ordinal);
        return open >= 0 && close > open && Uri.TryCreate(page, link[(open + 1)..close], out Uri? next) && WebAddress.SameOrigin(page, next) ? next : null;
    }
}
