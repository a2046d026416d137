using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Diagnostics;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Microsoft.AspNetCore.Http;

namespace Bowline.EmbeddedCluster.Tests.Admission;

public sealed class WebhookTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Rule = "[{operations: [\"*\"], apiGroups: [\"\"], apiVersions: [v1], resources: [configmaps]}]";
    private EmbeddedClusterHost host = null!;
    private WebhookServer server = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        server = await WebhookServer.StartAsync("hook.default.svc");
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await server.DisposeAsync();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_validating_webhook_is_shown_the_review_of_kube_apiserver_and_its_refusal_is_passed_on()
    {
        server.On("/v", _ => WebhookServer.Deny("no blue"));
        await Configure("Validating", "v.example.com", "/v");
        RestAnswer answer = await admin.PostAsync(Maps + "?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-}, data: {colour: blue}}");
        Assert.Equal(403, answer.Code);
        Assert.Equal("admission webhook \"v.example.com\" denied the request: no blue", answer.Message);
        Assert.Equal("Forbidden", answer.Body["reason"]!.AsString());

        (string _, MapNode review, string query) = server.Asked.Single();
        Assert.Equal("?timeout=10s", query);
        Node request = review["request"]!;
        Assert.Equal(["kind", "apiVersion", "request"], review.Keys);
        Assert.Equal(
            ["uid", "kind", "resource", "requestKind", "requestResource", "name", "namespace", "operation", "userInfo", "object", "oldObject", "dryRun", "options"],
            ((MapNode)request).Keys);
        Assert.Equal("{\"group\":\"\",\"version\":\"v1\",\"resource\":\"configmaps\"}", Text(request["resource"]));
        Assert.StartsWith("a-", request["name"]!.AsString(), StringComparison.Ordinal);
        Assert.NotNull(request.At("object", "metadata", "uid"));
        Assert.Equal("null", Text(request["oldObject"]));
        Assert.Equal("admin", request.At("userInfo", "username")!.AsString());
        Assert.Equal("{\"kind\":\"CreateOptions\",\"apiVersion\":\"meta.k8s.io/v1\",\"fieldManager\":\"me\",\"fieldValidation\":\"Warn\"}", Text(request["options"]));
    }

    [Fact]
    public async Task A_refusal_without_words_still_says_who_refused_and_never_looks_like_success()
    {
        server.On("/v", _ => new MapNode { ["allowed"] = false, ["status"] = new MapNode { ["code"] = 200 } });
        await Configure("Validating", "v.example.com", "/v");
        RestAnswer answer = await admin.PostAsync(Maps, "{metadata: {name: a}}");
        Assert.Equal((400, "admission webhook \"v.example.com\" denied the request without explanation"), (answer.Code, answer.Message));
    }

    [Fact]
    public async Task A_mutating_webhook_patches_objects_before_they_have_a_name_and_warnings_reach_the_client()
    {
        server.On("/m", request =>
        {
            MapNode answer = WebhookServer.Patch("[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"by\":\"hook\"}}]");
            answer["warnings"] = new ListNode(StringNode.Of("labels were added"));
            return request["operation"]!.AsString() == "CREATE" ? answer : WebhookServer.Allow();
        });
        await Configure("Mutating", "m.example.com", "/m");
        RestAnswer answer = await admin.PostAsync(Maps, "{metadata: {generateName: a-}}");
        Assert.Equal(201, answer.Code);
        Assert.Equal("hook", answer.Body.At("metadata", "labels", "by")!.AsString());
        Assert.Contains(answer.Warnings, warning => warning.Contains("labels were added", StringComparison.Ordinal));
        Node asked = server.Asked.First().Review["request"]!;
        Assert.Null(asked["name"]);
        Assert.Null(asked.At("object", "metadata", "uid"));
    }

    [Fact]
    public async Task Webhooks_run_by_configuration_name_and_one_that_allows_it_is_asked_again_after_a_later_change()
    {
        server.On("/first", _ => WebhookServer.Allow());
        server.On("/never", _ => WebhookServer.Allow());
        server.On("/second", request => request.At("object", "data", "x") is null ? WebhookServer.Patch("[{\"op\":\"add\",\"path\":\"/data\",\"value\":{\"x\":\"1\"}}]") : WebhookServer.Allow());
        await Configure("Mutating", "b.example.com", "/second", configuration: "b");
        await Configure("Mutating", "a.example.com", "/first", "reinvocationPolicy: IfNeeded", "a");
        await Configure("Mutating", "a0.example.com", "/never", configuration: "a0");
        await admin.MadeAsync(Maps, "{metadata: {name: a}}");
        Assert.Equal(["/first", "/never", "/second", "/first"], server.Asked.Select(asked => asked.Path));
    }

    [Theory]
    [InlineData("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}", false)]
    [InlineData("namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [default]}]}", true)]
    [InlineData("objectSelector: {matchLabels: {app: web}}", true)]
    [InlineData("objectSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}", false)]
    [InlineData("rules: [{operations: [UPDATE], apiGroups: [\"\"], apiVersions: [v1], resources: [configmaps]}]", false)]
    [InlineData("rules: [{operations: [CREATE], apiGroups: [\"*\"], apiVersions: [\"*\"], resources: [\"*\"], scope: Cluster}]", false)]
    [InlineData("rules: [{operations: [CREATE], apiGroups: [\"*\"], apiVersions: [\"*\"], resources: [\"*/*\"], scope: Namespaced}]", true)]
    [InlineData("rules: [{operations: [CREATE], apiGroups: [\"\"], apiVersions: [v1], resources: [\"configmaps/status\"]}]", false)]
    public async Task Selectors_and_rules_decide_who_is_asked(string extra, bool expected)
    {
        server.On("/v", _ => WebhookServer.Allow());
        await Configure("Validating", "v.example.com", "/v", extra);
        await admin.MadeAsync(Maps, "{metadata: {name: a, labels: {app: web}}}");
        Assert.Equal(expected ? 1 : 0, server.Asked.Count);
    }

    [Fact]
    public async Task An_equivalent_version_is_converted_for_the_webhook_and_a_patch_converted_back()
    {
        server.On("/m", request => WebhookServer.Patch($"[{{\"op\":\"replace\",\"path\":\"/spec/maxReplicas\",\"value\":7}}]"));
        await Configure("Mutating", "m.example.com", "/m", "rules: [{operations: [CREATE], apiGroups: [autoscaling], apiVersions: [v2], resources: [horizontalpodautoscalers]}]");
        RestAnswer answer = await admin.PostAsync(
            "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
            "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: {kind: Deployment, name: d, apiVersion: apps/v1}}}");
        Assert.True(answer.Code == 201, answer.Message);
        Assert.Equal((7, 50), (answer.Body.At("spec", "maxReplicas")!.AsInteger(), answer.Body.At("spec", "targetCPUUtilizationPercentage")!.AsInteger()));
        Node request = server.Asked.Single().Review["request"]!;
        Assert.Equal(("v2", "v1"), (request.At("kind", "version")!.AsString(), request.At("requestKind", "version")!.AsString()));
        Assert.NotNull(request.At("object", "spec", "metrics"));
    }

    [Fact]
    public async Task Updates_deletions_scales_and_bindings_are_reviewed_as_what_they_are()
    {
        server.On("/v", _ => WebhookServer.Allow());
        await admin.MadeAsync(Maps, "{metadata: {name: a}, data: {n: \"1\"}}");
        await admin.MadeAsync("/apis/apps/v1/namespaces/default/deployments", "{metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
        await Configure("Validating", "v.example.com", "/v", "rules: [{operations: [\"*\"], apiGroups: [\"*\"], apiVersions: [\"*\"], resources: [\"*/*\"]}]");
        await admin.MergeAsync(Maps + "/a", "{\"data\":{\"n\":\"2\"}}");
        await admin.MergeAsync("/apis/apps/v1/namespaces/default/deployments/d/scale", "{\"spec\":{\"replicas\":4}}");
        await admin.DeleteAsync(Maps + "/a");
        string[] seen = [.. server.Asked.Select(asked => $"{asked.Review.At("request", "operation")} {asked.Review.At("request", "kind", "kind")} {asked.Review.At("request", "subResource")} {asked.Review.At("request", "object") is MapNode} {asked.Review.At("request", "oldObject") is MapNode}")];
        Assert.Equal(["UPDATE ConfigMap  True True", "UPDATE Scale scale True True", "DELETE ConfigMap  False True"], seen);
        Assert.Equal("4", server.Asked.ElementAt(1).Review.At("request", "object", "spec", "replicas")!.ToString());
        Assert.Equal("DeleteOptions", server.Asked.Last().Review.At("request", "options", "kind")!.AsString());
    }

    [Fact]
    public async Task Connections_to_pods_are_reviewed_as_the_options_they_are_made_with_and_can_be_refused()
    {
        server.On("/v", request => request["subResource"]!.AsString() == "attach" ? WebhookServer.Deny("nobody attaches") : WebhookServer.Allow());
        await admin.MadeAsync("/api/v1/namespaces/default/serviceaccounts", "{metadata: {name: default}}");
        await admin.MadeAsync("/api/v1/namespaces/default/pods", "{metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}");
        await Configure("Validating", "v.example.com", "/v", "rules: [{operations: [CONNECT], apiGroups: [\"\"], apiVersions: [v1], resources: [pods/exec, pods/attach, pods/portforward]}]");
        RestAnswer exec = await admin.PostAsync("/api/v1/namespaces/default/pods/p/exec?command=sh&command=-c&command=ls&container=c&stdin=true&tty=false", string.Empty);
        RestAnswer attach = await admin.PostAsync("/api/v1/namespaces/default/pods/p/attach?stdout=1", string.Empty);
        await admin.GetAsync("/api/v1/namespaces/default/pods/p/portforward?ports=80,443");
        Assert.Equal((400, "pod p does not have a host assigned"), (exec.Code, exec.Message));
        Assert.Equal((403, "admission webhook \"v.example.com\" denied the request: nobody attaches"), (attach.Code, attach.Message));
        string[] seen = [.. server.Asked.Select(asked => asked.Review["request"]!).Select(request => $"{request["operation"]} {request["resource"]!["resource"]}/{request["subResource"]} {request["name"]} {request["kind"]!["kind"]} {Text(request["object"])} {Text(request["oldObject"])} {Text(request["options"])}")];
        Assert.Equal(
            [
                "CONNECT pods/exec p PodExecOptions {\"kind\":\"PodExecOptions\",\"apiVersion\":\"v1\",\"stdin\":true,\"container\":\"c\",\"command\":[\"sh\",\"-c\",\"ls\"]} null null",
                "CONNECT pods/attach p PodAttachOptions {\"kind\":\"PodAttachOptions\",\"apiVersion\":\"v1\",\"stdout\":true} null null",
                "CONNECT pods/portforward p PodPortForwardOptions {\"kind\":\"PodPortForwardOptions\",\"apiVersion\":\"v1\",\"ports\":[80,443]} null null",
            ],
            seen);
    }

    [Fact]
    public async Task Each_object_of_a_collection_that_is_deleted_is_reviewed_and_one_refusal_stops_it()
    {
        server.On("/v", request => request.At("oldObject", "metadata", "name")!.AsString() == "c" ? WebhookServer.Deny("c stays") : WebhookServer.Allow());
        foreach (string name in (string[])["a", "b", "c"])
        {
            await admin.MadeAsync(Maps, $"{{metadata: {{name: {name}, labels: {{app: web}}}}}}");
        }

        await Configure("Validating", "v.example.com", "/v");
        RestAnswer answer = await admin.DeleteAsync(Maps + "?labelSelector=app%3Dweb");
        Assert.Equal((403, "admission webhook \"v.example.com\" denied the request: c stays"), (answer.Code, answer.Message));
        Assert.Equal(["a", "b", "c"], server.Asked.Select(asked => asked.Review.At("request", "oldObject", "metadata", "name")!.AsString()!));
        Assert.All(server.Asked, asked => Assert.Equal((null, "DELETE", "DeleteOptions"), (asked.Review.At("request", "name")?.AsString(), asked.Review.At("request", "operation")!.AsString(), asked.Review.At("request", "options", "kind")!.AsString())));
        Assert.Equal(404, (await admin.GetAsync(Maps + "/a")).Code);
        Assert.Equal(200, (await admin.GetAsync(Maps + "/c")).Code);
    }

    [Fact]
    public async Task A_hanging_webhook_costs_its_timeout_and_then_its_failure_policy_decides()
    {
        server.OnRaw("/hang", async (_, context) => await Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await Configure("Validating", "v.example.com", "/hang", "timeoutSeconds: 1");
        Stopwatch watch = Stopwatch.StartNew();
        RestAnswer closed = await admin.PostAsync(Maps, "{metadata: {name: a}}");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 8);
        Assert.Equal(500, closed.Code);
        Assert.Equal($"Internal error occurred: failed calling webhook \"v.example.com\": failed to call webhook: Post \"{server.Url("/hang")}?timeout=1s\": context deadline exceeded", closed.Message);
        Assert.Equal("InternalError", closed.Body["reason"]!.AsString());
        await admin.MergeAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hooks", "{\"webhooks\":null}");
        await admin.DeleteAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hooks");
        await Configure("Validating", "v.example.com", "/hang", "timeoutSeconds: 1\n  failurePolicy: Ignore", "open");
        await admin.MadeAsync(Maps, "{metadata: {name: a}}");
    }

    [Theory]
    [InlineData("Mutating", "CREATE")]
    [InlineData("Validating", "UPDATE")]
    [InlineData("Validating", "DELETE")]
    public async Task A_write_is_given_up_with_the_client_that_wanted_it(string kind, string operation)
    {
        await admin.MadeAsync(Maps, "{metadata: {name: there}, data: {a: b}}");
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.OnRaw("/hang", async (_, context) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => left.SetResult(), TaskScheduler.Default);
        });
        await Configure(kind, "v.example.com", "/hang", "timeoutSeconds: 30\n  failurePolicy: Ignore\n  matchConditions: [{name: a, expression: \"request.operation == '" + operation + "'\"}]");
        using HttpClient client = HostClients.Admin(host);
        using CancellationTokenSource leaving = new();
        using StringContent created = new("{\"metadata\":{\"name\":\"new\"}}", System.Text.Encoding.UTF8, "application/json");
        using StringContent merged = new("{\"data\":{\"a\":\"c\"}}", System.Text.Encoding.UTF8, "application/merge-patch+json");
        Task<HttpResponseMessage> writing = operation switch
        {
            "CREATE" => client.PostAsync(Maps, created, leaving.Token),
            "UPDATE" => client.PatchAsync(Maps + "/there", merged, leaving.Token),
            _ => client.DeleteAsync(Maps + "/there", leaving.Token),
        };
        await asked.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await left.Task;
        Assert.Equal(404, (await admin.GetAsync(Maps + "/new")).Code);
        Assert.Equal("b", (await admin.GetAsync(Maps + "/there")).Body.At("data", "a")!.AsString());
    }

    [Fact]
    public async Task What_is_no_proper_answer_is_a_failed_call()
    {
        server.On("/uid", _ => new MapNode { ["allowed"] = true, ["uid"] = "other" });
        server.OnRaw("/kind", (review, context) => WebhookServer.WriteAsync(context, new MapNode { ["kind"] = "Pod", ["apiVersion"] = "v1", ["response"] = new MapNode { ["uid"] = review.At("request", "uid")!, ["allowed"] = true } }));
        server.OnRaw("/bomb", async (_, context) =>
        {
            context.Response.ContentType = "application/json";
            byte[] block = new byte[1 << 20];
            Array.Fill(block, (byte)'[');
            for (int i = 0; i < 16 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(block);
            }
        });
        server.OnRaw("/deep", async (_, context) => await context.Response.WriteAsync(new string('[', 100_000)));
        server.OnRaw("/redirect", (_, context) =>
        {
            context.Response.Redirect(server.Url("/elsewhere"));
            return Task.CompletedTask;
        });
        foreach ((string path, string expected) in new[]
        {
            ("/uid", "received invalid webhook response: expected response.uid="),
            ("/kind", "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v1, Kind=Pod"),
            ("/bomb", "larger than"),
            ("/deep", "json parse error"),
            ("/redirect", "status code 302"),
            ("/missing", "failed to call webhook: the server could not find the requested resource"),
        })
        {
            string name = path.Trim('/');
            await Configure("Validating", "v.example.com", path, configuration: name);
            RestAnswer answer = await admin.PostAsync(Maps, "{metadata: {name: a}}");
            Assert.True(answer.Code == 500 && answer.Message.Contains(expected, StringComparison.Ordinal), $"{path}: {answer.Code} {answer.Message}");
            await admin.DeleteAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + name);
        }

        Assert.DoesNotContain(server.Asked, asked => asked.Path == "/elsewhere");
    }

    [Fact]
    public async Task A_server_that_the_bundle_does_not_vouch_for_is_not_spoken_to()
    {
        await using WebhookServer other = await WebhookServer.StartAsync();
        other.On("/v", _ => WebhookServer.Allow());
        await admin.MadeAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", Configuration("Validating", "v.example.com", other.Url("/v"), string.Empty, "hooks"));
        RestAnswer answer = await admin.PostAsync(Maps, "{metadata: {name: a}}");
        Assert.Contains("tls: failed to verify certificate", answer.Message, StringComparison.Ordinal);
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task A_dry_run_asks_only_webhooks_without_side_effects()
    {
        server.On("/v", _ => WebhookServer.Allow());
        await Configure("Validating", "v.example.com", "/v", "sideEffects: NoneOnDryRun");
        Assert.Equal(201, (await admin.PostAsync(Maps + "?dryRun=All", "{metadata: {name: a}}")).Code);
        Assert.True(server.Asked.Single().Review.At("request", "dryRun")!.AsBool());
    }

    [Fact]
    public async Task A_patch_is_decoded_like_a_body_and_cannot_touch_what_is_the_servers()
    {
        server.On("/m", _ => WebhookServer.Patch("[{\"op\":\"add\",\"path\":\"/status\",\"value\":{\"phase\":\"Terminating\"}},{\"op\":\"add\",\"path\":\"/metadata/uid\",\"value\":\"mine\"},{\"op\":\"add\",\"path\":\"/nonsense\",\"value\":1}]"));
        await Configure("Mutating", "m.example.com", "/m", "rules: [{operations: [CREATE], apiGroups: [\"\"], apiVersions: [v1], resources: [namespaces]}]");
        MapNode made = await admin.MadeAsync("/api/v1/namespaces", "{metadata: {name: ns}}");
        Assert.Equal("Active", made.At("status", "phase")!.AsString());
        Assert.NotEqual("mine", made.At("metadata", "uid")!.AsString());
        Assert.Null(made["nonsense"]);
    }

    [Fact]
    public async Task A_service_stands_for_the_addresses_of_its_endpoint_slices()
    {
        await MadeServiceHookAsync(8443);
        RestAnswer missing = await admin.PostAsync(Maps, "{metadata: {name: a}}");
        Assert.Contains("Post \"https://hook.default.svc:8443/v?timeout=10s\": service \"hook\" not found", missing.Message, StringComparison.Ordinal);
        await admin.MadeAsync("/api/v1/namespaces/default/services", "{metadata: {name: hook}, spec: {ports: [{name: https, port: 8443}]}}");
        Assert.Contains("no endpoints available for service \"hook\"", (await admin.PostAsync(Maps, "{metadata: {name: a}}")).Message, StringComparison.Ordinal);
        string address = OwnAddress();
        await admin.MadeAsync(
            "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
            $"{{metadata: {{name: hook-1, labels: {{kubernetes.io/service-name: hook}}}}, addressType: IPv4, endpoints: [{{addresses: [{address}]}}], ports: [{{name: https, port: {server.Port}}}]}}");
        Assert.Contains($"dial tcp {address}:{server.Port}: connect: ", (await admin.PostAsync(Maps, "{metadata: {name: a}}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_of_type_ExternalName_leads_to_the_laptop()
    {
        server.On("/v", _ => WebhookServer.Deny("by service"));
        await MadeServiceHookAsync(server.Port);
        await admin.MadeAsync("/api/v1/namespaces/default/services", "{metadata: {name: hook}, spec: {type: ExternalName, externalName: localhost}}");
        Assert.Equal("admission webhook \"v.example.com\" denied the request: by service", (await admin.PostAsync(Maps, "{metadata: {name: a}}")).Message);
    }

    /// <summary>An address of this machine that the webhook server, on loopback, does not answer; endpoint slices take no loopback address.</summary>
    private static string OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(one => one.OperationalStatus == OperationalStatus.Up)
        .SelectMany(one => one.GetIPProperties().UnicastAddresses)
        .Select(one => one.Address)
        .FirstOrDefault(one => one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one))?.ToString() ?? "192.0.2.1";

    private Task MadeServiceHookAsync(int port) => admin.MadeAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", $$"""
        metadata: {name: s}
        webhooks:
        - name: v.example.com
          admissionReviewVersions: [v1]
          sideEffects: None
          clientConfig: {service: {name: hook, namespace: default, path: /v, port: {{port}}}, caBundle: "{{server.CaBundle}}"}
          rules: {{Rule}}
        """);

    [Fact]
    public async Task Simulated_pods_cannot_answer_so_their_webhooks_are_passed_over_with_a_warning()
    {
        await admin.MadeAsync("/api/v1/nodes", "{metadata: {name: node-1, labels: {bowline.dev/simulated: \"true\"}}}");
        await admin.MadeAsync("/api/v1/namespaces/default/services", "{metadata: {name: hook}, spec: {ports: [{port: 443}]}}");
        await admin.MadeAsync(
            "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
            "{metadata: {name: hook-1, labels: {kubernetes.io/service-name: hook}}, addressType: IPv4, endpoints: [{addresses: [10.244.0.9], nodeName: node-1}], ports: [{name: \"\", port: 9443}]}");
        await admin.MadeAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", $"""
            metadata: {"{name: s}"}
            webhooks:
            - name: v.example.com
              admissionReviewVersions: [v1]
              sideEffects: None
              clientConfig: {"{service: {name: hook, namespace: default}}"}
              rules: {Rule}
            """);
        RestAnswer answer = await admin.PostAsync(Maps, "{metadata: {name: a}}");
        Assert.Equal(201, answer.Code);
        Assert.Contains(answer.Warnings, warning => warning.Contains("the pods of service default/hook are simulated", StringComparison.Ordinal));
    }

    private static string Text(Node? node) => Resources.Json.JsonWriter.ToText(node!);

    private async Task Configure(string kind, string name, string path, string extra = "", string configuration = "hooks") =>
        await admin.MadeAsync($"/apis/admissionregistration.k8s.io/v1/{kind.ToLowerInvariant()}webhookconfigurations", Configuration(kind, name, server.Url(path), extra, configuration));

    private string Configuration(string kind, string name, string url, string extra, string configuration) => $"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: {kind}WebhookConfiguration
        metadata: {"{name: " + configuration + "}"}
        webhooks:
        - name: {name}
          admissionReviewVersions: [v1]
          {(extra.Contains("sideEffects", StringComparison.Ordinal) ? string.Empty : "sideEffects: None")}
          clientConfig: {"{url: \"" + url + "\", caBundle: \"" + server.CaBundle + "\"}"}
          {(extra.Contains("rules", StringComparison.Ordinal) ? string.Empty : "rules: " + Rule)}
          {extra}
        """;
}
