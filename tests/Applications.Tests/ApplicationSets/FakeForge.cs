using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>A Git server's API on a port of this machine: answers by path, in pages as the server in question has them.</summary>
internal sealed class FakeForge : IAsyncDisposable
{
    private readonly WebApplication application;

    private FakeForge(WebApplication application) => this.application = application;

    public string Address { get; private set; } = string.Empty;

    /// <summary>What every request must bring; null to ask for nothing.</summary>
    public string? Authorization { get; set; }

    /// <summary>Answers by path and query (page parameters left out); a text is the body.</summary>
    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Lists that are handed out two at a time, by path and query.</summary>
    public Dictionary<string, string[]> Lists { get; } = new(StringComparer.Ordinal);

    /// <summary>How pages follow each other: Link, Bitbucket (start), Cloud (next), Azure ($skip).</summary>
    public string Paging { get; set; } = "Link";

    /// <summary>Looked at before anything else; true when it has answered.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = static _ => Task.FromResult(false);

    public ConcurrentQueue<string> Asked { get; } = new();

    public static async Task<FakeForge> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication application = builder.Build();
        FakeForge forge = new(application);
        application.Run(forge.AnswerAsync);
        await application.StartAsync();
        forge.Address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return forge;
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        string asked = context.Request.Path.Value + context.Request.QueryString.Value;
        Asked.Enqueue($"{context.Request.Method} {asked}");
        if (await Before(context))
        {
            return;
        }

        if (Authorization is { } wanted && context.Request.Headers.Authorization != wanted)
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsync("{\"message\": \"Bad credentials\"}");
            return;
        }

        string raw = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        (string key, int page) = Page(raw);
        if (Lists.TryGetValue(key, out string[]? items))
        {
            string body = $"[{string.Join(',', items.Skip(page * 2).Take(2))}]";
            string? next = items.Length > (page + 1) * 2 ? $"{Address}{key}{(key.Contains('?') ? '&' : '?')}page={page + 1}" : null;
            await context.Response.WriteAsync(Paging switch
            {
                "Bitbucket" => $"{{\"values\": {body}, \"isLastPage\": {(next is null ? "true" : "false")}, \"nextPageStart\": {page + 1}}}",
                "Cloud" => $"{{\"values\": {body}{(next is null ? string.Empty : $", \"next\": \"{next}\"")}}}",
                "Azure" => $"{{\"value\": {body}}}",
                _ => Link(context, body, next),
            });
        }
        else if (Answers.TryGetValue(key, out string? answer))
        {
            await context.Response.WriteAsync(answer);
        }
        else
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("{\"message\": \"Not Found\"}");
        }
    }

    private static string Link(HttpContext context, string body, string? next)
    {
        if (next is not null)
        {
            context.Response.Headers.Link = $"<{next}>; rel=\"next\", <{next}>; rel=\"last\"";
        }

        return body;
    }

    private static (string Key, int Page) Page(string target)
    {
        foreach (string mark in (string[])["page=", "start="])
        {
            int at = target.LastIndexOf(mark, StringComparison.Ordinal);
            if (at > 0 && target[at - 1] is '&' or '?' && int.TryParse(target[(at + mark.Length)..], out int page))
            {
                return (target[..(at - 1)], page);
            }
        }

        return (target, 0);
    }
}
