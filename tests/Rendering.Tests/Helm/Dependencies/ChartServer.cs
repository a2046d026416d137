using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Sources.Archives;
using Bowline.Sources.Downloads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bowline.Tests.Helm.Dependencies;

/// <summary>A web server in this process that is a chart repository, an OCI registry or both, and remembers who asked for what.</summary>
internal sealed class ChartServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> pages = new(StringComparer.Ordinal);

    private ChartServer(WebApplication application) => this.application = application;

    public ConcurrentQueue<(string Path, string Authorization)> Requests { get; } = [];

    /// <summary>Refuses whoever does not send exactly this.</summary>
    public string? RequiredAuthorization { get; set; }

    /// <summary>Of the refusal; <c>{0}</c> stands for the server's address.</summary>
    public string Challenge { get; set; } = "Basic realm=\"charts\"";

    public string Address => application.Urls.First();

    public Uri Uri => new(Address);

    public string Host => Uri.Authority;

    /// <param name="certificate">Speaks https with it; http without.</param>
    public static async Task<ChartServer> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration().UseUrls("https://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate));
        }

        WebApplication application = builder.Build();
        ChartServer server = new(application);
        application.Run(server.AnswerAsync);
        await application.StartAsync();
        return server;
    }

    public static byte[] Chart(string name, string version, string values = "{}") => TarGz.WriteChart(name,
    [
        new ArchiveFile("Chart.yaml", Encoding.UTF8.GetBytes($"apiVersion: v2\nname: {name}\nversion: {version}\n")),
        new ArchiveFile("values.yaml", Encoding.UTF8.GetBytes(values)),
        new ArchiveFile("templates/a.yaml", Encoding.UTF8.GetBytes($"kind: ConfigMap\napiVersion: v1\nmetadata: {{name: from-{name}-{{{{ .Chart.Version }}}}}}\n")),
    ]);

    public void Serve(string path, byte[] content, Action<HttpResponse>? headers = null) => pages[path] = async context =>
    {
        headers?.Invoke(context.Response);
        await context.Response.Body.WriteAsync(content);
    };

    public void Serve(string path, string content, Action<HttpResponse>? headers = null) => Serve(path, Encoding.UTF8.GetBytes(content), headers);

    public void Redirect(string path, string to) => pages[path] = context =>
    {
        context.Response.Redirect(to);
        return Task.CompletedTask;
    };

    /// <summary>An index of one chart, its versions in this order, each archive served beside it.</summary>
    public void ServeRepository(string name, params string[] versions)
    {
        StringBuilder index = new($"apiVersion: v1\nentries:\n  {name}:\n");
        foreach (string version in versions)
        {
            byte[] archive = Chart(name, version);
            Serve($"/{name}-{version}.tgz", archive);
            index.Append(System.Globalization.CultureInfo.InvariantCulture, $"  - {{name: {name}, version: \"{version}\", digest: {ContentDigest.Of(archive).Hex}, urls: [\"{name}-{version}.tgz\"]}}\n");
        }

        Serve("/index.yaml", index.ToString());
    }

    /// <summary>A chart as a registry has it; the layer's digest may be given wrong.</summary>
    public void ServeOci(string repository, string version, byte[] archive, string? layerDigest = null)
    {
        string digest = layerDigest ?? ContentDigest.Of(archive).ToString();
        string manifest = $$"""{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{{digest}}","size":2},"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"{{digest}}","size":{{archive.Length}}}]}""";
        Serve($"/v2/{repository}/manifests/{version.Replace('+', '_')}", manifest);
        Serve($"/v2/{repository}/blobs/{digest}", archive);
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        string path = context.Request.Path.Value!;
        Requests.Enqueue((path, authorization));
        if (RequiredAuthorization is { } required && authorization != required && path != "/token")
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = Challenge.Replace("{0}", Address, StringComparison.Ordinal);
        }
        else if (pages.TryGetValue(path + context.Request.QueryString, out Func<HttpContext, Task>? page) || pages.TryGetValue(path, out page))
        {
            await page(context);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }
}
