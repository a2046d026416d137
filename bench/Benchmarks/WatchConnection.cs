using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Bowline.Benchmarks;

/// <summary>
/// Many watches of one path over one HTTP/2 connection, read by one loop that looks at frames alone: whatever a reader costs, it takes
/// from the server on the same cores.
/// </summary>
internal sealed class WatchConnection : IAsyncDisposable
{
    private const int FrameHead = 9;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Settings = 4;
    private const byte WindowUpdate = 8;
    private const byte Acknowledged = 1;
    private const byte EndOfHeaders = 4;
    private const byte EndOfStream = 1;
    private readonly SslStream stream;
    private readonly long[] arrived;
    private readonly Task reading;
    private int missing;
    private TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WatchConnection(SslStream stream, int watches)
    {
        this.stream = stream;
        arrived = new long[watches];
        missing = watches;
        reading = Task.Run(ReadAsync);
    }

    /// <summary>Returns when the server has answered all of them.</summary>
    public static async Task<WatchConnection> OpenAsync(Uri server, SslClientAuthenticationOptions options, string path, int watches)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port);
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
        options.TargetHost = server.Host;
        options.ApplicationProtocols = [SslApplicationProtocol.Http2];
        await stream.AuthenticateAsClientAsync(options);
        WatchConnection connection = new(stream, watches);
        await stream.WriteAsync(Opening(server.Authority, path, watches));
        await connection.AllAsync();
        return connection;
    }

    /// <summary>When each watch got its next event whole; to be called before the event is caused.</summary>
    public async Task<IReadOnlyList<long>> NextAsync()
    {
        missing = arrived.Length;
        all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await AllAsync();
        return [.. arrived];
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AllAsync() => await (await Task.WhenAny(all.Task, reading));

    /// <summary>The preface, windows that never close, and the requests.</summary>
    private static byte[] Opening(string authority, string path, int watches)
    {
        using MemoryStream opening = new();
        opening.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        // SETTINGS_INITIAL_WINDOW_SIZE, and what the connection's own window lacks of as much.
        Frame(opening, Settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]);
        Frame(opening, WindowUpdate, 0, 0, [0x7f, 0xff, 0, 0]);
        // HPACK's static table: GET, https, and :path and :authority with a value that no table keeps.
        byte[] head = [0x82, 0x87, 0x04, checked((byte)path.Length), .. Encoding.ASCII.GetBytes(path), 0x01, checked((byte)authority.Length), .. Encoding.ASCII.GetBytes(authority)];
        for (int watch = 0; watch < watches; watch++)
        {
            Frame(opening, Headers, EndOfHeaders | EndOfStream, (2 * watch) + 1, head);
        }

        return opening.ToArray();
    }

    private static void Frame(Stream into, byte type, byte flags, int id, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[FrameHead];
        BinaryPrimitives.WriteInt32BigEndian(head, (payload.Length << 8) | type);
        head[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(head[5..], id);
        into.Write(head);
        into.Write(payload);
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[256 * 1024];
        int held = 0;
        while (await stream.ReadAsync(buffer.AsMemory(held)) is > 0 and int read)
        {
            long now = Stopwatch.GetTimestamp();
            held += read;
            int at = 0;
            while (held - at >= FrameHead && BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at)) >> 8 is var length && held - at >= FrameHead + length)
            {
                Take(buffer.AsSpan(at, FrameHead + length), now);
                at += FrameHead + length;
            }

            buffer.AsSpan(at, held - at).CopyTo(buffer);
            held -= at;
        }

        throw new IOException("the server ended the connection");
    }

    /// <summary>Headers are the answer to a request, and data that ends a line the end of an event.</summary>
    private void Take(ReadOnlySpan<byte> frame, long now)
    {
        (byte type, byte flags) = (frame[3], frame[4]);
        if ((type == Headers && (flags & EndOfStream) == 0) || (type == Data && frame[^1] == (byte)'\n'))
        {
            arrived[BinaryPrimitives.ReadInt32BigEndian(frame[5..]) / 2] = now;
            if (Interlocked.Decrement(ref missing) == 0)
            {
                all.TrySetResult();
            }
        }
        else if (type == Settings && (flags & Acknowledged) == 0)
        {
            Frame(stream, Settings, Acknowledged, 0, []);
        }
        else if (type is not (Data or Settings or WindowUpdate))
        {
            throw new IOException($"a frame of type {type}, flags {flags}: {Encoding.UTF8.GetString(frame[FrameHead..])}");
        }
    }
}
