using System.Net.Http;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Objects and states that the server itself makes of what is stored.</summary>
public sealed class DerivedObjectTests : AdminTests
{
    private const string Addresses = "/apis/networking.k8s.io/v1/ipaddresses";
    private const string Services = "/api/v1/namespaces/default/services";
    private const string Flow = "/apis/flowcontrol.apiserver.k8s.io/v1";

    [Fact]
    public async Task Each_address_of_a_service_is_an_IPAddress_as_long_as_the_service_has_it()
    {
        Assert.Equal(["10.96.0.1"], await NamesAsync());
        string address = (await Admin.MadeAsync(Services, "{metadata: {name: web}, spec: {ports: [{port: 80}]}}")).At("spec", "clusterIP")!.AsString()!;
        MapNode made = (await Admin.GetAsync($"{Addresses}/{address}")).Body;
        Assert.Equal("{\"resource\":\"services\",\"namespace\":\"default\",\"name\":\"web\"}", Resources.Json.JsonWriter.ToText(made.At("spec", "parentRef")!));
        Assert.Equal(("IPv4", "ipallocator.k8s.io"), (made.At("metadata", "labels", "ipaddress.kubernetes.io/ip-family")!.AsString(), made.At("metadata", "labels", "ipaddress.kubernetes.io/managed-by")!.AsString()));

        // Put back when somebody deletes it, gone with the service or with its address.
        await Admin.DeleteAsync($"{Addresses}/{address}");
        Assert.Equal(200, (await Admin.GetAsync($"{Addresses}/{address}")).Code);
        await Admin.MergeAsync($"{Services}/web", "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"a.example.com\",\"clusterIP\":null,\"clusterIPs\":null}}");
        Assert.Equal(["10.96.0.1"], await NamesAsync());
        await Admin.MadeAsync(Services, "{metadata: {name: other}, spec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}}");
        await Admin.MadeAsync(Services, "{metadata: {name: headless}, spec: {clusterIP: None, ports: [{port: 80}]}}");
        Assert.Equal(["10.96.0.1", "10.96.7.7"], await NamesAsync());
        await Admin.DeleteAsync($"{Services}/other");
        Assert.Equal(["10.96.0.1"], await NamesAsync());
    }

    [Fact]
    public async Task An_IPAddress_that_somebody_made_keeps_its_address_from_services()
    {
        await Admin.MadeAsync(Addresses, "{metadata: {name: 10.96.9.9}, spec: {parentRef: {resource: things, group: example.com, name: t}}}");
        RestAnswer refused = await Admin.PostAsync(Services, "{metadata: {name: web}, spec: {clusterIP: 10.96.9.9, ports: [{port: 80}]}}");
        Assert.Equal("Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.9.9\"]: failed to allocate IP 10.96.9.9: provided IP is already allocated", refused.Message);
        await Admin.MadeAsync(Services, "{metadata: {name: web}, spec: {ports: [{port: 80}]}}");
        Assert.Equal(200, (await Admin.GetAsync($"{Addresses}/10.96.9.9")).Code);
        Assert.Equal("10.96.9.9 things.example.com/t", await RowAsync(Addresses, "10.96.9.9"));
    }

    [Fact]
    public async Task Addresses_of_another_ServiceCIDR_can_be_asked_for()
    {
        Assert.Equal(422, (await Admin.PostAsync(Services, "{metadata: {name: web}, spec: {clusterIP: 10.200.0.7, ports: [{port: 80}]}}")).Code);
        await Admin.MadeAsync("/apis/networking.k8s.io/v1/servicecidrs", "{metadata: {name: more}, spec: {cidrs: [10.200.0.0/24]}}");
        await Admin.MadeAsync(Services, "{metadata: {name: web}, spec: {clusterIP: 10.200.0.7, ports: [{port: 80}]}}");
        Assert.Equal(["10.200.0.7", "10.96.0.1"], await NamesAsync());
    }

    [Fact]
    public async Task A_flow_schema_says_whether_its_priority_level_is_there()
    {
        await Admin.MadeAsync($"{Flow}/flowschemas", "{metadata: {name: mine}, spec: {priorityLevelConfiguration: {name: level}, matchingPrecedence: 500}}");
        await IsAsync("True", "NotFound", "This FlowSchema references the PriorityLevelConfiguration object named \"level\" but there is no such object");
        await Admin.MadeAsync($"{Flow}/prioritylevelconfigurations", "{metadata: {name: level}, spec: {type: Limited, limited: {nominalConcurrencyShares: 5, limitResponse: {type: Reject}}}}");
        await IsAsync("False", "Found", "This FlowSchema references the PriorityLevelConfiguration object named \"level\" and it exists");
        await Admin.DeleteAsync($"{Flow}/prioritylevelconfigurations/level");
        await IsAsync("True", "NotFound", "This FlowSchema references the PriorityLevelConfiguration object named \"level\" but there is no such object");
    }

    [Theory]
    [InlineData("/apis/resource.k8s.io/v1/namespaces/default/resourceclaims", "{metadata: {name: x}, spec: {devices: {requests: [{name: r, exactly: {deviceClassName: gpu}}]}}}", "x pending")]
    [InlineData("/apis/resource.k8s.io/v1/resourceslices", "{metadata: {name: x}, spec: {driver: gpu.example.com, nodeName: node-1, pool: {name: p, generation: 1, resourceSliceCount: 1}, devices: [{name: d}]}}", "x node-1 gpu.example.com p")]
    [InlineData("/apis/storage.k8s.io/v1/csidrivers", "{metadata: {name: x}, spec: {tokenRequests: [{audience: a}, {audience: b}]}}", "x true false false a,b false Persistent")]
    [InlineData("/apis/storage.k8s.io/v1/csidrivers", "{metadata: {name: x}, spec: {attachRequired: false, storageCapacity: true, volumeLifecycleModes: [Persistent, Ephemeral]}}", "x false false true <unset> false Persistent,Ephemeral")]
    [InlineData("/apis/storage.k8s.io/v1/volumeattributesclasses", "{metadata: {name: x}, driverName: d.example.com, parameters: {iops: \"1\"}}", "x d.example.com")]
    [InlineData("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", "{metadata: {name: x}, spec: {paramKind: {apiVersion: v1, kind: ConfigMap}, matchConstraints: {resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}, validations: [{expression: \"true\"}, {expression: \"true\"}]}}", "x 2 v1/ConfigMap")]
    [InlineData("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", "{metadata: {name: x}, spec: {policyName: p, validationActions: [Deny], paramRef: {name: m, namespace: s, parameterNotFoundAction: Deny}}}", "x p s/m")]
    [InlineData("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", "{metadata: {name: x}, spec: {policyName: p, validationActions: [Deny], paramRef: {selector: {matchLabels: {a: b}}, parameterNotFoundAction: Deny}}}", "x p &LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}")]
    [InlineData("/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings", "{metadata: {name: x}, spec: {policyName: p}}", "x p <unset>")]
    public async Task Kinds_that_are_seldom_looked_at_have_their_columns_too(string path, string yaml, string cells)
    {
        await Admin.MadeAsync(path, yaml);
        Assert.Equal(cells, await RowAsync(path, "x"));
    }

    /// <summary>The cells but the age.</summary>
    private async Task<string> RowAsync(string path, string name)
    {
        RestAnswer table = await Admin.SendAsync(HttpMethod.Get, $"{path}/{name}", null, null, ("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
        string[] columns = [.. table.Body["columnDefinitions"]!.AsList()!.Select(column => column["name"]!.AsString()!)];
        ListNode cells = table.Body["rows"]!.AsList()!.Single()["cells"]!.AsList()!;
        Assert.Equal(columns.Length, cells.Count);
        return string.Join(' ', cells.Zip(columns).Where(pair => pair.Second != "Age").Select(pair => pair.First.AsString() ?? Resources.Json.JsonWriter.ToText(pair.First)));
    }

    private async Task<string[]> NamesAsync() => [.. (await Admin.GetAsync(Addresses)).Body["items"]!.AsList()!.Select(item => item.At("metadata", "name")!.AsString()!)];

    private async Task IsAsync(string status, string reason, string message)
    {
        MapNode found = (await Admin.GetAsync($"{Flow}/flowschemas/mine")).Body;
        Node condition = found.At("status", "conditions")!.AsList()!.Single();
        Assert.Equal((status, reason, message), (condition["status"]!.AsString(), condition["reason"]!.AsString(), condition["message"]!.AsString()));
    }
}
