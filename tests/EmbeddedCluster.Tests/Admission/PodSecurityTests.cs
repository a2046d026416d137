
namespace Bowline.EmbeddedCluster.Tests.Admission;

public sealed class PodSecurityTests : AdminTests
{
    [Theory]
    [InlineData("containers: [{name: c, image: i}]", null)]
    [InlineData("hostNetwork: true, hostPID: true, containers: [{name: c, image: i}]", "host namespaces (hostNetwork=true, hostPID=true)")]
    [InlineData("containers: [{name: a, image: i, securityContext: {privileged: true}}, {name: b, image: i, securityContext: {privileged: true}}]", "privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)")]
    [InlineData("volumes: [{name: v, hostPath: {path: /}}], containers: [{name: c, image: i}]", "hostPath volumes (volume \"v\")")]
    [InlineData("containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 443}]}]", "hostPort (container \"c\" uses hostPorts 443, 80)")]
    [InlineData("containers: [{name: c, image: i, securityContext: {capabilities: {add: [NET_ADMIN, CHOWN]}}}]", "non-default capabilities (container \"c\" must not include \"NET_ADMIN\" in securityContext.capabilities.add)")]
    [InlineData("securityContext: {sysctls: [{name: kernel.msgmax, value: \"1\"}, {name: net.ipv4.tcp_rmem, value: \"1\"}]}, containers: [{name: c, image: i}]", "forbidden sysctls (kernel.msgmax)")]
    [InlineData("securityContext: {seLinuxOptions: {type: spc_t, user: u}}, containers: [{name: c, image: i}]", "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type \"spc_t\"; user may not be set)")]
    [InlineData("securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: c, image: i}]", "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")")]
    [InlineData("containers: [{name: c, image: i, livenessProbe: {httpGet: {host: example.com, port: 80}}}]", "probe or lifecycle host (container \"c\" uses probe or lifecycle host \"example.com\")")]
    public async Task Baseline_forbids_the_known_ways_out(string spec, string? violation)
    {
        await LabelAsync("{\"pod-security.kubernetes.io/enforce\":\"baseline\"}");
        RestAnswer answer = await Admin.PostAsync("/api/v1/namespaces/default/pods", $"{{metadata: {{name: p}}, spec: {{{spec}}}}}");
        Assert.Equal(violation is null ? string.Empty : $"pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": {violation}", answer.Message);
        Assert.Equal(violation is null ? 201 : 403, answer.Code);
    }

    [Fact]
    public async Task Restricted_names_everything_that_is_missing_in_one_message()
    {
        await LabelAsync("{\"pod-security.kubernetes.io/enforce\":\"restricted\",\"pod-security.kubernetes.io/enforce-version\":\"v1.30\"}");
        RestAnswer answer = await Admin.PostAsync("/api/v1/namespaces/default/pods", "{metadata: {generateName: web-}, spec: {volumes: [{name: v, hostPath: {path: /}}], containers: [{name: c, image: i, securityContext: {runAsUser: 0}}]}}");
        Assert.EndsWith(
            " is forbidden: violates PodSecurity \"restricted:v1.30\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), restricted volume types (volume \"v\" uses restricted volume type \"hostPath\"), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), runAsUser=0 (container \"c\" must not set runAsUser=0), seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")",
            answer.Message,
            StringComparison.Ordinal);
        RestAnswer good = await Admin.PostAsync("/api/v1/namespaces/default/pods", "{metadata: {name: good}, spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}]}}");
        Assert.Equal((201, string.Empty), (good.Code, good.Message));
    }

    [Fact]
    public async Task Templates_are_warned_about_and_stored()
    {
        await LabelAsync("{\"pod-security.kubernetes.io/enforce\":\"privileged\",\"pod-security.kubernetes.io/warn\":\"baseline\"}");
        RestAnswer answer = await Admin.PostAsync("/apis/apps/v1/namespaces/default/deployments", "{metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostIPC: true, containers: [{name: c, image: i}]}}}}");
        Assert.Equal(201, answer.Code);
        Assert.Contains(answer.Warnings, warning => warning == "299 - \"would violate PodSecurity \\\"baseline:latest\\\": host namespaces (hostIPC=true)\"");
    }

    [Fact]
    public async Task A_label_that_means_nothing_is_refused_and_a_stricter_level_tells_which_pods_it_would_refuse()
    {
        foreach (string name in (string[])["b", "a"])
        {
            await Admin.MadeAsync("/api/v1/namespaces/default/pods", $"{{metadata: {{name: {name}}}, spec: {{hostNetwork: true, containers: [{{name: c, image: i}}]}}}}");
        }

        RestAnswer wrong = await Admin.MergeAsync("/api/v1/namespaces/default", "{\"metadata\":{\"labels\":{\"pod-security.kubernetes.io/enforce\":\"strict\",\"pod-security.kubernetes.io/warn-version\":\"1.2\"}}}");
        Assert.Equal("Namespace \"default\" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: \"1.2\": must be \"latest\" or \"v1.x\"]", wrong.Message);
        RestAnswer tighter = await LabelAsync("{\"pod-security.kubernetes.io/enforce\":\"baseline\"}");
        Assert.Equal(["299 - \"existing pods in namespace \\\"default\\\" violate the new PodSecurity enforce level \\\"baseline:latest\\\"\"", "299 - \"a (and 1 other pod): host namespaces\""], tighter.Warnings);
        Assert.Equal(200, (await Admin.MergeAsync("/api/v1/namespaces/default/pods/a", "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}")).Code);
        Assert.Equal(403, (await Admin.SendAsync(HttpMethod.Patch, "/api/v1/namespaces/default/pods/a", "[{\"op\":\"replace\",\"path\":\"/spec/containers/0/image\",\"value\":\"other\"}]", "application/json-patch+json")).Code);
    }

    private async Task<RestAnswer> LabelAsync(string labels)
    {
        RestAnswer answer = await Admin.MergeAsync("/api/v1/namespaces/default", $"{{\"metadata\":{{\"labels\":{labels}}}}}");
        Assert.True(answer.Code == 200, answer.Message);
        return answer;
    }
}
