using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Http;

/// <summary>Says in a sentence why no answer came. The one place that looks into the exceptions of .NET's HTTP client.</summary>
/// <param name="proxy">Through which the server is asked; null when directly.</param>
internal sealed class Failures(ClusterConnection connection, Uri? proxy, TlsTrust trust)
{
    private const string Unreachable = "Unreachable";

    /// <summary>host:port, as people look for it in their configuration.</summary>
    public string Server { get; } = connection.Server.IsDefaultPort ? $"{connection.Server.Host}:{connection.Server.Port}" : connection.Server.Authority;

    /// <summary>Whether a connection that stood broke, as opposed to one that could not be made.</summary>
    public static bool IsLostConnection(ClusterException error) => error is { Status: 0, Reason: Unreachable }
        && error.InnerException is IOException or HttpRequestException
        {
            HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError or HttpRequestError.Unknown,
        };

    public ClusterException Describe(Call call, Exception error) =>
        new($"{call.What}: {Server} ({connection.Name}) cannot be reached{(proxy is null ? string.Empty : $" through the proxy {proxy.Authority}")}: {Why(error)}", 0, Unreachable, error);

    public ClusterException NoAnswer(Call call, TimeSpan timeout, Exception error) =>
        new($"{call.What}: {Server} ({connection.Name}) gives no answer within {timeout.TotalSeconds:0.#} s", 0, "Timeout", error);

    /// <summary>Of a server that answers 401: Unauthorized, and no word more.</summary>
    public ClusterException NotKnown(Call call, ClusterException refusal)
    {
        string what = connection.Exec is { } plugin ? $"what the credential plugin {plugin.Command} gives"
            : connection.TokenFile is { } file ? $"the token in {file}"
            : connection.Token is not null ? "the token"
            : connection.ClientCertificate is not null ? "the client certificate"
            : connection.Username is not null ? "the user name and password"
            : string.Empty;
        string why = what.Length == 0 ? "the kubeconfig gives no credentials" : $"{what} is wrong, has expired or is another cluster's";
        return new ClusterException($"{call.What}: {Server} ({connection.Name}) does not know who asks ({refusal.Message}): {why}", 401, refusal.Reason, refusal) { Details = refusal.Details, RetryAfter = refusal.RetryAfter };
    }

    private string Why(Exception error)
    {
        if (Find<AuthenticationException>(error) is { } handshake)
        {
            return $"TLS failed: {trust.Problem ?? Plainly(handshake)}";
        }

        if (Find<SocketException>(error) is { } socket)
        {
            return socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "connection refused (nothing listens there)",
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name cannot be resolved",
                SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no route to it",
                SocketError.ConnectionReset or SocketError.ConnectionAborted => "it closed the connection",
                SocketError.TimedOut => "it does not answer",
                _ => socket.Message,
            };
        }

        return error switch
        {
            _ when Find<TimeoutException>(error) is not null || error is OperationCanceledException => "it does not accept a connection in time",
            HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => "it closed the connection without answering",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved",
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError, StatusCode: HttpStatusCode.ProxyAuthenticationRequired } => "it asks for a user and a password, or for others than proxy-url has",
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } refused => $"it refuses{(refused.StatusCode is { } status ? $" ({(int)status})" : string.Empty)}",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => $"TLS failed: {trust.Problem ?? Plainly(error)}",
            IOException => "the connection was lost",
            _ => error.Message,
        };
    }

    private static string Plainly(Exception error) =>
        error.Message.Contains("frame", StringComparison.Ordinal) ? "it does not speak TLS on that port" : error.InnerException?.Message ?? error.Message;

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is T found)
            {
                return found;
            }
        }

        return null;
    }
}
