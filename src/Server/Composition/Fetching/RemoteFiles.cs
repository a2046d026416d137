using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Fetching;

/// <summary>
/// Reads single files by URL: what kustomizations name, where the user allows it, and Helm's value files. Credentials are those written in the URL, and go
/// to its own server only.
/// </summary>
/// <param name="dial">Opens connections; null for anywhere.</param>
public sealed class RemoteFiles(TimeProvider time, Dial? dial = null) : IDisposable
{
    private const long MaxBytes = 64L * 1024 * 1024;
    private readonly HttpDownloads downloads = new(time, dial: dial);

    /// <inheritdoc cref="FetchAsync"/>
    public byte[] Fetch(Uri address, CancellationToken cancellationToken) => FetchAsync(address, cancellationToken).GetAwaiter().GetResult();

    /// <exception cref="SourceException">The server cannot be reached, or does not answer with a file.</exception>
    public async Task<byte[]> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        Download download = await downloads.GetAsync(new DownloadRequest(address, MaxBytes) { Authorization = downloads.BasicFor(address) }, cancellationToken).ConfigureAwait(false);
        return download.IsSuccess
            ? download.Content
            : throw new SourceException($"{WebAddress.Redact(address)} answers {(int)download.Status}");
    }

    public void Dispose() => downloads.Dispose();
}
