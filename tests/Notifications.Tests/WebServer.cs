using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bowline.Notifications.Tests;

internal sealed record Received(string Method, string Path, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>A web server that keeps what it gets, and answers as the test says.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private WebServer(WebApplication application) => this.application = application;

    public string Address => application.Urls.First();

    public ConcurrentQueue<Received> Requests { get; } = new();

    public Func<Received, HttpContext, Task> Answer { get; set; } = static (_, _) => Task.CompletedTask;

    /// <param name="certificate">Speaks https with it; null speaks http.</param>
    public static async Task<WebServer> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (certificate is null)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        }

        WebServer server = new(builder.Build());
        server.application.Run(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            Received received = new(
                context.Request.Method, context.Request.Path + context.Request.QueryString, await reader.ReadToEndAsync(),
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
            server.Requests.Enqueue(received);
            await server.Answer(received, context);
        });
        await server.application.StartAsync();
        return server;
    }

    public static Func<Received, HttpContext, Task> Json(string body) => (_, context) => context.Response.WriteAsync(body);

    public async ValueTask DisposeAsync() => await application.DisposeAsync();
}
