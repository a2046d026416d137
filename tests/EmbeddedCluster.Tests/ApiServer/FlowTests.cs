using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Clients are told what their requests are counted as: kubectl and client-go slow themselves down where nobody says so.</summary>
public sealed class FlowTests : AdminTests
{
    private const string Flows = "/apis/flowcontrol.apiserver.k8s.io/v1";

    [Fact]
    public async Task A_request_is_told_the_first_flow_that_it_matches()
    {
        using HttpClient admin = HostClients.Admin(Host);
        Assert.Equal(await NamesAsync("exempt", "exempt"), await OfAsync(admin, HttpMethod.Head, "/livez/ping"));
        Assert.Equal(await NamesAsync("exempt", "exempt"), await OfAsync(admin, HttpMethod.Get, "/api/v1/pods?watch=1&timeoutSeconds=1"));
        using HttpClient anonymous = HostClients.Anonymous(Host);
        Assert.Equal(await NamesAsync("probes", "exempt"), await OfAsync(anonymous, HttpMethod.Get, "/livez"));
        // Refused, and counted all the same.
        Assert.Equal(await NamesAsync("global-default", "global-default"), await OfAsync(anonymous, HttpMethod.Get, "/api/v1/pods"));
        // Open for as long as somebody likes.
        Assert.Equal((string.Empty, string.Empty), await OfAsync(admin, HttpMethod.Get, "/api/v1/namespaces/default/pods/none/log"));
    }

    [Fact]
    public async Task A_flow_of_ones_own_counts_from_its_write_on()
    {
        await Admin.MadeAsync($"{Flows}/flowschemas", """
            {metadata: {name: visitors}, spec: {matchingPrecedence: 5, priorityLevelConfiguration: {name: workload-low}, rules: [
              {subjects: [{kind: Group, group: {name: system:unauthenticated}}], resourceRules: [{verbs: [list], apiGroups: [""], resources: [pods], namespaces: [default]}]}]}}
            """);
        using HttpClient anonymous = HostClients.Anonymous(Host);
        Assert.Equal(await NamesAsync("visitors", "workload-low"), await OfAsync(anonymous, HttpMethod.Get, "/api/v1/namespaces/default/pods"));
        Assert.Equal(await NamesAsync("global-default", "global-default"), await OfAsync(anonymous, HttpMethod.Get, "/api/v1/namespaces/kube-system/pods"));
        Assert.Equal(await NamesAsync("global-default", "global-default"), await OfAsync(anonymous, HttpMethod.Get, "/api/v1/pods"));
    }

    private async Task<(string Schema, string Level)> NamesAsync(string schema, string level) =>
        (await UidAsync($"{Flows}/flowschemas/{schema}"), await UidAsync($"{Flows}/prioritylevelconfigurations/{level}"));

    private async Task<string> UidAsync(string path) => (await Admin.SendAsync(HttpMethod.Get, path, null)).Body.At("metadata", "uid")!.AsString()!;

    private static async Task<(string Schema, string Level)> OfAsync(HttpClient client, HttpMethod method, string path)
    {
        using HttpRequestMessage request = new(method, path) { Version = client.DefaultRequestVersion };
        using HttpResponseMessage response = await client.SendAsync(request);
        string Header(string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : string.Empty;
        return (Header("X-Kubernetes-PF-FlowSchema-UID"), Header("X-Kubernetes-PF-PriorityLevel-UID"));
    }
}
