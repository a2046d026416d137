using System.Net;
using System.Net.Http.Headers;
using Bowline.Sources.Files;

namespace Bowline.Sources.Downloads;

/// <param name="Header">The value of <c>Authorization</c>.</param>
/// <param name="Origin">Whose scheme, host and port must be met for the header to be sent.</param>
public sealed record DownloadAuthorization(string Header, Uri Origin)
{
    public override string ToString() => "***";
}

public sealed record DownloadRequest(Uri Address, long MaxBytes)
{
    public IReadOnlyList<string> Accept { get; init; } = [];

    public DownloadAuthorization? Authorization { get; init; }

    /// <summary>Posted as JSON; a redirect is not followed then. Null gets the address.</summary>
    public byte[]? Body { get; init; }
}

/// <summary>An answer, whatever its status.</summary>
/// <param name="Content">Empty unless the status is a success.</param>
/// <param name="From">The address that answered, after redirects.</param>
public sealed record Download(HttpStatusCode Status, byte[] Content, HttpResponseHeaders Headers, Uri From)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;
}

/// <summary>
/// Fetches files by HTTP. Redirects are followed here instead of by the platform: credentials stay with the origin they are
/// for, https never becomes http, and no answer is larger than the caller allows.
/// </summary>
public sealed class HttpDownloads : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HttpClient client;
    private readonly TimeProvider time;
    private readonly Func<Uri, HostCredentials?> credentials;

    /// <param name="time">Times out what hangs.</param>
    /// <param name="credentials">Asked with the address of a repository or registry; null means anonymous.</param>
    /// <param name="trust">Whose certificates are taken; null trusts what this machine does.</param>
    /// <param name="dial">Opens connections: to the host of the address, by way of this endpoint, which may be a proxy's; null for anywhere.</param>
    public HttpDownloads(TimeProvider time, Func<Uri, HostCredentials?>? credentials = null, ServerTrust? trust = null, Dial? dial = null)
    {
        this.time = time;
        this.credentials = credentials ?? (static _ => null);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 64,
        };
        if (trust is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = trust.Accepts;
        }

        if (dial is not null)
        {
            handler.ConnectCallback = (context, token) => dial(context.InitialRequestMessage.RequestUri!.Host, context.DnsEndPoint, token);
        }

        client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("bowline");
    }

    /// <summary>For one file, redirects included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Credentials for an address: those written in it, else the configured ones.</summary>
    public HostCredentials? CredentialsFor(Uri address)
    {
        if (address.UserInfo.Length == 0)
        {
            return credentials(address);
        }

        string[] parts = address.UserInfo.Split(':', 2);
        return new HostCredentials(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty);
    }

    /// <summary>What to send to the origin of an address; null without credentials for it.</summary>
    public DownloadAuthorization? BasicFor(Uri address) =>
        CredentialsFor(address) is { } known ? new DownloadAuthorization(known.Basic, WebAddress.WithoutUser(address)) : null;

    /// <exception cref="SourceException">No answer, too large an answer, or a redirect that is not followed.</exception>
    public async Task<Download> GetAsync(DownloadRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Uri address = WebAddress.WithoutUser(request.Address);
        try
        {
            for (int redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                using HttpResponseMessage answer = await SendAsync(request, address, either.Token).ConfigureAwait(false);
                if (request.Body is not null || (int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
                {
                    byte[] content = answer.IsSuccessStatusCode ? await ReadAsync(answer, address, request.MaxBytes, either.Token).ConfigureAwait(false) : [];
                    return new Download(answer.StatusCode, content, answer.Headers, address);
                }

                address = Follow(address, location);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SourceException($"{WebAddress.Redact(address)}: no complete answer within {Timeout.TotalSeconds:0} seconds");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new SourceException($"{WebAddress.Redact(address)}: {error.Message}", inner: error);
        }

        throw new SourceException($"{WebAddress.Redact(request.Address)}: more than {MaxRedirects} redirects");
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(DownloadRequest request, Uri address, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(request.Body is null ? HttpMethod.Get : HttpMethod.Post, address);
        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (string type in request.Accept)
        {
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        if (request.Authorization is { } authorization && WebAddress.SameOrigin(authorization.Origin, address))
        {
            message.Headers.TryAddWithoutValidation("Authorization", authorization.Header);
        }

        return await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private static Uri Follow(Uri from, Uri location)
    {
        Uri next = WebAddress.WithoutUser(new Uri(from, location));
        if (!WebAddress.IsWeb(next))
        {
            throw new SourceException($"{WebAddress.Redact(from)}: redirects to something that is neither http nor https");
        }

        return from.Scheme == "https" && next.Scheme == "http" ? throw new SourceException($"{WebAddress.Redact(from)}: redirects from https to http") : next;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer, Uri address, long maxBytes, CancellationToken cancellationToken)
    {
        if (answer.Content.Headers.ContentLength > maxBytes)
        {
            throw TooLarge(address, maxBytes);
        }

        Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using MemoryStream content = new();
            byte[] buffer = new byte[64 * 1024];
            while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int got)
            {
                content.Write(buffer, 0, got);
                if (content.Length > maxBytes)
                {
                    throw TooLarge(address, maxBytes);
                }
            }

            return content.ToArray();
        }
    }

    private static SourceException TooLarge(Uri address, long maxBytes) => new($"{WebAddress.Redact(address)}: the answer is larger than {maxBytes} bytes");
}
