using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
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
    /// <summary>The header of a request that wants another protocol, which its header Upgrade names.</summary>
    public const string Upgrading = "Connection: Upgrade";

    private const int LongestLine = 64 * 1024;
    private const int MostHeaders = 256;
    private readonly Stream stream;
    private readonly PipeReader reader;

    private Exchange(Stream stream)
    {
        this.stream = stream;
        reader = PipeReader.Create(stream);
    }

    public int Code { get; private set; }

    public List<KeyValuePair<string, string>> Headers { get; } = [];

    /// <summary>How long the body is said to be; null when its end will show.</summary>
    public long? Length => !IsChunked && long.TryParse(Header("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private bool IsChunked => Header("Transfer-Encoding").Contains("chunked", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the connection is no longer one of HTTP, as was asked: what comes now is for who asked.</summary>
    public bool IsUpgraded => Code == 101;

    /// <summary>Sends a request, and waits for the head of the answer.</summary>
    /// <param name="head">Request line and headers without line ends; Content-Length is added, and Connection unless it is there to change the protocol.</param>
    /// <exception cref="HttpRequestException">No server, none that is trusted, or an answer that is none.</exception>
    public static async Task<Exchange> BeginAsync(ServerTarget target, X509Certificate2? identity, IReadOnlyList<string> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        Stream? stream = null;
        try
        {
            stream = await target.ConnectAsync(identity, cancellationToken).ConfigureAwait(false);
            string[] length = body.IsEmpty && IsBodiless(head[0]) ? [] : [$"Content-Length: {body.Length}"];
            string[] connection = head.Contains(Upgrading) ? [] : ["Connection: close"];
            string text = string.Join("\r\n", [.. head.Select(OneLine), .. length, .. connection, string.Empty, string.Empty]);
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

    /// <summary>Hands bytes on both ways until either side is done; an <see cref="IsUpgraded"/> one only.</summary>
    public async Task JoinAsync(Stream other, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] ways = [other.CopyToAsync(stream, ending.Token), reader.CopyToAsync(other, ending.Token)];
        await Task.WhenAny(ways).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);

        // However the connection ended, its end is all there is to tell.
        await Task.WhenAll(ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

        await foreach (ReadOnlyMemory<byte> part in PartsAsync(Length, cancellationToken).ConfigureAwait(false))
        {
            yield return part;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await reader.CompleteAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsBodiless(string requestLine) => !requestLine.StartsWith('P');

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
        while (Code is >= 100 and < 200 && !IsUpgraded);
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
