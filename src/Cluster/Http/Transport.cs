using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Sends requests to one server: connections, credentials, limits and second attempts. Answers are trees, failures are <see cref="ClusterException"/>.</summary>
internal sealed class Transport : IDisposable
{
    private const int MaxErrorBytes = 1024 * 1024;

    private readonly ClusterConnection connection;
    private readonly HttpClusterOptions options;
    private readonly TimeProvider time;
    private readonly TlsTrust trust;
    private readonly Credentials credentials;
    private readonly HttpMessageInvoker invoker;
    private readonly SemaphoreSlim inFlight;
    private readonly TokenBucket rate;
    private readonly Failures failures;
    private readonly string root;
    private readonly bool secure;
    private readonly Uri? proxy;
    private readonly bool renamed;

    public Transport(ClusterConnection connection, HttpClusterOptions options, TimeProvider time)
    {
        this.connection = connection;
        this.options = options;
        this.time = time;
        root = connection.Server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        secure = connection.Server.Scheme == Uri.UriSchemeHttps;
        // .NET's handler takes the name to expect from the address, or through a proxy from the Host header.
        proxy = ProxyOf(connection);
        renamed = secure && connection.TlsServerName is not null && proxy is null;
        trust = new TlsTrust(connection);
        credentials = new Credentials(connection, time, options.RequestTimeout, trust.Present);
        failures = new Failures(connection, proxy, trust);
        rate = new TokenBucket(options.RequestsPerSecond, options.Burst, time);
        inFlight = new SemaphoreSlim(options.MaxRequestsInFlight);
        invoker = new HttpMessageInvoker(CreateHandler());
    }

    /// <summary>What the server's answers have in common.</summary>
    public JsonVocabulary Vocabulary { get; } = new();

    public void Dispose()
    {
        invoker.Dispose();
        credentials.Dispose();
        trust.Dispose();
        inFlight.Dispose();
    }

    /// <summary>Sends a request and reads its whole answer.</summary>
    public async Task<Node> SendAsync(Call call, CancellationToken cancellationToken)
    {
        await inFlight.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            PooledBuffer? body = call.Body is null ? null : Serialise(call.Body);
            Node answer = await RepeatAsync(call, body, ReadAnswerAsync, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            // After a failure a connection may still be reading the buffer; then it is left to the collector.
            body?.Dispose();
            return answer;
        }
        finally
        {
            inFlight.Release();
        }
    }

    /// <summary>Sends a request and returns when the answer begins; the caller reads it, without limit of time.</summary>
    public Task<HttpResponseMessage> OpenAsync(Call call, CancellationToken cancellationToken) =>
        RepeatAsync(call, null, static (_, response, _) => Task.FromResult(response), Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>What a failure while reading an opened answer means.</summary>
    public ClusterException Lost(Call call, Exception error) => failures.Describe(call, error);

    private static PooledBuffer Serialise(Node body)
    {
        PooledBuffer buffer = new();
        JsonWriter.Write(body, buffer);
        return buffer;
    }

    private async Task<T> RepeatAsync<T>(
        Call call, PooledBuffer? body, Func<Call, HttpResponseMessage, CancellationToken, Task<T>> read, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string? refused = null;
        for (int attempt = 0; ; attempt++)
        {
            string? authorization = await credentials.HeaderAsync(refused, cancellationToken).ConfigureAwait(false);
            try
            {
                return await OnceAsync(call, body, authorization, read, timeout, cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException error) when (error.Status == 401 && credentials.CanRenew && refused is null && authorization is not null)
            {
                refused = authorization;
            }
            catch (ClusterException error) when (attempt < options.MaxRetries && WaitBeforeRepeating(call, error, attempt) is { } wait)
            {
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Null when the request must not, or need not, be repeated.</summary>
    private TimeSpan? WaitBeforeRepeating(Call call, ClusterException error, int attempt)
    {
        TimeSpan backoff = TimeSpan.FromMilliseconds(100 * Math.Pow(2, attempt));
        if (error.Status is 429 or 503 && error.RetryAfter is { } asked)
        {
            return asked <= options.LongestRetryWait ? TimeSpan.FromTicks(Math.Max(asked.Ticks, backoff.Ticks)) : null;
        }

        return call.Repeatable && Failures.IsLostConnection(error) ? backoff : null;
    }

    private async Task<T> OnceAsync<T>(
        Call call, PooledBuffer? body, string? authorization, Func<Call, HttpResponseMessage, CancellationToken, Task<T>> read, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await rate.TakeAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource limit = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage? response = null;
        bool handedOver = false;
        try
        {
            // Not disposed: that would dispose the content under a connection that is still sending it.
            HttpRequestMessage request = CreateRequest(call, body, authorization);
            response = await invoker.SendAsync(request, either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(call, response, either.Token).ConfigureAwait(false);
            }

            T result = await read(call, response, either.Token).ConfigureAwait(false);
            handedOver = result is HttpResponseMessage;
            return result;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            throw failures.Describe(call, error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw limit.IsCancellationRequested ? failures.NoAnswer(call, timeout, error) : failures.Describe(call, error);
        }
        finally
        {
            if (!handedOver)
            {
                response?.Dispose();
            }
        }
    }

    private HttpRequestMessage CreateRequest(Call call, PooledBuffer? body, string? authorization)
    {
        HttpRequestMessage request = new(call.Method, new Uri(root + call.Path))
        {
            Version = secure ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("Accept", call.Accept);
        request.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        AddImpersonation(request, call.User.Length > 0 ? new Impersonation(call.User) : connection.As);

        if (connection.TlsServerName is not null && !renamed)
        {
            request.Headers.Host = connection.TlsServerName;
        }

        if (body is not null)
        {
            // Of this kind of content .NET knows that sending ends before the answer is handed out, so the buffer is free then.
            request.Content = new ReadOnlyMemoryContent(body.Written);
            request.Content.Headers.ContentType = call.ContentType;
        }

        return request;
    }

    private static void AddImpersonation(HttpRequestMessage request, Impersonation? other)
    {
        if (other is null)
        {
            return;
        }

        request.Headers.TryAddWithoutValidation("Impersonate-User", other.User);
        if (other.Uid.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-Uid", other.Uid);
        }

        if (other.Group.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-Group", other.Group);
        }

        foreach ((string key, string value) in other.Extra)
        {
            request.Headers.TryAddWithoutValidation($"Impersonate-Extra-{Uri.EscapeDataString(key)}", value);
        }
    }

    private async Task<Node> ReadAnswerAsync(Call call, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using PooledBuffer buffer = new(SizeHint(response));
        if (!await FillAsync(buffer, response, options.MaxResponseBytes, cancellationToken).ConfigureAwait(false))
        {
            throw new ClusterException($"{call.What}: the answer is larger than {options.MaxResponseBytes} bytes", reason: "ResponseTooLarge");
        }

        try
        {
            return buffer.Length == 0 ? Node.Null : JsonReader.Read(buffer.Written.Span, vocabulary: Vocabulary);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ClusterException($"{call.What}: the answer of {failures.Server} is not JSON", (int)response.StatusCode, "InvalidResponse", error);
        }
    }

    private async Task<ClusterException> RefusalAsync(Call call, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using PooledBuffer buffer = new(SizeHint(response));
        await FillAsync(buffer, response, MaxErrorBytes, cancellationToken).ConfigureAwait(false);
        ClusterException refusal = StatusReader.Read(call.What, response.StatusCode, buffer.Written.Span, StatusReader.RetryAfter(response, time));
        return refusal.Status == 401 ? failures.NotKnown(call, refusal) : refusal;
    }

    private static int SizeHint(HttpResponseMessage response) => (int)Math.Clamp(response.Content.Headers.ContentLength ?? 4096, 256, 1024 * 1024) + 1;

    /// <summary>False when there is more than the limit.</summary>
    private static async Task<bool> FillAsync(PooledBuffer buffer, HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        while (await stream.ReadAsync(buffer.GetMemory(), cancellationToken).ConfigureAwait(false) is > 0 and int count)
        {
            buffer.Advance(count);
            if (buffer.Length > limit)
            {
                return false;
            }
        }

        return true;
    }

    private SocketsHttpHandler CreateHandler()
    {
        bool local = connection.Server.IsLoopback;
        return new SocketsHttpHandler
        {
            SslOptions = trust.Options,
            ConnectTimeout = options.ConnectTimeout,
            ConnectCallback = ConnectAsync,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            // A program may give another client certificate later, which only new connections present.
            PooledConnectionLifetime = connection.Exec is null ? Timeout.InfiniteTimeSpan : TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            // A redirect would carry the credentials to whoever the server names.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = proxy is not null,
            Proxy = proxy is null ? null : new WebProxy(proxy) { Credentials = ProxyCredentials(proxy) },
            // Between two processes of one machine compressing costs more than it saves.
            AutomaticDecompression = local || connection.DisableCompression ? DecompressionMethods.None : DecompressionMethods.GZip,
            ActivityHeadersPropagator = null,
        };
    }

    /// <summary>The kubeconfig's, else the environment's (HTTPS_PROXY, NO_PROXY), which as in Go is never asked for this machine.</summary>
    private static Uri? ProxyOf(ClusterConnection connection) =>
        connection.Proxy ?? (connection.Server.IsLoopback || HttpClient.DefaultProxy.IsBypassed(connection.Server) ? null : HttpClient.DefaultProxy.GetProxy(connection.Server));

    private static NetworkCredential? ProxyCredentials(Uri proxy)
    {
        string[] parts = proxy.UserInfo.Split(':', 2);
        return proxy.UserInfo.Length == 0 ? null : new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        // Keep-alive on the socket, since HTTP/1.1 has no pings and a watch may be silent for minutes.
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            NetworkStream stream = new(socket, ownsSocket: true);
            return renamed ? await trust.SecureAsync(stream, cancellationToken).ConfigureAwait(false) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
