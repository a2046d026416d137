using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Validation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>Kestrel on a loopback port: turns HTTP into <see cref="ApiRequest"/> and <see cref="ApiResponse"/> into HTTP.</summary>
internal sealed class HttpFront : IAsyncDisposable
{
    private const int MaxBody = 3 * 1024 * 1024;
    private const int GzipFrom = 128 * 1024;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);
    private readonly WebApplication app;
    private readonly ApiHandler handler;
    private readonly ClusterCertificates certificates;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();

    private HttpFront(WebApplication app, ApiHandler handler, ClusterCertificates certificates, TimeProvider time)
    {
        this.app = app;
        this.handler = handler;
        this.certificates = certificates;
        this.time = time;
    }

    public int Port { get; private set; }

    public static async Task<HttpFront> StartAsync(ApiHandler handler, ClusterCertificates certificates, EmbeddedClusterOptions options, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, certificates, options));
        WebApplication app = builder.Build();
        HttpFront front = new(app, handler, certificates, options.Time);
        app.Run(front.ServeAsync);
        await StartAsync(app, options, cancellationToken).ConfigureAwait(false);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        front.Port = new Uri(address).Port;
        return front;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2), TimeProvider.System);
        try
        {
            await app.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Connections that would not end are cut by the disposal below.
        }

        await app.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    private static async Task StartAsync(WebApplication app, EmbeddedClusterOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new AddressInUseException($"{options.BindAddress}:{options.Port} is in use", e);
        }
    }

    private static void Configure(KestrelServerOptions kestrel, ClusterCertificates certificates, EmbeddedClusterOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Listen(options.BindAddress, options.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificates.Serving,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                // Whoever shows a certificate that is not ours is told so in an answer (401), as by kube-apiserver, not by a cut connection.
                ClientCertificateValidation = static (_, _, _) => true,
                CheckCertificateRevocation = false,
            });
        });
    }

    private async Task ServeAsync(HttpContext context)
    {
        ApiResponse response;
        try
        {
            ApiRequest request = await ReadAsync(context).ConfigureAwait(false);
            response = await handler.HandleAsync(request, CancelledWith(context)).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            response = ApiHandler.Failure(e);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            response = ApiHandler.Failure(e.StatusCode == 413 ? ApiErrors.TooLarge("Request entity too large: limit is 3145728") : ApiErrors.BadRequest(e.Message));
        }

        await WriteAsync(context, response).ConfigureAwait(false);
    }

    private CancellationToken CancelledWith(HttpContext context) => context.RequestAborted;

    private async Task<ApiRequest> ReadAsync(HttpContext context)
    {
        HttpRequest http = context.Request;
        Dictionary<string, string> query = [];
        foreach ((string key, Microsoft.Extensions.Primitives.StringValues values) in http.Query)
        {
            query[key] = values.Count == 0 ? string.Empty : values[^1] ?? string.Empty;
        }

        ConnectedUser connected = Connected(context);
        Credentials credentials = new(connected.User, Bearer(http), Impersonation.From(http.Headers)) { HasForeignCertificate = !connected.IsTrusted };
        return new ApiRequest(http.Method, http.Path.Value ?? "/", handler.Authenticate(credentials))
        {
            Query = query,
            Accept = http.Headers.Accept.ToString(),
            ContentType = http.ContentType ?? string.Empty,
            UserAgent = http.Headers.UserAgent.ToString(),
            IfNoneMatch = http.Headers.IfNoneMatch.ToString(),
            Host = http.Host.Value ?? string.Empty,
            Body = await ReadBodyAsync(http, context.RequestAborted).ConfigureAwait(false),
        };
    }

    /// <summary>Whom the connection's certificate stands for: nobody without one, and nobody with one that is not ours.</summary>
    private ConnectedUser Connected(HttpContext context)
    {
        X509Certificate2? certificate = context.Connection.ClientCertificate;
        if (certificate is null)
        {
            return ConnectedUser.Nobody;
        }

        // One certificate per connection: checked once, kept with it. The requests of an HTTP/2 connection come side by side, and its items are a plain dictionary.
        IDictionary<object, object?> items = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()?.Items ?? context.Items;
        lock (items)
        {
            if (items.TryGetValue(typeof(ConnectedUser), out object? known) && known is ConnectedUser user)
            {
                return user;
            }

            ConnectedUser read = certificates.Trusts(certificate, time) ? new ConnectedUser(CertificateUser.Of(certificate), true) : new ConnectedUser(null, false);
            items[typeof(ConnectedUser)] = read;
            return read;
        }
    }

    private static string? Bearer(HttpRequest http)
    {
        string authorization = http.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && authorization[7..].Trim() is { Length: > 0 } token ? token : null;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        if (http.ContentLength is 0 || (http.ContentLength is null && !http.Headers.ContainsKey("Transfer-Encoding") && http.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)))
        {
            return default;
        }

        if (http.ContentLength > MaxBody)
        {
            throw ApiErrors.TooLarge("Request entity too large: limit is 3145728");
        }

        using MemoryStream body = new((int)(http.ContentLength ?? 4096));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await http.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                body.Write(buffer, 0, read);
                if (body.Length > MaxBody)
                {
                    throw ApiErrors.TooLarge("Request entity too large: limit is 3145728");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return body.ToArray();
    }

    private async Task WriteAsync(HttpContext context, ApiResponse response)
    {
        HttpResponse http = context.Response;
        http.StatusCode = response.Code;
        http.ContentType = response.ContentType;
        http.Headers["Audit-Id"] = Guid.NewGuid().ToString();
        http.Headers.CacheControl = "no-cache, private";
        foreach (string warning in response.Warnings)
        {
            http.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        foreach ((string name, string value) in response.Headers)
        {
            http.Headers[name] = value;
        }

        if (response.Stream is not null)
        {
            await StreamAsync(context, response.Stream).ConfigureAwait(false);
            return;
        }

        if (response.Body.Length >= GzipFrom && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            http.Headers.ContentEncoding = "gzip";
            http.Headers.Vary = "Accept-Encoding";
            await using GZipStream gzip = new(http.Body, CompressionLevel.Fastest, leaveOpen: true);
            await gzip.WriteAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        if (response.Code is 204 or 304)
        {
            return;
        }

        http.ContentLength = response.Body.Length;
        await http.BodyWriter.WriteAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, IAsyncEnumerable<ReadOnlyMemory<byte>> frames)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        await context.Response.StartAsync(ending.Token).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(ending.Token).ConfigureAwait(false);
        try
        {
            await foreach (ReadOnlyMemory<byte> frame in frames.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                await WriteFrameAsync(context, frame, ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, was too slow, or the server stops; either way the stream ends here.
        }
    }

    /// <summary>A reader that does not take a frame within the timeout is dropped: what it would need is in the store's log meanwhile.</summary>
    private async Task WriteFrameAsync(HttpContext context, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        ValueTask<System.IO.Pipelines.FlushResult> write = context.Response.BodyWriter.WriteAsync(frame, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await write.AsTask().WaitAsync(RequestTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            context.Abort();
            throw new OperationCanceledException(cancellationToken);
        }
    }
}

/// <summary>What a connection's client certificate proved.</summary>
internal sealed record ConnectedUser(UserInfo? User, bool IsTrusted)
{
    public static readonly ConnectedUser Nobody = new(null, true);
}
