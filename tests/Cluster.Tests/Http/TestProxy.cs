using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bowline.Cluster.Tests.Http;

/// <summary>An HTTP (CONNECT) or SOCKS5 proxy that asks for a user and a password, and knows every host as this machine.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private readonly bool socks;

    public TestProxy(bool socks)
    {
        this.socks = socks;
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where connections were asked for, as host:port.</summary>
    public ConcurrentQueue<string> Targets { get; } = new();

    public Uri Address(string password) => new($"{(socks ? "socks5" : "http")}://me:{password}@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(ending.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient served = client;
        NetworkStream near = client.GetStream();
        try
        {
            if (await (socks ? GreetSocksAsync(near) : GreetHttpAsync(near)) is not { } target)
            {
                return;
            }

            Targets.Enqueue(target);
            using TcpClient server = new();
            await server.ConnectAsync(IPAddress.Loopback, int.Parse(target[(target.LastIndexOf(':') + 1)..]), ending.Token);
            await near.WriteAsync(socks ? new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 } : "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), ending.Token);
            await Task.WhenAny(near.CopyToAsync(server.GetStream(), ending.Token), server.GetStream().CopyToAsync(near, ending.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException)
        {
        }
    }

    /// <summary>Null for whoever does not say the password.</summary>
    private async Task<string?> GreetHttpAsync(NetworkStream near)
    {
        using StreamReader reader = new(near, Encoding.ASCII, leaveOpen: true, bufferSize: 1);
        string first = await reader.ReadLineAsync(ending.Token) ?? "";
        bool known = false;
        while (await reader.ReadLineAsync(ending.Token) is { Length: > 0 } line)
        {
            known |= line == $"Proxy-Authorization: Basic {Convert.ToBase64String("me:p@ss"u8)}";
        }

        if (!known)
        {
            await near.WriteAsync("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), ending.Token);
            return null;
        }

        return first.Split(' ')[1];
    }

    private async Task<string?> GreetSocksAsync(NetworkStream near)
    {
        byte[] methods = await TakeAsync(near, (await TakeAsync(near, 2))[1]);
        if (!methods.Contains((byte)2))
        {
            return null;
        }

        await near.WriteAsync(new byte[] { 5, 2 }, ending.Token);
        string user = Encoding.ASCII.GetString(await TakeAsync(near, (await TakeAsync(near, 2))[1]));
        string password = Encoding.ASCII.GetString(await TakeAsync(near, (await TakeAsync(near, 1))[0]));
        bool known = user == "me" && password == "p@ss";
        await near.WriteAsync(new byte[] { 1, (byte)(known ? 0 : 1) }, ending.Token);
        if (!known)
        {
            return null;
        }

        byte kind = (await TakeAsync(near, 4))[3];
        string host = kind == 3 ? Encoding.ASCII.GetString(await TakeAsync(near, (await TakeAsync(near, 1))[0])) : new IPAddress(await TakeAsync(near, kind == 1 ? 4 : 16)).ToString();
        byte[] port = await TakeAsync(near, 2);
        return $"{host}:{(port[0] << 8) | port[1]}";
    }

    private async Task<byte[]> TakeAsync(NetworkStream near, int count)
    {
        byte[] taken = new byte[count];
        await near.ReadExactlyAsync(taken, ending.Token);
        return taken;
    }
}
