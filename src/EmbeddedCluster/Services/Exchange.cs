using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Bowline.EmbeddedCluster.Services;

/// <summary>
/// One request over HTTP/1.1 and its answer, on a connection of its own. HttpClient joins the values of a header that is repeated, and
/// those who are told a user's groups take each line for one group; here every value has its line.
/// </summary>
internal sealed class Exchange : IAsyncDisposable
{
    private const int LongestLine = 64 * 1024;
    private const int MostHeaders = 256;
    private readonly SslStream stream;
    private readonly PipeReader reader;

    private Exchange(SslStream stream)
    {
        this.stream = stream;
        reader = PipeReader.Create(stream);
    }

    public int Code { get; private set; }

    public List<KeyValuePair<string, string>> Headers { get; } = [];

    private bool IsChunked => Header("Transfer-Encoding").Contains("chunked", StringComparison.OrdinalIgnoreCase);

    /// <summary>Sends a request, and waits for the head of the answer.</summary>
    /// <param name="head">Request line and headers without line ends; Host, Content-Length and Connection are added.</param>
    /// <exception cref="HttpRequestException">No server, none that is trusted, or an answer that is none.</exception>
    public static async Task<Exchange> BeginAsync(TlsTarget target, X509Certificate2? identity, IEnumerable<string> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        SslStream? stream = null;
        try
        {
            stream = new SslStream(await target.DialAsync(cancellationToken).ConfigureAwait(false));
            SslClientAuthenticationOptions options = target.Options(identity);
            options.ApplicationProtocols = [SslApplicationProtocol.Http11];
            await stream.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            string text = string.Join("\r\n", [.. head.Select(OneLine), $"Host: {target.Name}:{target.Port}", $"Content-Length: {body.Length}", "Connection: close", string.Empty, string.Empty]);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(body, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            Exchange exchange = new(stream);
            await exchange.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
            return exchange;
        }
        catch (Exception e)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            throw e is SocketException or AuthenticationException or IOException ? new HttpRequestException(e.Message, e) : e;
        }
    }

    public string Header(string name) => Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? string.Empty;

    /// <summary>The body as it comes.</summary>
    /// <exception cref="HttpRequestException">It ends before it is whole.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> BodyAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsChunked)
        {
            while (long.TryParse((await LineAsync(cancellationToken).ConfigureAwait(false)).Split(';')[0].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long size) && size > 0)
            {
                await foreach (ReadOnlyMemory<byte> part in PartsAsync(size, cancellationToken).ConfigureAwait(false))
                {
                    yield return part;
                }

                await LineAsync(cancellationToken).ConfigureAwait(false);
            }

            yield break;
        }

        long? length = long.TryParse(Header("Content-Length"), CultureInfo.InvariantCulture, out long number) ? number : null;
        await foreach (ReadOnlyMemory<byte> part in PartsAsync(length, cancellationToken).ConfigureAwait(false))
        {
            yield return part;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await reader.CompleteAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    // A header stays the one that it was meant to be, whatever is in it.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private async Task ReadHeadAsync(CancellationToken cancellationToken)
    {
        do
        {
            string[] status = (await LineAsync(cancellationToken).ConfigureAwait(false)).Split(' ', 3);
            Code = status.Length > 1 && status[0].StartsWith("HTTP/1.", StringComparison.Ordinal) && int.TryParse(status[1], CultureInfo.InvariantCulture, out int code) ? code : throw new HttpRequestException("malformed HTTP response");
            Headers.Clear();
            string line;
            while ((line = await LineAsync(cancellationToken).ConfigureAwait(false)).Length > 0)
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon <= 0 || Headers.Count == MostHeaders)
                {
                    throw new HttpRequestException("malformed HTTP response");
                }

                Headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
            }
        }
        while (Code is >= 100 and < 200);
    }

    /// <param name="length">How many bytes are left; null for all until the connection ends.</param>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(long? length, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (length is not 0)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> part = length < read.Buffer.Length ? read.Buffer.Slice(0, length.Value) : read.Buffer;
            if (part.IsEmpty && read.IsCompleted)
            {
                if (length is not null)
                {
                    throw new HttpRequestException("unexpected EOF");
                }

                yield break;
            }

            byte[] bytes = part.ToArray();
            reader.AdvanceTo(part.End);
            length -= bytes.Length;
            yield return bytes;
        }
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                string line = Encoding.Latin1.GetString(read.Buffer.Slice(0, end));
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line.TrimEnd('\r');
            }

            if (read.IsCompleted || read.Buffer.Length > LongestLine)
            {
                throw new HttpRequestException(read.IsCompleted ? "EOF" : "a line of the answer's head is too long");
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
