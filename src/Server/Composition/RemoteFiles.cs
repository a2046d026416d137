using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition;

/// <summary>Reads the single files that kustomizations name by URL, where the user allows it; credentials are those written in the URL, and go to its own server only.</summary>
public sealed class RemoteFiles(TimeProvider time) : IDisposable
{
    private const long MaxBytes = 64L * 1024 * 1024;
    private readonly HttpDownloads downloads = new(time);

    /// <exception cref="SourceException">The server cannot be reached, or does not answer with a file.</exception>
    public byte[] Fetch(Uri address, CancellationToken cancellationToken)
    {
        Download download = downloads.GetAsync(new DownloadRequest(address, MaxBytes) { Authorization = downloads.BasicFor(address) }, cancellationToken).GetAwaiter().GetResult();
        return download.IsSuccess
            ? download.Content
            : throw new SourceException($"{WebAddress.Redact(address)} answers {(int)download.Status}");
    }

    public void Dispose() => downloads.Dispose();
}
