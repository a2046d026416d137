using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>What is wrong with objects of kinds that are seldom looked at, and what of them may change.</summary>
public sealed class SeldomKindTests : AdminTests
{
    private const string Devices = "/apis/resource.k8s.io/v1";
    private const string Claims = Devices + "/namespaces/default/resourceclaims";
    private const string Networking = "/apis/networking.k8s.io/v1";
    private const string Storage = "/apis/storage.k8s.io/v1";

    [Theory]
    [InlineData(Devices + "/deviceclasses", "{selectors: [{cel: {expression: 'device.driver =='}}, {}], extendedResourceName: gpu, config: [{}]}", "spec.config[0].opaque: Required value", "spec.extendedResourceName: Invalid value: \"gpu\": doesn't follow extended resource name standard", "spec.selectors[0].cel.expression: Invalid value: \"device.driver ==\": compilation failed: ", "spec.selectors[1].cel: Required value")]
    [InlineData(Claims, "{devices: {requests: [{name: A}, {name: b, exactly: {deviceClassName: c, count: -1}}, {name: b, exactly: {}, firstAvailable: [{name: x, deviceClassName: c}]}], constraints: [{requests: [z], matchAttribute: a.example.com/b}]}}", "spec.devices.constraints[0].requests[0]: Invalid value: \"z\": must be the name of a request in the claim", "spec.devices.requests[0].name: Invalid value: \"A\": a lowercase RFC 1123 label", "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required", "spec.devices.requests[1].exactly.count: Invalid value: -1: must be greater than zero", "spec.devices.requests[2].name: Duplicate value: \"b\"", "spec.devices.requests[2]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set")]
    [InlineData(Devices + "/resourceslices", "{driver: d.example.com, pool: {name: p, generation: -1, resourceSliceCount: 0}, nodeName: node-1, allNodes: true, devices: [{name: a}, {name: a}]}", "spec.devices[1].name: Duplicate value: \"a\"", "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero", "spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero", "spec: Invalid value: \"{`nodeName`, `allNodes`}\": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set")]
    [InlineData(Networking + "/servicecidrs", "{}", "spec.cidrs: Required value: at least one CIDR required")]
    [InlineData(Networking + "/servicecidrs", "{cidrs: [10.1.0.0/24, 10.2.0.0/24]}", "spec.cidrs: Invalid value: {\"cidrs\":[\"10.1.0.0/24\",\"10.2.0.0/24\"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")]
    [InlineData(Networking + "/servicecidrs", "{cidrs: [10.1.0.1/24]}", "spec.cidrs[0]: Invalid value: \"10.1.0.1/24\": must not have bits set beyond the prefix length")]
    public async Task What_is_wrong_with_them_is_said(string path, string spec, params string[] causes)
    {
        RestAnswer answer = await Admin.PostAsync(path, $"{{metadata: {{name: x}}, spec: {spec}}}");
        Assert.Equal(422, answer.Code);
        string[] found = [.. answer.Body.At("details", "causes")!.AsList()!.Select(cause => $"{cause["field"]!.AsString()}: {cause["message"]!.AsString()}").Order(StringComparer.Ordinal)];
        Assert.Equal(causes.Length, found.Length);
        Assert.All(causes.Zip(found), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Claims, "spec: {devices: {requests: [{name: r, exactly: {deviceClassName: c}}]}}", "{\"spec\":{\"devices\":{\"requests\":[]}}}", "spec: Invalid value: ")]
    [InlineData(Devices + "/resourceslices", "spec: {driver: d.example.com, pool: {name: p, generation: 1, resourceSliceCount: 1}, nodeName: node-1}", "{\"spec\":{\"driver\":\"e.example.com\"}}", "spec.driver: Invalid value: \"e.example.com\": field is immutable")]
    [InlineData(Networking + "/servicecidrs", "spec: {cidrs: [10.200.0.0/24]}", "{\"spec\":{\"cidrs\":[\"10.201.0.0/24\"]}}", "spec.cidrs[0]: Invalid value: \"10.201.0.0/24\": field is immutable")]
    [InlineData(Storage + "/volumeattributesclasses", "driverName: d.example.com, parameters: {iops: \"1\"}", "{\"parameters\":{\"iops\":\"2\"}}", "parameters: Invalid value: {\"iops\":\"2\"}: field is immutable")]
    [InlineData(Storage + "/namespaces/default/csistoragecapacities", "storageClassName: a", "{\"storageClassName\":\"b\"}", "storageClassName: Invalid value: \"b\": field is immutable")]
    public async Task What_has_to_stay_stays(string path, string body, string patch, string cause)
    {
        await Admin.MadeAsync(path, $"{{metadata: {{name: x}}, {body}}}");
        Assert.Equal(200, (await Admin.MergeAsync($"{path}/x", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}")).Code);
        RestAnswer answer = await Admin.MergeAsync($"{path}/x", patch);
        Assert.Equal(422, answer.Code);
        Assert.Contains(cause, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_can_be_joined_by_one_of_the_other_family_and_an_address_stays_whose_it_is()
    {
        await Admin.MadeAsync($"{Networking}/servicecidrs", "{metadata: {name: x}, spec: {cidrs: [10.200.0.0/24]}}");
        Assert.Equal(200, (await Admin.MergeAsync($"{Networking}/servicecidrs/x", "{\"spec\":{\"cidrs\":[\"10.200.0.0/24\",\"fd00::/112\"]}}")).Code);
        Assert.Equal("IPAddress.networking.k8s.io \"10.200.0.3\" is invalid: spec.parentRef: Required value", (await Admin.PostAsync($"{Networking}/ipaddresses", "{metadata: {name: 10.200.0.3}, spec: {}}")).Message);
        await Admin.MadeAsync($"{Networking}/ipaddresses", "{metadata: {name: 10.200.0.3}, spec: {parentRef: {resource: things, name: t}}}");
        Assert.Contains("spec.parentRef: Invalid value: {\"name\":\"u\",\"resource\":\"things\"}: field is immutable", (await Admin.MergeAsync($"{Networking}/ipaddresses/10.200.0.3", "{\"spec\":{\"parentRef\":{\"name\":\"u\"}}}")).Message, StringComparison.Ordinal);
    }
}
