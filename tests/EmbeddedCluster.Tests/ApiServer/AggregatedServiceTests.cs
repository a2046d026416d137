using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Tests.Admission;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>APIServices: which are available, and why not.</summary>
public sealed class AggregatedServiceTests : IAsyncLifetime
{
    private const string Services = "/apis/apiregistration.k8s.io/v1/apiservices";
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task What_an_API_service_lacks_is_said_and_said_anew_when_it_changes()
    {
        await admin.MadeAsync(Services, "{metadata: {name: v1.custom.example.com}, spec: {group: custom.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true, service: {namespace: default, name: adapter, port: 443}}}");
        await IsAsync("ServiceNotFound", "service/adapter in \"default\" is not present");
        await admin.MadeAsync("/api/v1/namespaces/default/services", "{metadata: {name: adapter}, spec: {ports: [{name: https, port: 8443}]}}");
        await IsAsync("ServicePortError", "service/adapter in \"default\" is not listening on port 443");
        await admin.MergeAsync("/api/v1/namespaces/default/services/adapter", "{\"spec\":{\"ports\":[{\"name\":\"https\",\"port\":443}]}}");
        await IsAsync("EndpointsNotFound", "cannot find endpointslices for service/adapter in \"default\"");
        await admin.MadeAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", "{metadata: {name: adapter-x, labels: {kubernetes.io/service-name: adapter}}, addressType: IPv4, endpoints: [], ports: [{name: https, port: 443}]}");
        await IsAsync("MissingEndpoints", "endpointslices for service/adapter in \"default\" have no addresses with port name \"https\"");
        await admin.MergeAsync("/api/v1/namespaces/default/services/adapter", "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"localhost\",\"clusterIP\":null,\"clusterIPs\":null}}");
        await admin.MergeAsync(Services + "/v1.custom.example.com", "{\"spec\":{\"service\":{\"port\":1}}}");
        await IsAsync("FailedDiscoveryCheck", "failing or missing response from https://localhost:1/apis/custom.example.com/v1: Get \"https://localhost:1/apis/custom.example.com/v1\": dial tcp localhost:1: connect: connection refused");
        Assert.Equal("Stale", (await GroupAsync())!["versions"]!.AsList()![0]["freshness"]!.AsString());
        Assert.Contains("custom.example.com", (await admin.GetAsync("/apis")).Body["groups"]!.AsList()!.Select(group => group["name"]!.AsString()));
        Assert.Equal(200, (await admin.GetAsync("/apis/apps/v1")).Code);
        Assert.Equal(503, (await admin.GetAsync("/apis/custom.example.com/v1/things")).Code);
        Assert.Equal(503, (await admin.GetAsync("/apis/custom.example.com/v1")).Code);
        Assert.Equal(404, (await admin.GetAsync("/apis/other.example.com/v1/things")).Code);
    }

    [Fact]
    public async Task An_API_service_without_a_service_is_local_from_the_start()
    {
        MapNode made = await admin.MadeAsync(Services, "{metadata: {name: v1.local.example.com}, spec: {group: local.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 10}}");
        Node condition = made.At("status", "conditions")!.AsList()!.Single();
        Assert.Equal(("True", "Local", "Local APIServices are always available"), (condition["status"]!.AsString(), condition["reason"]!.AsString(), condition["message"]!.AsString()));
    }

    [Fact]
    public async Task Requests_are_handed_on_in_the_name_of_who_asks()
    {
        await using WebhookServer server = await WebhookServer.StartAsync("adapter.default.svc");
        Serve(server);
        List<string> seen = [];
        server.OnRaw("/apis/custom.example.com/v1/namespaces/default/things", async (body, context) =>
        {
            string name = context.Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? string.Empty;
            seen.Add($"{context.Request.Method} {context.Request.QueryString} {name} {context.Request.Headers["X-Remote-User"]} {string.Join('|', context.Request.Headers["X-Remote-Group"].ToArray())} {context.Request.Headers["X-Remote-Extra-example.com%2Fscopes"]} {body["spec"]?.AsString()}");
            context.Response.StatusCode = context.Request.Method == "POST" ? 201 : 200;
            context.Response.Headers["X-Own"] = "kept";
            await WebhookServer.WriteAsync(context, new MapNode { ["kind"] = "Thing" });
        });
        TaskCompletionSource second = new();
        server.OnRaw("/apis/custom.example.com/v1/things", async (_, context) =>
        {
            await context.Response.WriteAsync("one\n");
            await context.Response.Body.FlushAsync();
            await second.Task;
            await context.Response.WriteAsync("two\n");
        });
        await RegisterAsync(server, $"caBundle: {server.CaBundle}");
        await IsAsync("Passed", "all checks passed", "True");

        using Rest other = Rest.As(host, "jane", "team");
        Assert.Equal(403, (await other.GetAsync("/apis/custom.example.com/v1/namespaces/default/things")).Code);
        RestAnswer read = await admin.SendAsync(HttpMethod.Get, "/apis/custom.example.com/v1/namespaces/default/things?labelSelector=a%2Fb%3Dc&x=1", null, null, ("Impersonate-User", "jane"), ("Impersonate-Group", "system:masters"), ("Impersonate-Extra-example.com%2fscopes", "view"));
        RestAnswer made = await admin.PostAsync("/apis/custom.example.com/v1/namespaces/default/things", "{spec: hello}");
        Assert.Equal((200, 201), (read.Code, made.Code));
        Assert.Equal(["GET ?labelSelector=a%2Fb%3Dc&x=1 front-proxy-client jane system:masters|system:authenticated view ", "POST  front-proxy-client admin system:masters|system:authenticated  hello"], seen);

        // What is sent bit by bit arrives bit by bit.
        using HttpClient client = HostClients.Admin(host);
        using HttpResponseMessage watch = await client.GetAsync("/apis/custom.example.com/v1/things?watch=1", HttpCompletionOption.ResponseHeadersRead);
        using StreamReader lines = new(await watch.Content.ReadAsStreamAsync());
        Assert.Equal("one", await lines.ReadLineAsync());
        second.SetResult();
        Assert.Equal("two", await lines.ReadLineAsync());
        Assert.Equal(404, (await admin.GetAsync("/apis/custom.example.com/v1/nothing")).Code);
    }

    [Fact]
    public async Task What_others_serve_is_discovered_and_a_certificate_has_to_be_trusted()
    {
        await using WebhookServer server = await WebhookServer.StartAsync("adapter.default.svc");
        Serve(server);
        await RegisterAsync(server, "insecureSkipTLSVerify: true");
        await IsAsync("Passed", "all checks passed", "True");
        Node version = (await GroupAsync())!["versions"]!.AsList()![0];
        Assert.Equal(("v1", "Current"), (version["version"]!.AsString(), version["freshness"]!.AsString()));
        Assert.True(version["resources"]!.AsList()![0].DeepEquals(YamlReader.Read("{resource: things, responseKind: {group: custom.example.com, version: v1, kind: Thing}, scope: Namespaced, singularResource: thing, verbs: [get, list], shortNames: [th], subresources: [{subresource: status, responseKind: {group: custom.example.com, version: v1, kind: Thing}, verbs: [get]}]}")));
        Assert.Equal("things", (await admin.GetAsync("/apis/custom.example.com/v1")).Body["resources"]!.AsList()![0]["name"]!.AsString());
        Assert.Equal("v1", (await admin.GetAsync("/apis/custom.example.com")).Body.At("preferredVersion", "version")!.AsString());
        Assert.Equal("system:kube-aggregator", discoveredBy);

        await admin.MergeAsync(Services + "/v1.custom.example.com", "{\"spec\":{\"insecureSkipTLSVerify\":false}}");
        await IsAsync("FailedDiscoveryCheck", $"failing or missing response from https://localhost:{server.Port}/apis/custom.example.com/v1: Get \"https://localhost:{server.Port}/apis/custom.example.com/v1\": tls: failed to verify certificate: x509: certificate signed by unknown authority");
        await admin.DeleteAsync(Services + "/v1.custom.example.com");
        await UntilAsync(async () => await GroupAsync() is null);
        Assert.Equal(404, (await admin.GetAsync("/apis/custom.example.com/v1")).Code);
    }

    [Fact]
    public async Task Connections_that_change_their_protocol_are_handed_on_in_the_name_of_who_asks()
    {
        await using WebhookServer server = await WebhookServer.StartAsync("adapter.default.svc");
        Serve(server);
        server.OnRaw("/apis/custom.example.com/v1/namespaces/default/things/t/exec", async (_, context) =>
        {
            context.Response.Headers.Upgrade = context.Request.Headers.Upgrade;
            await using Stream stream = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            using StreamReader heard = new(stream);
            string user = $"{context.Request.Headers["X-Remote-User"]} {string.Join('|', context.Request.Headers["X-Remote-Group"].ToArray())}";
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{user} said {await heard.ReadLineAsync()}\n"));
        });
        await RegisterAsync(server, $"caBundle: {server.CaBundle}");
        await IsAsync("Passed", "all checks passed", "True");
        await using System.Net.Security.SslStream client = await HostClients.RawAsync(host, asAdmin: true);
        await client.WriteAsync("POST /apis/custom.example.com/v1/namespaces/default/things/t/exec?command=ls HTTP/1.1\r\nHost: me\r\nX-Remote-User: root\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\nhello\n"u8.ToArray());
        using StreamReader reader = new(client);
        Assert.Equal("HTTP/1.1 101 Switching Protocols", await reader.ReadLineAsync());
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        Assert.Equal("admin system:masters|system:authenticated said hello", await reader.ReadLineAsync());
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task How_others_describe_what_they_serve_is_part_of_this_servers_description()
    {
        const string Document = "/openapi/v3/apis/custom.example.com/v1";
        await using WebhookServer server = await WebhookServer.StartAsync("adapter.default.svc");
        Serve(server);
        int sent = 0;
        server.OnRaw(Document, (_, context) =>
        {
            if (context.Request.Headers.IfNoneMatch == "\"one\"")
            {
                context.Response.StatusCode = 304;
                return Task.CompletedTask;
            }

            sent++;
            context.Response.Headers.ETag = "\"one\"";
            return WebhookServer.WriteAsync(context, (MapNode)YamlReader.Read("{openapi: 3.0.0, info: {title: t, version: v1}, paths: {}, components: {schemas: {com.example.Thing: {type: object, description: a thing}}}}"));
        });
        server.OnRaw("/openapi/v2", (_, context) => WebhookServer.WriteAsync(context, (MapNode)YamlReader.Read("""
            swagger: "2.0"
            paths:
              /apis/custom.example.com/v1/things: {get: {responses: {"200": {description: OK, schema: {$ref: "#/definitions/com.example.Thing"}}}}}
              /apis/custom.example.com/v2/things: {get: {responses: {"200": {description: OK, schema: {$ref: "#/definitions/com.example.Other"}}}}}
            definitions:
              com.example.Thing: {type: object, properties: {metadata: {$ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}}}
              com.example.Other: {type: object}
              io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta: {type: object, description: theirs}
            """)));
        await RegisterAsync(server, $"caBundle: {server.CaBundle}");
        await UntilAsync(async () => (await admin.GetAsync(Document)).Body.At("components", "schemas", "com.example.Thing", "description")?.AsString() == "a thing");
        Assert.StartsWith($"{Document}?hash=", Resources.Json.JsonReader.Read((await admin.GetAsync("/openapi/v3")).Message).At("paths", "apis/custom.example.com/v1", "serverRelativeURL")!.AsString(), StringComparison.Ordinal);
        Node swagger = (await admin.GetAsync("/openapi/v2")).Body;
        Assert.Equal("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta_v2", swagger.At("definitions", "com.example.Thing", "properties", "metadata", "$ref")!.AsString());
        Assert.Equal("theirs", swagger.At("definitions", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta_v2", "description")!.AsString());
        Assert.Null(swagger.At("definitions", "com.example.Other"));
        Assert.NotNull(swagger.At("paths", "/apis/custom.example.com/v1/things"));
        Assert.NotNull(swagger.At("paths", "/api/v1/pods"));

        // Looked at again, and not sent again.
        int before = server.Asked.Count(asked => asked.Path == Document);
        await admin.MergeAsync(Services + "/v1.custom.example.com", "{\"spec\":{\"versionPriority\":11}}");
        await UntilAsync(() => Task.FromResult(server.Asked.Count(asked => asked.Path == Document) > before));
        Assert.Equal((1, 200), (sent, (await admin.GetAsync(Document)).Code));
        await admin.DeleteAsync(Services + "/v1.custom.example.com");
        await UntilAsync(async () => (await admin.GetAsync(Document)).Code == 404);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("{\"swagger\": \"2.0\", \"paths\": {\"/apis/custom.example.com/v1/x\": {\"get\": {\"parameters\": [{\"in\": \"moon\"}]}}}, \"definitions\": 7}")]
    public async Task A_description_that_cannot_be_read_hides_only_itself(string text)
    {
        await using WebhookServer server = await WebhookServer.StartAsync("adapter.default.svc");
        Serve(server);
        server.OnRaw("/openapi/v2", (_, context) => context.Response.WriteAsync(text));
        server.OnRaw("/openapi/v3/apis/custom.example.com/v1", (_, context) => context.Response.WriteAsync(text));
        await RegisterAsync(server, $"caBundle: {server.CaBundle}");
        await UntilAsync(() => Task.FromResult(server.Asked.Any(asked => asked.Path == "/openapi/v2") && server.Asked.Any(asked => asked.Path.StartsWith("/openapi/v3", StringComparison.Ordinal))));
        await IsAsync("Passed", "all checks passed", "True");
        RestAnswer swagger = await admin.SendAsync(HttpMethod.Get, "/openapi/v2", null, null, ("Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"));
        Assert.Equal((200, 200), (swagger.Code, (await admin.GetAsync("/openapi/v3/api/v1")).Code));
        Assert.Equal("things", (await admin.GetAsync("/apis/custom.example.com/v1")).Body["resources"]!.AsList()![0]["name"]!.AsString());
    }

    [Fact]
    public async Task Each_version_that_a_definition_serves_is_registered_until_it_is_not_served()
    {
        const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        await admin.MadeAsync(Definitions, "{metadata: {name: foos.g.io}, spec: {group: g.io, scope: Namespaced, names: {plural: foos, kind: Foo}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}, {name: v2, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}, {name: v3, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}]}}");
        await UntilAsync(async () => (await admin.GetAsync(Services + "/v2.g.io")).Code == 200);
        MapNode made = (await admin.GetAsync(Services + "/v1.g.io")).Body;
        Assert.Equal("true", made.At("metadata", "labels", "kube-aggregator.kubernetes.io/automanaged")!.AsString());
        Assert.True(made["spec"]!.DeepEquals(YamlReader.Read("{group: g.io, version: v1, groupPriorityMinimum: 1000, versionPriority: 100}")));
        Assert.Equal("Local", made.At("status", "conditions")!.AsList()!.Single()["reason"]!.AsString());
        Assert.Equal(404, (await admin.GetAsync(Services + "/v3.g.io")).Code);

        // Mended while it is managed, taken away with what it stands for; what somebody took over is theirs.
        await admin.MergeAsync(Services + "/v1.g.io", "{\"spec\":{\"versionPriority\":7}}");
        await UntilAsync(async () => (await admin.GetAsync(Services + "/v1.g.io")).Body.At("spec", "versionPriority")!.AsInteger() == 100);
        await admin.MergeAsync(Services + "/v1.g.io", "{\"metadata\":{\"labels\":{\"kube-aggregator.kubernetes.io/automanaged\":null}}}");
        await admin.DeleteAsync(Definitions + "/foos.g.io");
        await UntilAsync(async () => (await admin.GetAsync(Services + "/v2.g.io")).Code == 404);
        Assert.Equal(200, (await admin.GetAsync(Services + "/v1.g.io")).Code);
    }

    [Fact]
    public async Task Other_servers_learn_whom_to_believe()
    {
        Node? data = (await admin.GetAsync("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")).Body["data"];
        Assert.Equal((host.CertificateAuthority, host.CertificateAuthority, "[\"front-proxy-client\"]"), (data?["client-ca-file"]?.AsString(), data?["requestheader-client-ca-file"]?.AsString(), data?["requestheader-allowed-names"]?.AsString()));
    }

    private string? discoveredBy;

    private void Serve(WebhookServer server) => server.OnRaw("/apis/custom.example.com/v1", (_, context) =>
    {
        discoveredBy ??= context.Request.Headers["X-Remote-User"].ToString();
        return WebhookServer.WriteAsync(context, (MapNode)YamlReader.Read("{kind: APIResourceList, apiVersion: v1, groupVersion: custom.example.com/v1, resources: [{name: things, singularName: thing, namespaced: true, kind: Thing, verbs: [get, list], shortNames: [th]}, {name: things/status, singularName: '', namespaced: true, kind: Thing, verbs: [get]}]}"));
    });

    private async Task RegisterAsync(WebhookServer server, string trust)
    {
        await admin.MadeAsync("/api/v1/namespaces/default/services", "{metadata: {name: adapter}, spec: {type: ExternalName, externalName: localhost}}");
        await admin.MadeAsync(Services, $"{{metadata: {{name: v1.custom.example.com}}, spec: {{group: custom.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 10, {trust}, service: {{namespace: default, name: adapter, port: {server.Port}}}}}}}");
    }

    private async Task<Node?> GroupAsync()
    {
        RestAnswer all = await admin.SendAsync(HttpMethod.Get, "/apis", null, null, ("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"));
        return all.Body["items"]!.AsList()!.FirstOrDefault(group => group.At("metadata", "name")?.AsString() == "custom.example.com");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (int attempt = 0; attempt < 500; attempt++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(20);
        }

        Assert.Fail("it did not come about");
    }

    private async Task IsAsync(string reason, string message, string status = "False")
    {
        Node? condition = null;
        for (int attempt = 0; attempt < 250 && condition?["message"]?.AsString() != message; attempt++)
        {
            await Task.Delay(20);
            condition = (await admin.GetAsync(Services + "/v1.custom.example.com")).Body.At("status", "conditions")?.AsList()?.FirstOrDefault();
        }

        Assert.Equal((status, reason, message), (condition?["status"]?.AsString(), condition?["reason"]?.AsString(), condition?["message"]?.AsString()));
    }
}
