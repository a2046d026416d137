using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Bowline.Cluster.Tests.Http;

/// <summary>Enough of a Kubernetes API for ConfigMaps, over HTTPS, with handlers that a test can put in front of any path.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentDictionary<string, MapNode> objects = new();
    private readonly ConcurrentDictionary<Channel<string>, bool> watchers = new();
    private long version = 1;

    private TestApi(WebApplication application, TestCertificates certificates, bool secure)
    {
        this.application = application;
        Certificates = certificates;
        Secure = secure;
    }

    public TestCertificates Certificates { get; }

    public bool Secure { get; }

    public bool Legacy { get; set; }

    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentQueue<string> Headers { get; } = new();

    /// <summary>Takes a request over when it returns true.</summary>
    public Func<HttpContext, Task<bool>>? Before { get; set; }

    public ClusterConnection Connection => new("test", new Uri(application.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)))
    {
        CertificateAuthority = Certificates.AuthorityPem,
    };

    public static async Task<TestApi> StartAsync(TestCertificates? certificates = null, bool secure = true, bool clientCertificates = false)
    {
        certificates ??= new TestCertificates();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (secure)
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificates.Server, https =>
                {
                    https.ClientCertificateMode = clientCertificates ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
                    https.AllowAnyClientCertificate();
                });
            }
        }));
        TestApi api = new(builder.Build(), certificates, secure);
        api.application.Run(api.HandleAsync);
        await api.application.StartAsync();
        return api;
    }

    public HttpCluster Connect(Func<ClusterConnection, ClusterConnection>? change = null, HttpClusterOptions? options = null) =>
        new(change is null ? Connection : change(Connection), TimeProvider.System, options);

    public void Put(string name, string value)
    {
        MapNode node = new()
        {
            ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = "ns" },
            ["data"] = new MapNode { ["value"] = value },
        };
        Store(name, node);
    }

    public void EndWatches(string? last = null)
    {
        foreach (Channel<string> watcher in watchers.Keys)
        {
            if (last is not null)
            {
                watcher.Writer.TryWrite(last);
            }

            watcher.Writer.TryComplete();
        }
    }

    public async ValueTask DisposeAsync()
    {
        EndWatches();
        using CancellationTokenSource now = new(TimeSpan.FromMilliseconds(200));
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
    }

    public static async Task AnswerAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
    }

    public static string Status(int code, string reason, string message) =>
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""";

    private async Task HandleAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        Requests.Enqueue($"{request.Method} {request.Path}{request.QueryString} {request.ContentType}".Trim());
        Headers.Enqueue($"{request.Protocol} {request.Headers.Authorization}".Trim());
        if (Before is not null && await Before(context))
        {
            return;
        }

        string[] parts = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (parts)
        {
            case ["api"] or ["apis", ..] or ["api", "v1"]:
                await DiscoverAsync(context, parts);
                break;
            case ["api", "v1", "configmaps"] or ["api", "v1", "namespaces", _, "configmaps"] when request.Method == "GET":
                await (request.Query["watch"] == "true" ? WatchAsync(context) : ListAsync(context));
                break;
            case ["api", "v1", "namespaces", _, "configmaps", var name, ..] when request.Method == "GET":
                await (objects.TryGetValue(name, out MapNode? found) ? WriteAsync(context, 200, found) : NotFoundAsync(context, name));
                break;
            case ["api", "v1", "namespaces", _, "configmaps", var name, ..] when request.Method == "DELETE":
                await (objects.TryRemove(name, out MapNode? gone) ? WriteAsync(context, 200, gone) : NotFoundAsync(context, name));
                break;
            case ["api", "v1", "namespaces", _, "configmaps", ..]:
                MapNode body = (MapNode)JsonReader.Read(await ReadAsync(request));
                await WriteAsync(context, 200, Store(parts.Length > 5 ? parts[5] : body["metadata"]!["name"]!.AsString()!, body));
                break;
            default:
                await AnswerAsync(context, 404, "404 page not found", "text/plain");
                break;
        }
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using MemoryStream memory = new();
        await request.Body.CopyToAsync(memory);
        return memory.ToArray();
    }

    private static Task NotFoundAsync(HttpContext context, string name) =>
        AnswerAsync(context, 404, Status(404, "NotFound", $"configmaps '{name}' not found"));

    private static async Task WriteAsync(HttpContext context, int status, MapNode node)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        JsonWriter.Write(node, context.Response.BodyWriter);
        await context.Response.BodyWriter.FlushAsync();
    }

    private async Task DiscoverAsync(HttpContext context, string[] parts)
    {
        bool aggregated = !Legacy && context.Request.Headers.Accept.ToString().Contains("APIGroupDiscoveryList", StringComparison.Ordinal);
        int status = parts is ["apis", "metrics.k8s.io", ..] ? 503 : 200;
        await AnswerAsync(context, status, (parts, aggregated) switch
        {
            (["api"], true) => """
                {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[{"metadata":{},"versions":[{"version":"v1","freshness":"Current","resources":[
                {"resource":"configmaps","responseKind":{"group":"","version":"v1","kind":"ConfigMap"},"scope":"Namespaced","shortNames":["cm"],"verbs":["get","list","watch","patch"]},
                {"resource":"bindings","responseKind":{"group":"","version":"v1","kind":"Binding"},"scope":"Namespaced","verbs":["create"]}]}]}]}
                """,
            (["apis"], true) => """
                {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
                {"metadata":{"name":"apps"},"versions":[
                  {"version":"v1","freshness":"Current","resources":[{"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","verbs":["list"],"subresources":[{"subresource":"status"},{"subresource":"scale"}]}]},
                  {"version":"v1beta1","freshness":"Current","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]},{"resource":"olds","responseKind":{"kind":"Old"},"scope":"Cluster","verbs":["list"]}]}]},
                {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}
                """,
            (["api"], _) => """{"kind":"APIVersions","versions":["v1"]}""",
            (["apis"], _) => """
                {"kind":"APIGroupList","groups":[
                {"name":"apps","versions":[{"version":"v1beta1"},{"version":"v1"}],"preferredVersion":{"version":"v1"}},
                {"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}],"preferredVersion":{"version":"v1beta1"}}]}
                """,
            (["api", "v1"], _) => """
                {"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"configmaps","namespaced":true,"kind":"ConfigMap","verbs":["list"],"shortNames":["cm"]},{"name":"bindings","namespaced":true,"kind":"Binding","verbs":["create"]}]}
                """,
            (["apis", "apps", "v1"], _) => """
                {"kind":"APIResourceList","groupVersion":"apps/v1","resources":[{"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["list"]},{"name":"deployments/status","namespaced":true,"kind":"Deployment","verbs":["get"]},{"name":"deployments/scale","namespaced":true,"kind":"Scale","group":"autoscaling","version":"v1","verbs":["get"]}]}
                """,
            (["apis", "apps", "v1beta1"], _) => """
                {"kind":"APIResourceList","groupVersion":"apps/v1beta1","resources":[{"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["list"]},{"name":"olds","namespaced":false,"kind":"Old","verbs":["list"]}]}
                """,
            (["apis", "late.example.com", "v1"], _) => """
                {"kind":"APIResourceList","groupVersion":"late.example.com/v1","resources":[{"name":"lates","namespaced":true,"kind":"Late","verbs":["list"]}]}
                """,
            _ => Status(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        });
    }

    private MapNode Store(string name, MapNode body)
    {
        MapNode stored = (MapNode)body.DeepClone();
        MapNode metadata = stored.EnsureMap("metadata");
        metadata["name"] = name;
        metadata["resourceVersion"] = Interlocked.Increment(ref version).ToString(CultureInfo.InvariantCulture);
        bool added = !objects.ContainsKey(name);
        objects[name] = stored;
        string line = $$"""{"type":"{{(added ? "ADDED" : "MODIFIED")}}","object":{{JsonWriter.ToText(stored)}}}""" + "\n";
        foreach (Channel<string> watcher in watchers.Keys)
        {
            watcher.Writer.TryWrite(line);
        }

        return stored;
    }

    private async Task ListAsync(HttpContext context)
    {
        string[] names = [.. objects.Keys.Order(StringComparer.Ordinal)];
        int from = int.TryParse(context.Request.Query["continue"], out int parsed) ? parsed : 0;
        int limit = int.TryParse(context.Request.Query["limit"], out int asked) ? asked : int.MaxValue;
        ListNode items = new(names.Skip(from).Take(limit).Select(name => (Node)objects[name]));
        MapNode metadata = new() { ["resourceVersion"] = Interlocked.Read(ref version).ToString(CultureInfo.InvariantCulture) };
        if (limit < names.Length - from)
        {
            metadata["continue"] = (from + limit).ToString(CultureInfo.InvariantCulture);
        }

        await WriteAsync(context, 200, new MapNode { ["kind"] = "ConfigMapList", ["metadata"] = metadata, ["items"] = items });
    }

    private async Task WatchAsync(HttpContext context)
    {
        Channel<string> channel = Channel.CreateUnbounded<string>();
        watchers[channel] = true;
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync();
        await foreach (string line in channel.Reader.ReadAllAsync(context.RequestAborted))
        {
            // In two halves, so that a line spans reads.
            byte[] bytes = Encoding.UTF8.GetBytes(line);
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await context.Response.Body.FlushAsync();
            await context.Response.Body.WriteAsync(bytes.AsMemory(bytes.Length / 2));
            await context.Response.Body.FlushAsync();
        }
    }
}
