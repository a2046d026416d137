using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Watches by clients that open WebSockets for them.</summary>
public sealed class WatchSocketTests : AdminTests
{
    [Fact]
    public async Task Each_event_is_a_message_until_the_client_closes_or_the_watch_is_over()
    {
        using ClientWebSocket socket = await ConnectAsync("watch=true");
        await Admin.MadeAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: a}, data: {text: " + new string('x', 200_000) + "}}");
        Node added = (await MessageAsync(socket))!;
        Assert.Equal(("ADDED", "a", 200_000), (added["type"]!.AsString(), added.At("object", "metadata", "name")!.AsString(), added.At("object", "data", "text")!.AsString()!.Length));
        await socket.SendAsync("heard"u8.ToArray(), WebSocketMessageType.Text, true, default);
        await Admin.DeleteAsync("/api/v1/namespaces/default/configmaps/a");
        Assert.Equal("DELETED", (await MessageAsync(socket))!["type"]!.AsString());
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);

        using ClientWebSocket brief = await ConnectAsync("watch=true&timeoutSeconds=1");
        Assert.Null(await MessageAsync(brief));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, brief.CloseStatus);
    }

    private async Task<ClientWebSocket> ConnectAsync(string query)
    {
        ClientWebSocket socket = new();
        socket.Options.ClientCertificates = [X509Certificate2.CreateFromPem(Host.ClientCertificate, Host.ClientKey)];
        socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await socket.ConnectAsync(new UriBuilder(new Uri(Host.Server, "/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Da&" + query)) { Scheme = "wss" }.Uri, default);
        return socket;
    }

    /// <summary>Null when the other side closes.</summary>
    private static async Task<Node?> MessageAsync(ClientWebSocket socket)
    {
        using MemoryStream message = new();
        byte[] part = new byte[16 * 1024];
        while (true)
        {
            WebSocketReceiveResult read = await socket.ReceiveAsync(part, default);
            if (read.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(part, 0, read.Count);
            if (read.EndOfMessage)
            {
                return JsonReader.Read(Encoding.UTF8.GetString(message.ToArray()));
            }
        }
    }
}
