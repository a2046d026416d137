using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bowline.Server.Webhooks;

/// <summary>Takes webhooks at <c>POST /api/webhook</c>, where Argo CD takes them, bounded in size and number.</summary>
public sealed class WebhookListener : IAsyncDisposable
{
    /// <summary>GitHub sends no more.</summary>
    private const long MaxBody = 25 * 1024 * 1024;

    private readonly WebApplication application;
    private readonly SemaphoreSlim places = new(8, 8);
    private readonly Func<WebhookSecrets> secrets;
    private readonly Func<IReadOnlyList<string>, int> notify;

    private WebhookListener(WebApplication application, Func<WebhookSecrets> secrets, Func<IReadOnlyList<string>, int> notify)
    {
        this.application = application;
        this.secrets = secrets;
        this.notify = notify;
    }

    /// <summary><c>http://host:port</c>, the port that was really taken.</summary>
    public string Address => application.Urls.First();

    /// <param name="address">Where to listen; port 0 takes a free one.</param>
    /// <param name="notify">Told the addresses of a repository that was pushed to; returns how many sources are drawn from it.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebhookListener> StartAsync(IPEndPoint address, Func<WebhookSecrets> secrets, Func<IReadOnlyList<string>, int> notify, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "bowline" });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Listen(address);
        });
        WebApplication application = builder.Build();
        WebhookListener listener = new(application, secrets, notify);
        application.Map("/api/webhook", listener.AnswerAsync);
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync().ConfigureAwait(false);
        places.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await SayAsync(context, 405, "webhooks are posted").ConfigureAwait(false);
            return;
        }

        if (!await places.WaitAsync(0, context.RequestAborted).ConfigureAwait(false))
        {
            context.Response.Headers.RetryAfter = "1";
            await SayAsync(context, 429, "too many webhooks at once").ConfigureAwait(false);
            return;
        }

        try
        {
            WebhookEvent read = WebhookReader.Read(Header, await BodyAsync(context).ConfigureAwait(false), secrets());
            (int status, string message) = read.Verdict switch
            {
                WebhookVerdict.Push => (200, $"{notify(read.Repositories)} sources of this repository are looked at"),
                WebhookVerdict.Ignored => (200, read.Message),
                WebhookVerdict.Refused => (401, read.Message),
                _ => (400, read.Message),
            };
            await SayAsync(context, status, message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException broken)
        {
            await SayAsync(context, broken.StatusCode, broken.Message).ConfigureAwait(false);
        }
        finally
        {
            places.Release();
        }

        string? Header(string name) => context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        return body.ToArray();
    }

    private static Task SayAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(message + "\n", context.RequestAborted);
    }
}
