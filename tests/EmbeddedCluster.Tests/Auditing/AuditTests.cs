using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Auditing;

public sealed class AuditTests : IDisposable
{
    private readonly string file = Path.Combine(Directory.CreateTempSubdirectory("bowline-audit").FullName, "audit.jsonl");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

    [Fact]
    public async Task Every_request_leaves_an_event_that_says_who_did_what_and_how_it_went()
    {
        IReadOnlyList<MapNode> events = await RecordAsync(null, async host =>
        {
            using Rest admin = Rest.Admin(host);
            using Rest bob = Rest.As(host, "bob");
            using Rest nobody = Rest.Bearer(host, "wrong");
            await admin.PostAsync("/api/v1/namespaces/default/configmaps?fieldManager=x", "{metadata: {name: a}}");
            await bob.GetAsync("/api/v1/namespaces/default/pods/p");
            await nobody.GetAsync("/api/v1/pods");
        });
        Assert.Equal(3, events.Count);
        Assert.Equal(
            ["kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user", "sourceIPs", "objectRef", "responseStatus", "requestReceivedTimestamp", "stageTimestamp", "annotations"],
            events[0].Keys.Where(key => key != "userAgent"));
        Assert.Equal(("Metadata", "ResponseComplete", "create", "/api/v1/namespaces/default/configmaps?fieldManager=x"), (Text(events[0], "level"), Text(events[0], "stage"), Text(events[0], "verb"), Text(events[0], "requestURI")));
        Assert.Equal("{\"resource\":\"configmaps\",\"namespace\":\"default\",\"apiVersion\":\"v1\"}", JsonWriter.ToText(events[0]["objectRef"]!));
        Assert.Equal("{\"metadata\":{},\"code\":201}", JsonWriter.ToText(events[0]["responseStatus"]!));
        Assert.Equal(("admin", "bob", "forbid", 403), (events[1].At("user", "username")!.AsString(), events[1].At("impersonatedUser", "username")!.AsString(), events[1].At("annotations", "authorization.k8s.io/decision")!.AsString(), (int)events[1].At("responseStatus", "code")!.AsInteger()!));
        Assert.Equal(("{}", 401), (JsonWriter.ToText(events[2]["user"]!), (int)events[2].At("responseStatus", "code")!.AsInteger()!));
    }

    [Fact]
    public async Task The_first_rule_that_matches_decides_and_bodies_come_only_with_their_levels()
    {
        const string Policy = """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            omitManagedFields: true
            rules:
            - {level: None, verbs: [get]}
            - {level: Request, resources: [{group: "", resources: [configmaps]}], namespaces: [default]}
            - {level: RequestResponse, resources: [{group: apps, resources: ["*"]}]}
            - {level: None, nonResourceURLs: ["/version*"]}
            - level: Metadata
            """;
        IReadOnlyList<MapNode> events = await RecordAsync(Policy, async host =>
        {
            using Rest admin = Rest.Admin(host);
            await admin.PostAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: a}, data: {k: v}}");
            await admin.GetAsync("/api/v1/namespaces/default/configmaps/a");
            await admin.GetAsync("/version");
            await admin.PostAsync("/apis/apps/v1/namespaces/default/replicasets", "{metadata: {name: r}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
            await admin.DeleteAsync("/api/v1/namespaces/default/configmaps/a");
        });
        Assert.Equal(["create", "create", "delete"], events.Select(item => Text(item, "verb")));
        Assert.Equal("v", events[0].At("requestObject", "data", "k")!.AsString());
        Assert.Null(events[0]["responseObject"]);
        Assert.Equal("r", events[1].At("responseObject", "metadata", "name")!.AsString());
        Assert.Null(events[1].At("responseObject", "metadata", "managedFields"));
    }

    [Fact]
    public async Task Secrets_and_tokens_never_reach_the_log_whatever_the_policy_says()
    {
        IReadOnlyList<MapNode> events = await RecordAsync("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: RequestResponse}]}", async host =>
        {
            using Rest admin = Rest.Admin(host);
            await admin.PostAsync("/api/v1/namespaces/default/secrets", "{metadata: {name: s}, stringData: {password: hunter2}}");
            await admin.MergeAsync("/api/v1/namespaces/default/secrets/s", "{\"stringData\":{\"password\":\"hunter2\"}}");
            await admin.GetAsync("/api/v1/secrets");
            await admin.PostAsync("/api/v1/namespaces/default/serviceaccounts", "{metadata: {name: robot}}");
            string token = (await admin.PostAsync("/api/v1/namespaces/default/serviceaccounts/robot/token", "{}")).Body.At("status", "token")!.AsString()!;
            using Rest robot = Rest.Bearer(host, token);
            await robot.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");
            await admin.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", $"{{spec: {{token: {token}}}}}");
        });
        string all = await File.ReadAllTextAsync(file);
        Assert.NotEmpty(events);
        Assert.DoesNotContain("hunter2", all, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("hunter2"u8), all, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rules: []", "expected apiVersion audit.k8s.io/v1")]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Everything}]}", "rules[0].level")]
    public async Task A_policy_that_means_nothing_is_refused_at_the_start(string policy, string expected)
    {
        FormatException refused = await Assert.ThrowsAsync<FormatException>(() => EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { AuditLog = file, AuditPolicy = policy }, default));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private static string Text(MapNode item, string key) => item[key]!.AsString()!;

    private async Task<IReadOnlyList<MapNode>> RecordAsync(string? policy, Func<EmbeddedClusterHost, Task> act)
    {
        await using (EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { AuditLog = file, AuditPolicy = policy }, default))
        {
            await act(host);
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        // An event is written when its response has been sent: the order of the lines is that of the ends, not of the requests.
        return [.. (await File.ReadAllLinesAsync(file)).Select(line => (MapNode)JsonReader.Read(System.Text.Encoding.UTF8.GetBytes(line))).OrderBy(item => Text(item, "requestReceivedTimestamp"), StringComparer.Ordinal)];
    }
}
