using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Auditing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bowline.EmbeddedCluster.Hosting;

internal sealed partial class HttpFront
{
    private const int GzipFrom = 128 * 1024;
    private const int Chunk = 1024 * 1024;

    // What a connection buffers of a stream whose reader does not read is this, beside the server's own limit for what it holds before it waits (64 KiB).
    private const int StreamChunk = 64 * 1024;

    // A reader that takes nothing for this long is dropped.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(60);

    private async Task WriteAsync(HttpContext context, ApiResponse response, string id, AuditEntry? entry)
    {
        HttpResponse http = context.Response;
        http.StatusCode = response.Code;
        http.ContentType = response.ContentType.Length > 0 ? response.ContentType : null;
        http.Headers["Audit-Id"] = id;
        http.Headers.CacheControl = "no-cache, private";
        foreach (string warning in response.Warnings)
        {
            http.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        foreach (IGrouping<string, string> header in response.Headers.GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
        {
            http.Headers[header.Key] = header.ToArray();
        }

        if (response.Tunnel is not null)
        {
            entry?.Started(response.Code);
            await TunnelAsync(context, response.Tunnel).ConfigureAwait(false);
        }
        else if (response.Stream is not null)
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
            await CompressAsync(context, response.Body).ConfigureAwait(false);
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
                context.Response.BodyWriter.Write(response.Body.Span.Slice(at, Math.Min(Chunk, response.Body.Length - at)));
                await FlushAsync(context, context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, or would not read.
        }
    }

    private async Task CompressAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        try
        {
            await using GZipStream gzip = new(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
            for (int at = 0; at < body.Length; at += Chunk)
            {
                await PatientlyAsync(context, gzip.WriteAsync(body.Slice(at, Math.Min(Chunk, body.Length - at)), context.RequestAborted).AsTask(), context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, or would not read.
        }
    }

    private async Task StreamAsync(HttpContext context, IAsyncEnumerable<Frame> frames)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        try
        {
            await context.Response.StartAsync(ending.Token).ConfigureAwait(false);
            await context.Response.BodyWriter.FlushAsync(ending.Token).ConfigureAwait(false);
            await foreach (Frame frame in frames.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                await WriteFrameAsync(context, frame, ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, was too slow, or the server stops; either way the stream ends here.
        }
    }

    private async Task TunnelAsync(HttpContext context, Func<Stream, CancellationToken, Task> tunnel)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        Stream client = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync().ConfigureAwait(false);
        await tunnel(client, ending.Token).ConfigureAwait(false);
    }

    private async Task WriteFrameAsync(HttpContext context, Frame frame, CancellationToken cancellationToken)
    {
        PipeWriter output = context.Response.BodyWriter;
        output.Write(frame.Head.Span);
        ReadOnlyMemory<byte> body = frame.Body;
        for (; body.Length > StreamChunk; body = body[StreamChunk..])
        {
            output.Write(body.Span[..StreamChunk]);
            await FlushAsync(context, cancellationToken).ConfigureAwait(false);
        }

        output.Write(body.Span);
        output.Write(frame.Tail.Span);
        await FlushAsync(context, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A reader that does not take what was written within the timeout is dropped: what it would need is in the store's log meanwhile.</summary>
    private async ValueTask FlushAsync(HttpContext context, CancellationToken cancellationToken)
    {
        ValueTask<FlushResult> write = context.Response.BodyWriter.FlushAsync(cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            _ = write.Result;
            return;
        }

        await PatientlyAsync(context, write.AsTask(), cancellationToken).ConfigureAwait(false);
    }

    private async Task PatientlyAsync(HttpContext context, Task write, CancellationToken cancellationToken)
    {
        try
        {
            await write.WaitAsync(WriteTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            context.Abort();

            // What is under way ends with the request: until then its buffers are in use.
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
