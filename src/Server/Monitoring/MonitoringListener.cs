using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bowline.Server.Monitoring;

/// <summary>Serves <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> of a replica.</summary>
public sealed class MonitoringListener : IAsyncDisposable
{
    private readonly WebApplication application;

    private MonitoringListener(WebApplication application) => this.application = application;

    /// <summary><c>http://host:port</c>, the port that was really taken.</summary>
    public string Address => application.Urls.First();

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MonitoringListener> StartAsync(IPEndPoint address, IMonitored replica, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "bowline" });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Listen(address);
        });
        WebApplication application = builder.Build();
        application.Map("/healthz", context => SayAsync(context, replica.IsAlive, "the replica's loop has ended"));
        application.Map("/readyz", context => SayAsync(context, replica.IsReady, replica.Trouble is { Length: > 0 } trouble ? trouble : "nothing is delivered yet"));
        application.Map("/metrics", context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(MetricsText.Write(replica), context.RequestAborted);
        });
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        return new MonitoringListener(application);
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private static Task SayAsync(HttpContext context, bool fine, string otherwise)
    {
        context.Response.StatusCode = fine ? 200 : 503;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(fine ? "ok\n" : $"{otherwise}\n", context.RequestAborted);
    }
}
