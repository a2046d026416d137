using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>HTTP/2 frames written by hand: a client that may do what a decent one does not. It reads, but opens no window that it was not told to.</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
    private readonly SslStream stream;
    private readonly Task reading;

    // What the reader answers and what a test sends are written one after the other.
    private readonly SemaphoreSlim writing = new(1, 1);

    private RawHttp2(SslStream stream)
    {
        this.stream = stream;
        reading = Task.Run(ReadAsync);
    }

    /// <summary>Types of the frames that came, with their streams and lengths.</summary>
    public ConcurrentQueue<(byte Type, byte Flags, int Stream, int Length)> Came { get; } = new();

    /// <summary>Done when the server hung up.</summary>
    public Task Ended => reading;

    public static async Task<RawHttp2> ConnectAsync(EmbeddedClusterHost host)
    {
        TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, host.Server.Port);
        SslStream stream = new(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificates = [X509Certificate2.CreateFromPem(host.ClientCertificate, host.ClientKey)],
        });
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        RawHttp2 client = new(stream);
        await client.SendAsync(Settings, 0, 0, []);

        // The connection's window is wide open, so that one stream does not hold up another.
        await client.SendAsync(WindowUpdate, 0, 0, [0x3f, 0xff, 0, 0]);
        return client;
    }

    public async Task SendAsync(byte type, byte flags, int number, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), number);
        payload.CopyTo(frame, 9);
        await writing.WaitAsync();
        try
        {
            await stream.WriteAsync(frame);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>The fields of a request, each a literal without a name in the table.</summary>
    public static byte[] Request(string method, string path, params (string Name, string Value)[] more)
    {
        List<byte> block = [];
        foreach ((string name, string value) in (IEnumerable<(string, string)>)[(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), .. more])
        {
            block.AddRange([0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        }

        return [.. block];
    }

    /// <summary>Waits for a frame.</summary>
    public async Task<bool> SeesAsync(byte type, int number, TimeSpan atMost)
    {
        using CancellationTokenSource patience = new(atMost);
        while (!patience.IsCancellationRequested)
        {
            if (Came.Any(frame => frame.Type == type && frame.Stream == number))
            {
                return true;
            }

            await Task.Delay(20);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await reading;
        writing.Dispose();
    }

    private async Task ReadAsync()
    {
        byte[] head = new byte[9];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(head);
                int length = BinaryPrimitives.ReadInt32BigEndian(head) >>> 8;
                await stream.ReadExactlyAsync(new byte[length]);
                Came.Enqueue((head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, length));
                if (head[3] == Settings && (head[4] & 1) == 0)
                {
                    await SendAsync(Settings, 1, 0, []);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Hung up.
        }
    }
}
