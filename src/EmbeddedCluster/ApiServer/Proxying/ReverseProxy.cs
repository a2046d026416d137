using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Services;

namespace Bowline.EmbeddedCluster.ApiServer.Proxying;

/// <summary>A request on its way to another server.</summary>
/// <param name="Target">Which server.</param>
/// <param name="Path">Path and query to ask it for, escaped.</param>
internal sealed record OnwardRequest(ServerTarget Target, string Path)
{
    /// <summary>What the Host header says.</summary>
    public string Host { get; init; } = string.Empty;

    /// <summary>Shown to a server that asks who calls.</summary>
    public X509Certificate2? Identity { get; init; }

    /// <summary>Where the other server's root lies below this one's, without a slash at its end.</summary>
    public string Prefix { get; init; } = string.Empty;

    /// <summary>An answer that leads elsewhere is an error.</summary>
    public bool RefusesRedirects { get; init; }

    /// <summary>Header lines in place of those that begin with <see cref="VouchedPrefix"/>.</summary>
    public IReadOnlyList<string> Vouched { get; init; } = [];

    /// <summary>Headers that only this server may send; empty when there are none.</summary>
    public string VouchedPrefix { get; init; } = string.Empty;
}

/// <summary>
/// Hands requests on to other servers and their answers back, also connections that change their protocol, as kube-apiserver's proxy handler:
/// headers of one connection stay on it, X-Forwarded-For and X-Forwarded-Uri tell of the client, and what an answer says about origins is left out.
/// </summary>
internal static class ReverseProxy
{
    // Headers of one connection alone.
    private static readonly HashSet<string> OfConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    // What is written anew, or was for this server alone.
    private static readonly HashSet<string> Replaced = new(StringComparer.OrdinalIgnoreCase) { "Host", "Content-Length", "Authorization", "X-Forwarded-For", "X-Forwarded-Uri", "Expect" };

    private static readonly HashSet<string> NotHandedBack = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Length", "Content-Type", "Date", "Audit-Id", "Location",
        "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
    };

    /// <exception cref="HttpRequestException">No server, none that is trusted, or an answer that is none.</exception>
    public static async Task<ApiResponse> HandOnAsync(ApiRequest request, OnwardRequest onward, CancellationToken cancellationToken)
    {
        Exchange exchange = await Exchange.BeginAsync(onward.Target, onward.Identity, [.. Head(request, onward)], request.Body, cancellationToken).ConfigureAwait(false);
        if (exchange.IsUpgraded)
        {
            return Joined(exchange);
        }

        if (onward.RefusesRedirects && exchange.Code is >= 300 and < 400 && exchange.Header("Location").Length > 0)
        {
            await exchange.DisposeAsync().ConfigureAwait(false);
            return new ApiResponse(503, "text/plain; charset=utf-8", "the backend attempted to redirect this request, which is not permitted\n"u8.ToArray());
        }

        return Answer(request, onward, exchange);
    }

    private static IEnumerable<string> Head(ApiRequest request, OnwardRequest onward)
    {
        yield return $"{request.Method} {onward.Path} HTTP/1.1";
        yield return $"Host: {onward.Host}";
        string[] named = [.. request.HeaderValues("Connection").SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries))];
        foreach ((string name, string value) in request.Headers)
        {
            if (!OfConnection.Contains(name) && !Replaced.Contains(name) && !named.Contains(name, StringComparer.OrdinalIgnoreCase) && !name.StartsWith(':')
                && !name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase) && !(onward.VouchedPrefix.Length > 0 && name.StartsWith(onward.VouchedPrefix, StringComparison.OrdinalIgnoreCase)))
            {
                yield return $"{name}: {value}";
            }
        }

        yield return $"X-Forwarded-For: {string.Join(", ", [.. request.HeaderValues("X-Forwarded-For"), request.Client])}";
        if (request.IsUpgrade)
        {
            yield return Exchange.Upgrading;
            yield return $"Upgrade: {string.Join(", ", request.HeaderValues("Upgrade"))}";
        }
        else
        {
            yield return $"X-Forwarded-Uri: {ProxiedPath.Clean(onward.Prefix + onward.Path.Split('?')[0])}";
        }

        foreach (string line in onward.Vouched)
        {
            yield return line;
        }
    }

    private static ApiResponse Joined(Exchange exchange) => new(exchange.Code, string.Empty, default)
    {
        Headers = [.. exchange.Headers.Where(header => !header.Key.Equals("Connection", StringComparison.OrdinalIgnoreCase))],
        Tunnel = async (client, cancellationToken) =>
        {
            await using ConfiguredAsyncDisposable closing = exchange.ConfigureAwait(false);
            await exchange.JoinAsync(client, cancellationToken).ConfigureAwait(false);
        },
    };

    private static ApiResponse Answer(ApiRequest request, OnwardRequest onward, Exchange exchange)
    {
        string[] named = exchange.Header("Connection").Split(',', StringSplitOptions.TrimEntries);
        List<KeyValuePair<string, string>> headers = [.. exchange.Headers.Where(header => !OfConnection.Contains(header.Key) && !NotHandedBack.Contains(header.Key) && !named.Contains(header.Key, StringComparer.OrdinalIgnoreCase))];
        if (exchange.Header("Location") is { Length: > 0 } location)
        {
            headers.Add(new("Location", ProxiedPath.Located(location, onward.Prefix, $"{onward.Target.Host}:{onward.Target.Port}", request.Host)));
        }

        bool hasBody = request.Method != "HEAD" && exchange.Code is not (204 or 304);
        if (exchange.Code is not (204 or 304) && exchange.Length is { } length)
        {
            headers.Add(new("Content-Length", length.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return new ApiResponse(exchange.Code, exchange.Header("Content-Type"), default) { Headers = headers, Stream = ContentAsync(exchange, hasBody) };
    }

    private static async IAsyncEnumerable<Frame> ContentAsync(Exchange exchange, bool hasBody, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using ConfiguredAsyncDisposable closing = exchange.ConfigureAwait(false);
        if (hasBody)
        {
            await foreach (ReadOnlyMemory<byte> part in exchange.BodyAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return Frame.Of(part);
            }
        }
    }
}
