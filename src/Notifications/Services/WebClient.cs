using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>One request: headers are what goes to the target's own origin only.</summary>
internal sealed record WebRequest(HttpMethod Method, Uri Target)
{
    public string Body { get; init; } = string.Empty;

    public string ContentType { get; init; } = string.Empty;

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];
}

internal sealed record WebAnswer(int Status, string Body)
{
    public bool IsSuccess => Status is >= 200 and < 300;
}

/// <summary>How often and how patiently a request is tried again.</summary>
internal sealed record RetryPolicy(int Most, TimeSpan Shortest, TimeSpan Longest)
{
    public static readonly RetryPolicy Usual = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
}

/// <summary>
/// Sends requests within bounds of time and size. What fails in passing (no connection, 429, 5xx) is tried again, after the time
/// that the server asks for; a redirect to another origin takes no header along, and none leads away from https or from the web.
/// </summary>
internal sealed class WebClient : IDisposable
{
    /// <summary>How much of an answer is read.</summary>
    private const int MostAnswer = 4 * 1024 * 1024;
    private const int MostRedirects = 5;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    private readonly HttpClient client;
    private readonly RetryPolicy retries;
    private readonly TimeProvider time;

    public WebClient(ServiceOptions options, TimeProvider time, RetryPolicy? retries = null)
    {
        this.time = time;
        this.retries = retries ?? RetryPolicy.Usual;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 8,
        };
        if (options.Flag("insecureSkipVerify"))
        {
#pragma warning disable CA5359 // insecureSkipVerify asks for it.
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true };
#pragma warning restore CA5359
        }

        if (options.Dial is { } dial)
        {
            handler.ConnectCallback = (context, token) => dial(context.InitialRequestMessage.RequestUri!.Host, context.DnsEndPoint, token);
        }

        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <exception cref="NotificationException">No answer came, however often it was tried.</exception>
    public async Task<WebAnswer> SendAsync(WebRequest request, CancellationToken cancellationToken)
    {
        TimeSpan wait = retries.Shortest;
        for (int attempt = 0; ; attempt++)
        {
            bool last = attempt >= retries.Most;
            TimeSpan? asked = null;
            try
            {
                (WebAnswer answer, asked) = await FollowAsync(request, cancellationToken).ConfigureAwait(false);
                if (last || !(answer.Status == 429 || (answer.Status >= 500 && answer.Status != 501)))
                {
                    return answer;
                }
            }
            catch (NotificationException) when (!last)
            {
                // Tried again below.
            }

            await Task.Delay(asked ?? wait, time, cancellationToken).ConfigureAwait(false);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, retries.Longest.Ticks));
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<(WebAnswer Answer, TimeSpan? RetryAfter)> FollowAsync(WebRequest request, CancellationToken cancellationToken)
    {
        Uri origin = request.Target;
        for (int redirects = 0; ; redirects++)
        {
            (WebAnswer answer, TimeSpan? wait, Uri? location) = await OnceAsync(request, cancellationToken).ConfigureAwait(false);
            if (answer.Status is not (301 or 302 or 303 or 307 or 308) || location is null)
            {
                return (answer, wait);
            }

            Uri next = new(request.Target, location);
            if (redirects >= MostRedirects || !WebTarget.IsWeb(next) || (request.Target.Scheme == "https" && next.Scheme != "https"))
            {
                throw new NotificationException($"{WebTarget.Printable(origin)} redirects to where notifications do not go");
            }

            bool repeats = answer.Status is 307 or 308 || request.Method == HttpMethod.Get;
            request = request with
            {
                Target = next,
                Method = repeats ? request.Method : HttpMethod.Get,
                Body = repeats ? request.Body : string.Empty,
                Headers = WebTarget.SameOrigin(origin, next) ? request.Headers : [],
            };
        }
    }

    private async Task<(WebAnswer Answer, TimeSpan? RetryAfter, Uri? Location)> OnceAsync(WebRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(RequestTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string target = WebTarget.Printable(request.Target);
        try
        {
            using HttpRequestMessage message = Message(request);
            using HttpResponseMessage response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            string body = await ReadAsync(response, either.Token).ConfigureAwait(false);
            return (new WebAnswer((int)response.StatusCode, body), RetryAfter(response.Headers.RetryAfter), response.Headers.Location);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotificationException($"{target} does not answer within {RequestTimeout.TotalSeconds:0} seconds");
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException)
        {
            throw new NotificationException($"{target} cannot be reached: {failed.InnerException?.Message ?? failed.Message}", failed);
        }
        catch (Exception refused) when (refused is FormatException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            throw new NotificationException($"the request to {target} cannot be made: a header or the method is not one of HTTP");
        }
    }

    private static HttpRequestMessage Message(WebRequest request)
    {
        HttpRequestMessage message = new(request.Method, request.Target) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher };
        if (request.Body.Length > 0)
        {
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(request.Body));
            if (request.ContentType.Length > 0)
            {
                message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.ContentType);
            }
        }

        foreach ((string name, string value) in request.Headers)
        {
            if (value.AsSpan().ContainsAny('\r', '\n'))
            {
                message.Dispose();
                throw new FormatException(name);
            }

            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.Remove(name);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return message;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 * 1024];
        using MemoryStream whole = new();
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            for (int read; whole.Length < MostAnswer && (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                whole.Write(buffer, 0, read);
            }

            return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
        }
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        TimeSpan? asked = header?.Delta ?? header?.Date - time.GetUtcNow();
        return asked is { } wait && wait > TimeSpan.Zero ? (wait < LongestRetryAfter ? wait : LongestRetryAfter) : null;
    }
}
