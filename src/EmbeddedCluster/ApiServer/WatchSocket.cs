using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>A watch over a WebSocket (RFC 6455), as browsers and clients on the JVM open it: each event is a message, and what the client says is passed over.</summary>
internal static class WatchSocket
{
    private const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <param name="events">Until the watch is over, which closes the connection.</param>
    /// <param name="isText">JSON goes as text, everything else as bytes.</param>
    public static ApiResponse Answer(ApiRequest request, IAsyncEnumerable<Frame> events, bool isText)
    {
        string key = request.HeaderValues("Sec-WebSocket-Key").FirstOrDefault(string.Empty);
#pragma warning disable CA5350 // The protocol wants SHA-1, and keeps no secret with it.
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Magic)));
#pragma warning restore CA5350
        return new ApiResponse(101, string.Empty, default)
        {
            Headers = [new("Upgrade", "websocket"), new("Sec-WebSocket-Accept", accept)],
            Tunnel = (client, cancellationToken) => SendAsync(client, events, isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, cancellationToken),
        };
    }

    private static async Task SendAsync(Stream client, IAsyncEnumerable<Frame> events, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        using WebSocket socket = WebSocket.CreateFromStream(client, new WebSocketCreationOptions { IsServer = true });
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task listening = ListenAsync(socket, ending);
        try
        {
            await foreach (Frame frame in events.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                await socket.SendAsync(frame.Head, type, endOfMessage: false, ending.Token).ConfigureAwait(false);
                await socket.SendAsync(frame.Body, type, endOfMessage: false, ending.Token).ConfigureAwait(false);
                await socket.SendAsync(frame.Tail, type, endOfMessage: true, ending.Token).ConfigureAwait(false);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, string.Empty, ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The client left, or the server stops.
        }

        await ending.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends the watch when the client closes.</summary>
    private static async Task ListenAsync(WebSocket socket, CancellationTokenSource ending)
    {
        byte[] unread = new byte[256];
        try
        {
            while ((await socket.ReceiveAsync(unread.AsMemory(), ending.Token).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }
}
