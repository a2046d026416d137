using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>What subresources refuse to change, with the causes kube-apiserver gives.</summary>
public sealed class SubresourceRuleTests : AdminTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Jobs = "/apis/batch/v1/namespaces/default/jobs";
    private const string Sized = """
        {metadata: {name: p}, spec: {initContainers: [{name: i, image: x, resources: {requests: {cpu: 10m}}}],
          containers: [{name: a, image: x, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}}, {name: b, image: x}]}}
        """;

    [Theory]
    [InlineData("""[{"op": "replace", "path": "/spec/containers/0/resources/requests/cpu", "value": "150m"}]""", "")]
    [InlineData("""[{"op": "replace", "path": "/spec/containers/0/resources/limits/memory", "value": "32Mi"}, {"op": "replace", "path": "/spec/containers/0/resources/requests/memory", "value": "32Mi"}]""", "")]
    [InlineData("""[{"op": "replace", "path": "/spec/initContainers/0/resources/requests/cpu", "value": "20m"}]""", "")]
    [InlineData("""[{"op": "add", "path": "/spec/containers/0/resizePolicy", "value": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]""", "spec: Forbidden: only cpu and memory resources are mutable")]
    [InlineData("""[{"op": "replace", "path": "/spec/containers/0/image", "value": "y"}]""", "")]
    [InlineData("""[{"op": "remove", "path": "/spec/initContainers/0/resources/requests/cpu"}]""", "spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed")]
    [InlineData("""[{"op": "remove", "path": "/spec/containers/0/resources/limits/cpu"}]""", "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed")]
    [InlineData("""[{"op": "add", "path": "/spec/containers/0/resources/limits/ephemeral-storage", "value": "1Gi"}]""", "spec: Forbidden: only cpu and memory resources are mutable")]
    [InlineData("""[{"op": "replace", "path": "/spec/containers/0/name", "value": "c"}]""", "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize")]
    [InlineData("""[{"op": "remove", "path": "/spec/containers/1"}]""", "spec.containers: Forbidden: containers may not be added or removed on resize")]
    [InlineData("""[{"op": "replace", "path": "/spec/containers/0/resources/requests/cpu", "value": "300m"}]""", "spec.containers[0].resources.requests: Invalid value: \"300m\": must be less than or equal to cpu limit of 200m")]
    [InlineData("""[{"op": "add", "path": "/spec/initContainers/0/resizePolicy", "value": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]""", "spec.initContainers[0]: Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized\nspec.initContainers[0]: Forbidden: only cpu and memory resources for init or sidecar containers are mutable")]
    public async Task A_pod_is_resized_in_its_cpu_and_memory_alone(string patch, string expected)
    {
        await Admin.MadeAsync(Pods, Sized);
        Assert.Equal(expected, Causes(await Admin.SendAsync(HttpMethod.Patch, $"{Pods}/p/resize?dryRun=All", patch, "application/json-patch+json")));
    }

    [Fact]
    public async Task A_resize_keeps_the_class_of_service_and_leaves_everything_else_alone()
    {
        await Admin.MadeAsync(Pods, "{metadata: {name: g, labels: {a: b}}, spec: {containers: [{name: a, image: x, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}}]}}");
        RestAnswer refused = await Admin.SendAsync(HttpMethod.Patch, $"{Pods}/g/resize", """{"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "200m"}}}]}}""", "application/strategic-merge-patch+json");
        Assert.Equal("spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing", Causes(refused));
        RestAnswer done = await Admin.SendAsync(HttpMethod.Patch, $"{Pods}/g/resize", """{"metadata": {"labels": {"a": "c"}}, "spec": {"containers": [{"name": "a", "image": "y", "resources": {"requests": {"cpu": "150m"}}}]}}""", "application/strategic-merge-patch+json");
        Assert.Equal(200, done.Code);
        Assert.Equal(("x", "150m", "b", 2L), (done.Body.At("spec", "containers")!.AsList()![0]["image"]!.AsString(), done.Body.At("spec", "containers")!.AsList()![0].At("resources", "requests", "cpu")!.AsString(), done.Body.At("metadata", "labels", "a")!.AsString(), done.Body.At("metadata", "generation")!.AsInteger()));
    }

    [Fact]
    public async Task Static_pods_are_neither_resized_nor_looked_into()
    {
        await Admin.MadeAsync(Pods, "{metadata: {name: s, annotations: {kubernetes.io/config.mirror: x}}, spec: {nodeName: node, containers: [{name: a, image: x, resources: {requests: {cpu: 1}}}]}}");
        await Admin.MadeAsync("/api/v1/nodes", "{metadata: {name: node}}");
        RestAnswer resized = await Admin.SendAsync(HttpMethod.Patch, $"{Pods}/s/resize", """{"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "2"}}}]}}""", "application/strategic-merge-patch+json");
        RestAnswer looked = await Admin.SendAsync(HttpMethod.Patch, $"{Pods}/s/ephemeralcontainers", """{"spec": {"ephemeralContainers": [{"name": "e", "image": "x"}]}}""", "application/strategic-merge-patch+json");
        RestAnswer unmarked = await Admin.MergeAsync($"{Pods}/s", """{"metadata": {"annotations": {"kubernetes.io/config.mirror": null}}}""");
        Assert.Equal(": Forbidden: static pods cannot be resized", Causes(resized));
        Assert.Equal(": Forbidden: static pods do not support ephemeral containers", Causes(looked));
        Assert.Equal("metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation", Causes(unmarked));
    }

    [Theory]
    [InlineData("Never", 0, "Forbidden")]
    [InlineData("Never", 1, "Forbidden")]
    [InlineData("OnFailure", 0, "Forbidden")]
    [InlineData("OnFailure", 1, "")]
    [InlineData("Always", 0, "")]
    public async Task A_container_that_is_over_for_good_stays_over(string policy, int exit, string expected)
    {
        await Admin.MadeAsync(Pods, $"{{metadata: {{name: p}}, spec: {{restartPolicy: {policy}, containers: [{{name: a, image: x}}]}}}}");
        Assert.Equal(200, (await Admin.MergeAsync($"{Pods}/p/status", $"{{\"status\": {{\"containerStatuses\": [{{\"name\": \"a\", \"image\": \"x\", \"imageID\": \"\", \"ready\": false, \"restartCount\": 0, \"state\": {{\"terminated\": {{\"exitCode\": {exit}}}}}}}]}}}}")).Code);
        RestAnswer answer = await Admin.MergeAsync($"{Pods}/p/status", """{"status": {"containerStatuses": [{"name": "a", "image": "x", "imageID": "", "ready": true, "restartCount": 1, "state": {"running": {}}}]}}""");
        Assert.Equal(expected.Length == 0 ? "" : "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state", Causes(answer));
    }

    [Theory]
    [InlineData("""{"qosClass": "Guaranteed"}""", "status.qosClass: Invalid value: \"Guaranteed\": field is immutable")]
    [InlineData("""{"nominatedNodeName": "Bad_"}""", "status.nominatedNodeName: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [InlineData("""{"podIPs": [{"ip": "1.2.3.4"}, {"ip": "1.2.3.5"}], "podIP": "1.2.3.4"}""", "status.podIPs: Invalid value: [{\"IP\":\"1.2.3.4\"},{\"IP\":\"1.2.3.5\"}]: may specify no more than one IP for each IP family")]
    [InlineData("""{"podIPs": [{"ip": "x"}], "podIP": "x"}""", "status.podIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("""{"resourceClaimStatuses": [{"name": "c"}]}""", "status.resourceClaimStatuses[0].name: Invalid value: \"c\": must match the name of an entry in `spec.resourceClaims`")]
    [InlineData("""{"conditions": [{"type": "a b", "status": "True"}]}""", "metadata.conditions[0].Type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")]
    public async Task The_status_of_a_pod_is_checked(string status, string expected)
    {
        await Admin.MadeAsync(Pods, "{metadata: {name: p}, spec: {containers: [{name: a, image: x}]}}");
        Assert.Equal(expected, Causes(await Admin.MergeAsync($"{Pods}/p/status", $"{{\"status\": {status}}}")));
    }

    [Fact]
    public async Task A_status_that_leaves_out_the_class_of_service_or_a_generation_keeps_it()
    {
        await Admin.MadeAsync(Pods, "{metadata: {name: p}, spec: {containers: [{name: a, image: x}]}}");
        await Admin.MergeAsync($"{Pods}/p/status", """{"status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "False", "observedGeneration": 1}]}}""");
        RestAnswer answer = await Admin.PutAsync($"{Pods}/p/status", "{metadata: {name: p}, spec: {containers: [{name: a, image: x}]}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}");
        Assert.Equal(("BestEffort", 1L, 1L), (answer.Body.At("status", "qosClass")!.AsString(), answer.Body.At("status", "observedGeneration")!.AsInteger(), answer.Body.At("status", "conditions")!.AsList()![0]["observedGeneration"]!.AsInteger()));
    }

    [Theory]
    [InlineData("""{"active": -1}""", "status.active: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("""{"ready": 1}""", "status.ready: Invalid value: 1: cannot set more ready pods than active")]
    [InlineData("""{"failed": 1}""", "status.failed: Invalid value: 1: cannot decrease the failed counter")]
    [InlineData("""{"startTime": "2026-01-02T00:00:00Z"}""", "status.startTime: Required value: startTime cannot be removed for unsuspended job")]
    [InlineData("""{"completionTime": "2026-01-01T00:00:00Z"}""", "status.completionTime: Invalid value: \"2026-01-01T00:00:00Z\": cannot set completionTime when there is no Complete=True condition")]
    [InlineData("""{"completedIndexes": "0"}""", "status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes when non-indexed completion mode")]
    [InlineData("""{"failedIndexes": "0"}""", "status.failedIndexes: Invalid value: \"0\": cannot set non-null failedIndexes when backoffLimitPerIndex is null")]
    [InlineData("""{"uncountedTerminatedPods": {"succeeded": ["u"], "failed": ["u", ""]}}""", "status.uncountedTerminatedPods.failed[0]: Duplicate value: \"u\"\nstatus.uncountedTerminatedPods.failed[1]: Invalid value: \"\": must not be empty")]
    [InlineData("""{"conditions": [{"type": "Failed", "status": "True"}]}""", "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition")]
    [InlineData("""{"conditions": [{"type": "Complete", "status": "True"}], "completionTime": "2025-01-01T00:00:00Z"}""", "status.completionTime: Invalid value: \"2025-01-01T00:00:00Z\": completionTime cannot be set before startTime\nstatus.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition")]
    [InlineData("""{"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}], "active": 1, "terminating": 1}""", "status.active: Invalid value: 1: active>0 is invalid for finished job\nstatus.terminating: Invalid value: 1: terminating>0 is invalid for finished job")]
    [InlineData("""{"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]}""", "")]
    public async Task The_status_of_a_job_is_checked(string status, string expected)
    {
        await Admin.MadeAsync(Jobs, "{metadata: {name: j}, spec: {completions: 3, template: {spec: {restartPolicy: Never, containers: [{name: a, image: x}]}}}}");
        Assert.Equal("", Causes(await Admin.MergeAsync($"{Jobs}/j/status", """{"status": {"startTime": "2026-01-01T00:00:00Z", "failed": 2}}""")));
        Assert.Equal(expected, Causes(await Admin.MergeAsync($"{Jobs}/j/status", $"{{\"status\": {status}}}")));
    }

    [Fact]
    public async Task What_was_told_of_a_job_is_not_taken_back()
    {
        await Admin.MadeAsync(Jobs, "{metadata: {name: j}, spec: {completions: 3, completionMode: Indexed, backoffLimitPerIndex: 1, template: {spec: {restartPolicy: Never, containers: [{name: a, image: x}]}}}}");
        Assert.Equal("status.completedIndexes: Invalid value: \"3\": error parsing completedIndexes: too large index: \"3\"", Causes(await Admin.MergeAsync($"{Jobs}/j/status", """{"status": {"completedIndexes": "3"}}""")));
        Assert.Equal("status.failedIndexes: Invalid value: \"1-2\": failedIndexes and completedIndexes overlap at index: 1", Causes(await Admin.MergeAsync($"{Jobs}/j/status", """{"status": {"completedIndexes": "0,1", "failedIndexes": "1-2"}}""")));
        Assert.Equal("", Causes(await Admin.MergeAsync($"{Jobs}/j/status", """{"status": {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:00Z", "succeeded": 3, "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]}}""")));
        Assert.Equal(
            "status.completionTime: Invalid value: \"2026-01-01T00:02:00Z\": cannot set completionTime when there is no Complete=True condition\nstatus.completionTime: Invalid value: \"2026-01-01T00:02:00Z\": completionTime cannot be mutated\nstatus.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition\nstatus.conditions: Invalid value: cannot disable the terminal Complete=True condition\nstatus.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
            Causes(await Admin.MergeAsync($"{Jobs}/j/status", """{"status": {"conditions": [], "succeeded": 1, "completionTime": "2026-01-01T00:02:00Z"}}""")));
    }

    [Fact]
    public async Task The_status_of_a_quota_names_amounts_that_are_counted()
    {
        await Admin.MadeAsync("/api/v1/namespaces/default/resourcequotas", "{metadata: {name: q}, spec: {hard: {pods: 1}}}");
        RestAnswer answer = await Admin.MergeAsync("/api/v1/namespaces/default/resourcequotas/q/status", """{"status": {"hard": {"pods": "-1"}, "used": {"cows": "1", "pods": "1500m"}}}""");
        Assert.Equal(
            "status.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0\nstatus.used[cows]: Invalid value: \"cows\": must be a standard resource for quota\nstatus.used[cows]: Invalid value: \"cows\": must be a standard resource type or fully qualified\nstatus.used[pods]: Invalid value: \"1500m\": must be an integer",
            Causes(answer));
    }

    [Theory]
    [InlineData("/api/v1/nodes/none/proxy/healthz", 404, "nodes \"none\" not found")]
    [InlineData("/api/v1/namespaces/default/services/https:none:443/proxy/a/b", 404, "services \"none\" not found")]
    [InlineData("/api/v1/namespaces/default/services/kubernetes/proxy/version", 503, "no endpoints available for service \"kubernetes\"")]
    [InlineData("/api/v1/namespaces/default/services/a:b:c:d/proxy/", 400, "invalid service request \"a:b:c:d\"")]
    public async Task Paths_behind_a_proxy_belong_to_the_object_that_they_name(string path, int code, string message)
    {
        RestAnswer answer = await Admin.GetAsync(path);
        Assert.Equal((code, message), (answer.Code, answer.Message));
    }

    private static string Causes(RestAnswer answer) => answer.Code switch
    {
        200 => string.Empty,
        422 => string.Join('\n', (answer.Body.At("details", "causes")?.AsList() ?? []).Select(one => $"{one["field"]?.AsString()}: {one["message"]?.AsString()}").Order(StringComparer.Ordinal)),
        _ => $"{answer.Code} {answer.Message}",
    };
}
