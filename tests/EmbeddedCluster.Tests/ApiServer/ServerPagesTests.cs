using System.Globalization;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>What the server tells of itself: metrics, status, flags. Names, labels and forms are those of a running apiserver 1.36.</summary>
public sealed class ServerPagesTests : IAsyncLifetime
{
    private EmbeddedClusterHost host = null!;
    private HttpClient client = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Tokens = StaticToken.Parse("s3cret,ci,7") }, default);
        client = HostClients.Admin(host);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        client.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Requests_are_counted_by_what_they_are_about_and_how_they_ended()
    {
        await admin.MadeAsync("/api/v1/namespaces/default/limitranges", "{metadata: {name: c}, spec: {limits: [{type: Pod}]}}");
        await admin.PostAsync("/api/v1/namespaces/default/limitranges?dryRun=All", "{metadata: {name: c}, spec: {limits: [{type: Pod}]}}");
        await admin.GetAsync("/api/v1/limitranges");
        await admin.ApplyAsync("/api/v1/namespaces/default/limitranges/d?fieldManager=m", "{apiVersion: v1, kind: LimitRange, metadata: {name: d}, spec: {limits: [{type: Pod}]}}");
        await admin.GetAsync("/apis/made.up/v1/things/x");
        Dictionary<string, double> metrics = await ReadAsync();
        const string Ranges = "group=\"\",resource=\"limitranges\"";
        Assert.Equal(1, metrics[$"apiserver_request_total{{code=\"201\",component=\"apiserver\",dry_run=\"\",{Ranges},scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\"}}"]);
        Assert.Equal(1, metrics[$"apiserver_request_total{{code=\"409\",component=\"apiserver\",dry_run=\"All\",{Ranges},scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\"}}"]);
        Assert.Equal(1, metrics[$"apiserver_request_total{{code=\"201\",component=\"apiserver\",dry_run=\"\",{Ranges},scope=\"resource\",subresource=\"\",verb=\"APPLY\",version=\"v1\"}}"]);
        Assert.Equal(1, metrics[$"apiserver_request_duration_seconds_count{{component=\"apiserver\",dry_run=\"\",{Ranges},scope=\"cluster\",subresource=\"\",verb=\"LIST\",version=\"v1\"}}"]);
        Assert.Equal(1, metrics[$"apiserver_response_sizes_bucket{{component=\"apiserver\",{Ranges},scope=\"cluster\",subresource=\"\",verb=\"LIST\",version=\"v1\",le=\"1e+06\"}}"]);
        Assert.Equal(2, metrics["apiserver_resource_objects{group=\"\",resource=\"limitranges\"}"]);
        Assert.True(metrics["process_resident_memory_bytes"] > 1e6);
        Assert.DoesNotContain(metrics.Keys, name => name.Contains("made.up", StringComparison.Ordinal) || name.Contains("things", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_watch_is_running_until_it_ends_and_its_events_are_counted()
    {
        const string Running = "apiserver_longrunning_requests{group=\"\",resource=\"limitranges\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1\",component=\"apiserver\"}";
        using (HttpResponseMessage watch = await client.GetAsync(new Uri("/api/v1/limitranges?watch=true&resourceVersion=0", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead))
        {
            using StreamReader events = new(await watch.Content.ReadAsStreamAsync());
            await admin.MadeAsync("/api/v1/namespaces/default/limitranges", "{metadata: {name: c}, spec: {limits: [{type: Pod}]}}");
            Assert.Contains("\"name\":\"c\"", await events.ReadLineAsync(), StringComparison.Ordinal);
            Dictionary<string, double> open = await ReadAsync();
            Assert.Equal((1, 1), (open[Running], open["apiserver_watch_events_total{group=\"\",resource=\"limitranges\",version=\"v1\"}"]));
        }

        Dictionary<string, double> after = await ReadAsync();
        for (int attempt = 0; attempt < 100 && after[Running] > 0; attempt++)
        {
            await Task.Delay(50);
            after = await ReadAsync();
        }

        Assert.Equal(0, after[Running]);
        Assert.Equal(1, after["apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"limitranges\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1\"}"]);
    }

    [Fact]
    public async Task Status_and_flags_are_text_or_structured_and_tell_no_secrets()
    {
        Assert.Contains("kube-apiserver statusz\n", await TextAsync("/statusz", "text/plain"), StringComparison.Ordinal);
        Node status = JsonReader.Read(await TextAsync("/statusz", "application/json;v=v1beta1;g=config.k8s.io;as=Statusz"));
        Assert.Equal(("Statusz", "1.36"), (status["kind"]!.AsString(), status["binaryVersion"]!.AsString()));
        string flags = await TextAsync("/flagz", "*/*");
        Assert.Contains("\nauthorization-mode=[Node,RBAC]\n", flags, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", flags, StringComparison.Ordinal);
        using HttpResponseMessage refused = await GetAsync("/statusz", "application/json");
        Assert.Equal(406, (int)refused.StatusCode);
        using Rest nobody = Rest.Anonymous(host);
        Assert.Equal(403, (await nobody.GetAsync("/metrics")).Code);
    }

    [Theory]
    [InlineData("curl/8.5.0", "", true)]
    [InlineData("curl/8.5.0", "?pretty=false", false)]
    [InlineData("kubectl/v1.36", "", false)]
    [InlineData("kubectl/v1.36", "?pretty=true", true)]
    public async Task JSON_is_indented_for_those_who_read_it_themselves(string agent, string query, bool indented)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/v1/namespaces/default" + query);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(indented, (await answer.Content.ReadAsStringAsync()).StartsWith("{\n  \"kind\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Custom_resources_are_refused_in_the_words_of_apiextensions()
    {
        await admin.MadeAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "{metadata: {name: widgets.example.com}, spec: {group: example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}");
        const string Widgets = "/apis/example.com/v1/namespaces/default/widgets";
        string[] refusals =
        [
            (await admin.SendAsync(HttpMethod.Get, Widgets, null, null, ("Accept", "text/html"))).Message,
            (await admin.SendAsync(HttpMethod.Get, Widgets, null, null, ("Accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"))).Message,
            (await admin.GetAsync(Widgets + "?fieldSelector=spec.x=1")).Message,
            (await admin.GetAsync(Widgets + "?watch=1&resourceVersionMatch=Exact&resourceVersion=1")).Message,
            (await admin.DeleteAsync(Widgets + "?dryRun=Nope")).Message,
        ];
        Assert.Equal(
            [
                "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
                "you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)",
                "field label not supported: spec.x",
                "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]",
                "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Nope\"]: supported values: \"All\"",
            ],
            refusals);
    }

    private async Task<string> TextAsync(string path, string accept)
    {
        using HttpResponseMessage answer = await GetAsync(path, accept);
        Assert.True(answer.IsSuccessStatusCode, path);
        return await answer.Content.ReadAsStringAsync();
    }

    private Task<HttpResponseMessage> GetAsync(string path, string accept)
    {
        HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return client.SendAsync(request);
    }

    private async Task<Dictionary<string, double>> ReadAsync() => (await TextAsync("/metrics", "*/*")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
