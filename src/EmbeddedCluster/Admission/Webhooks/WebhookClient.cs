using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>
/// Posts reviews over HTTPS. Connections are kept per server and authority; redirects are not followed, answers are bounded,
/// and the webhook's timeout covers everything from the first byte to the last.
/// </summary>
internal sealed class WebhookClient(WebhookSettings settings) : IDisposable
{
    private const int MaxAnswer = 4 * 1024 * 1024;
    private const int MaxClients = 64;
    private readonly Lock gate = new();
    private Dictionary<(string Authority, string Name, string Host, int Port), HttpClient> clients = [];

    /// <exception cref="WebhookCallException">In the words of kube-apiserver.</exception>
    public async Task<MapNode> PostAsync(Webhook hook, WebhookAddress address, MapNode question, CancellationToken cancellationToken)
    {
        string query = $"timeout={(int)hook.Timeout.TotalSeconds}s";
        Uri url = new(address.Url + (address.Url.Query.Length > 0 ? "&" : "?") + query);
        using CancellationTokenSource deadline = new(hook.Timeout, settings.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using ByteArrayContent content = new(JsonWriter.ToBytes(question));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
            request.Headers.Accept.ParseAdd("application/json, */*");
            request.Headers.UserAgent.ParseAdd("kube-apiserver-admission");
            using HttpResponseMessage response = await Client(hook, address).SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? Parse(body) : throw new WebhookCallException("failed to call webhook: " + Refusal(response.StatusCode, body));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebhookCallException($"failed to call webhook: Post \"{url}\": context deadline exceeded");
        }
        catch (HttpRequestException e)
        {
            throw new WebhookCallException($"failed to call webhook: Post \"{url}\": {Describe(e, address)}", e);
        }
    }

    public void Dispose() => Drop([]);

    private static MapNode Parse(byte[] body)
    {
        try
        {
            return JsonReader.Read(body, 256) as MapNode ?? throw new WebhookCallException("failed to call webhook: the answer is no object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new WebhookCallException($"failed to call webhook: couldn't get version/kind; json parse error: {e.Message}", e);
        }
    }

    private static string Refusal(HttpStatusCode code, byte[] body)
    {
        string text = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 1024))).Trim();
        return code switch
        {
            HttpStatusCode.NotFound => "the server could not find the requested resource",
            HttpStatusCode.Unauthorized => "the server has asked for the client to provide credentials",
            HttpStatusCode.Forbidden => "forbidden: " + text,
            HttpStatusCode.BadRequest => "the server rejected our request for an unknown reason",
            HttpStatusCode.MethodNotAllowed => "the server does not allow this method on the requested resource",
            HttpStatusCode.ServiceUnavailable => "the server is currently unable to handle the request",
            HttpStatusCode.GatewayTimeout => "the server was unable to return a response in the time allotted, but may still be processing the request",
            >= HttpStatusCode.InternalServerError => $"an error on the server (\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\") has prevented the request from succeeding",
            _ => $"the server responded with the status code {(int)code} but did not return more information",
        };
    }

    private static string Describe(HttpRequestException e, WebhookAddress address)
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return $"dial tcp {address.Host}:{address.Port}: connect: connection refused";
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }:
                    return $"dial tcp: lookup {address.Host}: no such host";
                case SocketException failure:
                    return $"dial tcp {address.Host}:{address.Port}: connect: {failure.Message.ToLowerInvariant()}";
                case AuthenticationException:
                    string why = at.Message.Contains("NameMismatch", StringComparison.Ordinal)
                        ? $"certificate is not valid for {address.Url.Host}"
                        : "certificate signed by unknown authority";
                    return $"tls: failed to verify certificate: x509: {why}";
                default:
                    break;
            }
        }

        return e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded ? $"the answer is larger than {MaxAnswer} bytes" : e.InnerException?.Message ?? e.Message;
    }

    private HttpClient Client(Webhook hook, WebhookAddress address)
    {
        (string, string, string, int) key = (hook.CaBundle ?? string.Empty, address.Url.Authority, address.Host, address.Port);
        lock (gate)
        {
            if (clients.TryGetValue(key, out HttpClient? known))
            {
                return known;
            }

            if (clients.Count >= MaxClients)
            {
                // Configurations came and went; a call that is still under way keeps its connection.
                clients = [];
            }

            return clients[key] = Connect(hook.CaBundle, address);
        }
    }

    private static HttpClient Connect(string? authority, WebhookAddress address)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(address.Host, address.Port, cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        handler.SslOptions.TargetHost = address.Url.Host;
        if (authority is not null)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            policy.CustomTrustStore.ImportFromPem(authority);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswer };
    }

    private void Drop(Dictionary<(string, string, string, int), HttpClient> next)
    {
        Dictionary<(string, string, string, int), HttpClient> before;
        lock (gate)
        {
            before = clients;
            clients = next;
        }

        foreach (HttpClient client in before.Values)
        {
            client.Dispose();
        }
    }
}
