using System.IO.Compression;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Auditing;
using Microsoft.AspNetCore.Http;

namespace Bowline.EmbeddedCluster.Hosting;

internal sealed partial class HttpFront
{
    private const int GzipFrom = 128 * 1024;
    private const int Chunk = 1024 * 1024;

    // A reader that takes nothing for this long is dropped.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(60);

    private async Task WriteAsync(HttpContext context, ApiResponse response, string id, AuditEntry? entry)
    {
        HttpResponse http = context.Response;
        http.StatusCode = response.Code;
        http.ContentType = response.ContentType;
        http.Headers["Audit-Id"] = id;
        http.Headers.CacheControl = "no-cache, private";
        foreach (string warning in response.Warnings)
        {
            http.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        foreach ((string name, string value) in response.Headers)
        {
            http.Headers[name] = value;
        }

        if (response.Stream is not null)
        {
            entry?.Started(response.Code);
            await StreamAsync(context, response.Stream).ConfigureAwait(false);
        }
        else
        {
            await BodyAsync(context, response).ConfigureAwait(false);
        }

        entry?.Completed(response.Code, response.Body);
    }

    private async Task BodyAsync(HttpContext context, ApiResponse response)
    {
        HttpResponse http = context.Response;
        if (response.Body.Length >= GzipFrom && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            http.Headers.ContentEncoding = "gzip";
            http.Headers.Vary = "Accept-Encoding";
            await using GZipStream gzip = new(http.Body, CompressionLevel.Fastest, leaveOpen: true);
            await gzip.WriteAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        if (response.Code is 204 or 304)
        {
            return;
        }

        http.ContentLength = response.Body.Length;
        try
        {
            for (int at = 0; at < response.Body.Length; at += Chunk)
            {
                await WriteFrameAsync(context, response.Body.Slice(at, Math.Min(Chunk, response.Body.Length - at)), context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, or would not read.
        }
    }

    private async Task StreamAsync(HttpContext context, IAsyncEnumerable<ReadOnlyMemory<byte>> frames)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        try
        {
            await context.Response.StartAsync(ending.Token).ConfigureAwait(false);
            await context.Response.BodyWriter.FlushAsync(ending.Token).ConfigureAwait(false);
            await foreach (ReadOnlyMemory<byte> frame in frames.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                await WriteFrameAsync(context, frame, ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, was too slow, or the server stops; either way the stream ends here.
        }
    }

    /// <summary>A reader that does not take a frame within the timeout is dropped: what it would need is in the store's log meanwhile.</summary>
    private async Task WriteFrameAsync(HttpContext context, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        ValueTask<System.IO.Pipelines.FlushResult> write = context.Response.BodyWriter.WriteAsync(frame, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await write.AsTask().WaitAsync(WriteTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            context.Abort();
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
