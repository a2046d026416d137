using System.Net;
using System.Net.Http.Headers;

namespace Bowline.Cluster.Http;

/// <summary>A request body that was serialised beforehand, so that it has a length and can be sent again.</summary>
internal sealed class BufferContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> body;

    public BufferContent(ReadOnlyMemory<byte> body, MediaTypeHeaderValue type)
    {
        this.body = body;
        Headers.ContentType = type;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body).AsTask();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        stream.WriteAsync(body, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
