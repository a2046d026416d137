using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Tests.Admission;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Microsoft.AspNetCore.Http;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Requests and connections through the subresource proxy.</summary>
public sealed class ProxyTests : IAsyncLifetime
{
    private const string Services = "/api/v1/namespaces/default/services";
    private readonly string state = Directory.CreateTempSubdirectory("bowline-proxy-").FullName;
    private readonly TcpListener plain = new(IPAddress.Loopback, 0);
    private WebhookServer server = null!;
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        server = await WebhookServer.StartAsync();
        plain.Start();
        await using (ObjectStore store = ObjectStore.Open(Path.Combine(state, "store")))
        {
            // The API takes no endpoints on loopback, and a machine need not have another address.
            Put(store, "services", "{kind: Service, apiVersion: v1, metadata: {name: web, namespace: default, uid: a}, spec: {ports: [{name: https, port: 443, protocol: TCP}, {port: 80, protocol: TCP}]}}");
            Put(store, "endpointslices.discovery.k8s.io", $"{{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {{name: web, namespace: default, uid: b, labels: {{kubernetes.io/service-name: web}}}}, addressType: IPv4, endpoints: [{{addresses: [127.0.0.1]}}], ports: [{{name: https, port: {server.Port}}}, {{name: '', port: {((IPEndPoint)plain.LocalEndpoint).Port}}}]}}");
        }

        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = state }, default);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
        await server.DisposeAsync();
        plain.Dispose();
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public async Task Requests_to_a_service_reach_its_endpoints_and_answers_come_back_as_if_from_below_the_proxy()
    {
        string prefix = $"{Services}/https:web:443/proxy";
        HeaderDictionary asked = [];
        server.OnRaw("/a%20b/", async (body, context) =>
        {
            foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
            {
                asked[name] = values;
            }

            asked["Query"] = context.Request.QueryString.Value;
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "/login?next=1";
            context.Response.Headers.SetCookie = new(["a=1", "b=2"]);
            context.Response.Headers.AccessControlAllowOrigin = "*";
            await WebhookServer.WriteAsync(context, body);
        });
        using HttpClient client = HostClients.Admin(host, followsRedirects: false);
        using HttpRequestMessage request = new(HttpMethod.Put, $"{prefix}/x/..//a%20b/?q=%2F&r") { Content = new StringContent("{\"hello\": 1}") };
        foreach ((string name, string value) in ((string, string)[])[("X-Own", "kept"), ("X-Forwarded-For", "10.0.0.1"), ("Impersonate-User", "jane"), ("Impersonate-Group", "system:masters"), ("TE", "trailers"), ("Cookie", "c=3")])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal((302, "{\"hello\":1}"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal($"{prefix}/login?next=1", answer.Headers.Location!.OriginalString);
        Assert.Equal(["a=1", "b=2"], answer.Headers.GetValues("Set-Cookie"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        string[] names = ["X-Own", "X-Forwarded-For", "X-Forwarded-Uri", "Query", "Cookie", "Host"];
        Assert.Equal(["kept", "10.0.0.1, 127.0.0.1", $"{prefix}/a%20b/", "?q=%2F&r", "c=3", $"{host.Server.Host}:{host.Server.Port}"], names.Select(name => asked[name].ToString()));
        Assert.False(asked.ContainsKey("Impersonate-User") || asked.ContainsKey("TE") || asked.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Connections_that_change_their_protocol_are_handed_on_both_ways()
    {
        Task<string> serving = Task.Run(async () =>
        {
            using TcpClient inner = await plain.AcceptTcpClientAsync();
            using StreamReader lines = new(inner.GetStream());
            StringBuilder head = new();
            while (await lines.ReadLineAsync() is { Length: > 0 } line)
            {
                head.AppendLine(line);
            }

            await inner.GetStream().WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-Own: kept\r\n\r\nready\n"u8.ToArray());
            await inner.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"heard {await lines.ReadLineAsync()}\n"));
            return head.ToString();
        });
        await using SslStream client = await HostClients.RawAsync(host, asAdmin: true);
        await client.WriteAsync(Encoding.ASCII.GetBytes($"GET {Services}/web/proxy/ws?a=1 HTTP/1.1\r\nHost: me\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/1\r\nSec-WebSocket-Key: k\r\n\r\n"));
        using StreamReader reader = new(client);
        Assert.Equal("HTTP/1.1 101 Switching Protocols", await reader.ReadLineAsync());
        List<string> headers = [];
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            headers.Add(line);
        }

        Assert.Contains("Upgrade: echo/1", headers);
        Assert.Contains("X-Own: kept", headers);
        Assert.Equal("ready", await reader.ReadLineAsync());
        await client.WriteAsync("hello\n"u8.ToArray());
        Assert.Equal("heard hello", await reader.ReadLineAsync());
        Assert.Null(await reader.ReadLineAsync());
        string[] head = (await serving).Split(Environment.NewLine);
        Assert.Equal("GET /ws?a=1 HTTP/1.1", head[0]);
        Assert.Contains("Connection: Upgrade", head);
        Assert.Contains("Sec-WebSocket-Key: k", head);
    }

    [Fact]
    public async Task What_is_not_there_or_does_not_answer_is_said_as_kube_apiserver_says_it()
    {
        await admin.MadeAsync("/api/v1/nodes", "{metadata: {name: node-1, labels: {bowline.dev/simulated: \"true\"}}}");
        await MadeAsync("gone", "targetRef: {kind: Pod, namespace: default, name: nobody}");
        await MadeAsync("simulated", "nodeName: node-1");
        await admin.MadeAsync(Services, "{metadata: {name: empty}, spec: {ports: [{port: 80}]}}");
        int port = ((IPEndPoint)plain.LocalEndpoint).Port;
        plain.Stop();
        await IsAsync("web:81/proxy/", 503, "no service port 81 found for service \"web\"");
        await IsAsync("http:web:nothing/proxy/", 503, "no endpoints available for service \"http:web:nothing\"");
        await IsAsync("nothing/proxy/", 404, "services \"nothing\" not found");
        await IsAsync("empty:80/proxy/", 503, "no endpoints available for service \"empty\"");
        await IsAsync("gone/proxy/", 503, "no endpoints available for service \"gone\"");
        await IsAsync("simulated/proxy/", 503, "error trying to reach service: service \"simulated\" runs nothing: the nodes of this cluster are simulated");
        await IsAsync("web/proxy/", 503, $"error trying to reach service: dial tcp 127.0.0.1:{port}: connect: connection refused");
    }

    [Fact]
    public async Task A_proxy_without_a_slash_is_a_folder_and_the_server_reaches_itself()
    {
        using HttpClient client = HostClients.Admin(host, followsRedirects: false);
        using HttpResponseMessage moved = await client.GetAsync($"{Services}/web/proxy?a=1");
        Assert.Equal((301, $"{Services}/web/proxy/?a=1"), ((int)moved.StatusCode, moved.Headers.Location!.OriginalString));
        Assert.Equal("1", (await admin.GetAsync($"{Services}/https:kubernetes:https/proxy/version")).Body["major"]!.AsString());
    }

    private async Task MadeAsync(string name, string endpoint)
    {
        await admin.MadeAsync(Services, $"{{metadata: {{name: {name}}}, spec: {{ports: [{{port: 80}}]}}}}");
        await admin.MadeAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", $"{{metadata: {{name: {name}, labels: {{kubernetes.io/service-name: {name}}}}}, addressType: IPv4, endpoints: [{{addresses: [10.1.1.1], {endpoint}}}], ports: [{{name: '', port: 80}}]}}");
    }

    private async Task IsAsync(string path, int code, string message)
    {
        RestAnswer answer = await admin.GetAsync($"{Services}/{path}");
        Assert.Equal((code, message), (answer.Code, answer.Message));
    }

    private static void Put(ObjectStore store, string collection, string yaml)
    {
        MapNode node = (MapNode)YamlReader.Read(yaml);
        Assert.NotNull(store.TryPut(collection, null, "default", node.At("metadata", "name")!.AsString()!, node));
    }
}
