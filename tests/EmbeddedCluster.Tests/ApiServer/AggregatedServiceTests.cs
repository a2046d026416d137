using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

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
        await admin.MergeAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/adapter-x", "{\"endpoints\":[{\"addresses\":[\"10.1.2.3\"]}]}");
        await IsAsync("FailedDiscoveryCheck", "failing or missing response from https://adapter.default.svc:443/apis/custom.example.com/v1: the embedded API server hands no requests on to other API servers");
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

    private async Task IsAsync(string reason, string message)
    {
        Node? condition = null;
        for (int attempt = 0; attempt < 250 && condition?["reason"]?.AsString() != reason; attempt++)
        {
            await Task.Delay(20);
            condition = (await admin.GetAsync(Services + "/v1.custom.example.com")).Body.At("status", "conditions")?.AsList()?.FirstOrDefault();
        }

        Assert.Equal(("False", reason, message), (condition?["status"]?.AsString(), condition?["reason"]?.AsString(), condition?["message"]?.AsString()));
    }
}
