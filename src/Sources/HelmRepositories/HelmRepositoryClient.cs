using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Sources.HelmRepositories;

/// <summary>Fetches a repository's index and the archives that it names. What an index says is read elsewhere.</summary>
public sealed class HelmRepositoryClient(HttpDownloads downloads, ContentCache cache)
{
    private const long MaxIndexBytes = 64L * 1024 * 1024;
    private const long MaxChartBytes = 100L * 1024 * 1024;

    /// <exception cref="SourceException">There is no such index.</exception>
    public async Task<byte[]> GetIndexAsync(Uri repository, CancellationToken cancellationToken)
    {
        UriBuilder index = new(repository);
        index.Path = index.Path.TrimEnd('/') + "/index.yaml";
        return await GetAsync(repository, index.Uri, MaxIndexBytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An archive, from the cache when its digest is known and it lies there.</summary>
    /// <param name="reference">As the index has it: relative to the repository, or an address of its own, which gets no credentials on another host.</param>
    /// <param name="digest">As the index has it; empty when it has none.</param>
    /// <exception cref="SourceException">The archive cannot be had, or is not the one that the index promises.</exception>
    public async Task<byte[]> GetChartAsync(Uri repository, string reference, string digest, CancellationToken cancellationToken)
    {
        ContentDigest? promised = digest.Length > 0 ? ContentDigest.Parse(digest) : null;
        if (promised is { } known && cache.Find(known, MaxChartBytes) is { } kept)
        {
            return kept;
        }

        Uri address = Resolve(repository, reference);
        byte[] archive = await GetAsync(repository, address, MaxChartBytes, cancellationToken).ConfigureAwait(false);
        ContentDigest actual = ContentDigest.Of(archive);
        if (promised is { } wanted && wanted != actual)
        {
            throw new SourceException($"{WebAddress.Redact(address)}: digest mismatch: the repository's index promises {wanted}, the archive is {actual}");
        }

        cache.Add(archive);
        return archive;
    }

    /// <summary>Relative references are below the repository and keep its query, as in Helm.</summary>
    internal static Uri Resolve(Uri repository, string reference)
    {
        UriBuilder folder = new(repository);
        folder.Path = folder.Path.TrimEnd('/') + "/";
        if (reference.Any(char.IsControl) || !Uri.TryCreate(folder.Uri, reference, out Uri? address) || !WebAddress.IsWeb(address))
        {
            throw new SourceException($"{WebAddress.Redact(repository)}: the index names an archive that is neither http nor https");
        }

        bool absolute = reference.Contains("://", StringComparison.Ordinal) || reference.StartsWith("//", StringComparison.Ordinal);
        return absolute || address.Query.Length > 0 || repository.Query.Length == 0 ? address : new UriBuilder(address) { Query = repository.Query }.Uri;
    }

    private async Task<byte[]> GetAsync(Uri repository, Uri address, long maxBytes, CancellationToken cancellationToken)
    {
        DownloadRequest request = new(address, maxBytes) { Authorization = downloads.BasicFor(repository) };
        Download answer = await downloads.GetAsync(request, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess ? answer.Content : throw new SourceException($"{WebAddress.Redact(address)}: {(int)answer.Status} {answer.Status}");
    }
}
