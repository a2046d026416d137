using System.Net;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>Kestrel on a loopback port: turns HTTP into <see cref="ApiRequest"/> and <see cref="ApiResponse"/> into HTTP.</summary>
internal sealed partial class HttpFront : IAsyncDisposable
{
    private const int MaxHeaderBytes = 1024 * 1024;

    // A client that sends its headers or its body more slowly than this is not waited for.
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(10));

    // A connection from which nothing comes for so long, not even the answer to a ping, has nobody at its other end who reads.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(30);
    private readonly WebApplication app;
    private readonly ApiHandler handler;
    private readonly ClusterCertificates certificates;
    private readonly AuditLog? audit;
    private readonly Task ready;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();

    private HttpFront(WebApplication app, ApiHandler handler, ClusterCertificates certificates, AuditLog? audit, Task ready, TimeProvider time)
    {
        this.ready = ready;
        this.audit = audit;
        this.app = app;
        this.handler = handler;
        this.certificates = certificates;
        this.time = time;
    }

    public int Port { get; private set; }

    /// <param name="ready">Requests that come before this is done wait for it.</param>
    public static async Task<HttpFront> StartAsync(ApiHandler handler, ClusterCertificates certificates, AuditLog? audit, EmbeddedClusterOptions options, Task ready, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, certificates, options));
        WebApplication app = builder.Build();
        HttpFront front = new(app, handler, certificates, audit, ready, options.Time);
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
        kestrel.Limits.Http2.KeepAlivePingDelay = PingAfter;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;

        // As net/http's, which kube-apiserver leaves as they are: selectors may be long.
        kestrel.Limits.MaxRequestLineSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestBufferSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.MinRequestBodyDataRate = SlowestBody;

        // Watches have nothing to send for minutes; readers that do not read are dropped where frames are written.
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
}

/// <summary>What a connection's client certificate proved.</summary>
internal sealed record ConnectedUser(UserInfo? User, bool IsTrusted)
{
    public static readonly ConnectedUser Nobody = new(null, true);
}
