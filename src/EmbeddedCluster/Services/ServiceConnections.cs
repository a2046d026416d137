using System.Net.Sockets;
using System.Security.Authentication;

namespace Bowline.EmbeddedCluster.Services;

/// <summary>Connections to servers, kept per server and authority. Redirects are not followed, and answers that are read as a whole are bounded.</summary>
internal sealed class ServiceConnections : IDisposable
{
    private const int MaxAnswer = 4 * 1024 * 1024;
    private const int MaxClients = 64;
    private readonly Lock gate = new();
    private Dictionary<ServerTarget, HttpClient> clients = [];

    public HttpClient To(ServerTarget target)
    {
        lock (gate)
        {
            if (clients.TryGetValue(target, out HttpClient? known))
            {
                return known;
            }

            if (clients.Count >= MaxClients)
            {
                // Configurations came and went; a call that is still under way keeps its connection.
                clients = [];
            }

            return clients[target] = Connect(target);
        }
    }

    public void Dispose()
    {
        Dictionary<ServerTarget, HttpClient> before;
        lock (gate)
        {
            before = clients;
            clients = [];
        }

        foreach (HttpClient client in before.Values)
        {
            client.Dispose();
        }
    }

    /// <summary>Why a call failed, as Go's net/http says it.</summary>
    public static string Describe(HttpRequestException e, ServerTarget target)
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return $"dial tcp {target.Host}:{target.Port}: connect: connection refused";
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }:
                    return $"dial tcp: lookup {target.Host}: no such host";
                case SocketException failure:
                    return $"dial tcp {target.Host}:{target.Port}: connect: {failure.Message.ToLowerInvariant()}";
                case AuthenticationException:
                    string why = at.Message.Contains("NameMismatch", StringComparison.Ordinal)
                        ? $"certificate is not valid for {target.Name}"
                        : "certificate signed by unknown authority";
                    return $"tls: failed to verify certificate: x509: {why}";
                default:
                    break;
            }
        }

        return e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded ? $"the answer is larger than {MaxAnswer} bytes" : e.InnerException?.Message ?? e.Message;
    }

    private HttpClient Connect(ServerTarget target)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
            ConnectCallback = async (_, cancellationToken) => await target.DialAsync(cancellationToken).ConfigureAwait(false),
            SslOptions = target.Options(null),
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswer };
    }
}
