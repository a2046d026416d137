using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Bowline.EmbeddedCluster.Tests.Admission;

/// <summary>A server over HTTPS in this process, of webhooks or of another API; each path answers as it was told.</summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, Func<MapNode, HttpContext, Task>> answers = new();

    private WebhookServer(WebApplication app, string authority)
    {
        this.app = app;
        CaBundle = Convert.ToBase64String(Encoding.UTF8.GetBytes(authority));
    }

    public string CaBundle { get; }

    public int Port => new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    /// <summary>Every review that arrived, in order.</summary>
    public ConcurrentQueue<(string Path, MapNode Review, string Query)> Asked { get; } = new();

    public static async Task<WebhookServer> StartAsync(params string[] names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=webhook", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder alternatives = new();
        alternatives.AddIpAddress(IPAddress.Loopback);
        foreach (string name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate, https =>
        {
            https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        })));
        WebApplication app = builder.Build();
        WebhookServer server = new(app, certificate.ExportCertificatePem());
        app.Run(server.ServeAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Answers with a response made from the request; its uid is filled in.</summary>
    public void On(string path, Func<MapNode, MapNode> answer) => OnRaw(path, async (review, context) =>
    {
        MapNode response = answer((MapNode)review["request"]!);
        response["uid"] = response["uid"] ?? review.At("request", "uid")!;
        await WriteAsync(context, new MapNode { ["kind"] = "AdmissionReview", ["apiVersion"] = review["apiVersion"]!, ["response"] = response });
    });

    public void OnRaw(string path, Func<MapNode, HttpContext, Task> answer) => answers[path] = answer;

    public static async Task WriteAsync(HttpContext context, MapNode body)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonWriter.ToBytes(body), context.RequestAborted);
    }

    public static MapNode Allow() => new() { ["allowed"] = true };

    public static MapNode Patch(string patch) => new() { ["allowed"] = true, ["patchType"] = "JSONPatch", ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch)) };

    public static MapNode Deny(string message, int code = 403, string reason = "Forbidden") =>
        new() { ["allowed"] = false, ["status"] = new MapNode { ["code"] = code, ["message"] = message, ["reason"] = reason } };

    public string Url(string path) => $"https://127.0.0.1:{Port}{path}";

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        MapNode review = body.Length == 0 ? [] : (MapNode)JsonReader.Read(body.ToArray());
        Asked.Enqueue((context.Request.Path, review, context.Request.QueryString.Value ?? string.Empty));
        if (answers.TryGetValue(context.Request.Path, out Func<MapNode, HttpContext, Task>? answer))
        {
            await answer(review, context);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }
}
