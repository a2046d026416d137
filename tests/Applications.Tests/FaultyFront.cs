using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bowline.Applications.Tests;

/// <summary>Stands between a delivery and its API server and lets through what it is told to: an API server's bad days.</summary>
internal sealed class FaultyFront : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly HttpClient upstream;
    private CancellationTokenSource severed = new();

    private FaultyFront(WebApplication application, HttpClient upstream)
    {
        this.application = application;
        this.upstream = upstream;
    }

    public Uri Address => new(application.Urls.First());

    /// <summary>Deals with a request instead of the server; false lets it through.</summary>
    public Func<HttpContext, Task<bool>> Fault { get; set; } = _ => Task.FromResult(false);

    /// <summary>Changes what the server answers to requests whose answers are small; null leaves it.</summary>
    public Func<HttpContext, string, string>? Rewrite { get; set; }

    public static async Task<FaultyFront> StartAsync(EmbeddedClusterHost host)
    {
        HttpClientHandler handler = new() { ServerCertificateCustomValidationCallback = (_, _, _, _) => true, MaxConnectionsPerServer = 200 };
        handler.ClientCertificates.Add(X509Certificate2.CreateFromPem(host.ClientCertificate, host.ClientKey));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication application = builder.Build();
        FaultyFront front = new(application, new HttpClient(handler) { BaseAddress = host.Server, Timeout = Timeout.InfiniteTimeSpan });
        application.Run(front.ServeAsync);
        await application.StartAsync();
        return front;
    }

    /// <summary>Breaks every answer that is still being given, watches above all.</summary>
    public void Sever()
    {
        CancellationTokenSource old = severed;
        severed = new CancellationTokenSource();
        old.Cancel();
    }

    /// <summary>Answers as an API server refuses.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, int status, string reason, string message, int? retryAfter = null)
    {
        if (retryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{status}}}""");
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromSeconds(1));
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
        upstream.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (await Fault(context))
        {
            return;
        }

        using CancellationTokenRegistration cut = severed.Token.Register(context.Abort);
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), context.Request.Path + context.Request.QueryString);
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        if (context.Request.Headers["Impersonate-User"].ToString() is { Length: > 0 } user)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-User", user);
        }

        if (Rewrite is null)
        {
            request.Headers.TryAddWithoutValidation("Accept", (string?)context.Request.Headers.Accept);
        }

        try
        {
            using HttpResponseMessage response = await upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            if (Rewrite is not null && context.Request.Query["watch"].Count == 0)
            {
                await context.Response.WriteAsync(Rewrite(context, await response.Content.ReadAsStringAsync(context.RequestAborted)));
                return;
            }

            await context.Response.StartAsync(context.RequestAborted);
            await using Stream body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            byte[] buffer = new byte[16 * 1024];
            while (await body.ReadAsync(buffer, context.RequestAborted) is > 0 and int count)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or HttpRequestException)
        {
            context.Abort();
        }
    }
}
