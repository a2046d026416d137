namespace Bowline.EmbeddedCluster.Tests.Admission;

public sealed class QuotaTests : AdminTests
{
    private const string Space = "/api/v1/namespaces/default";

    [Fact]
    public async Task Many_writers_at_once_stay_within_the_quota_and_use_all_of_it()
    {
        await QuotaAsync("q", "hard: {configmaps: \"11\"}");
        RestAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Admin.PostAsync(Space + "/configmaps", $"{{metadata: {{name: c{i}}}}}")));
        // One is there already: kube-root-ca.crt.
        Assert.Equal(10, answers.Count(answer => answer.Code == 201));
        Assert.All(answers.Where(answer => answer.Code != 201), answer => Assert.Contains("is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=11, limited: configmaps=11", answer.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Compute_counts_what_runs_together_and_init_containers_only_where_they_need_more()
    {
        await QuotaAsync("q", "hard: {requests.cpu: \"2\", limits.memory: 1Gi}");
        RestAnswer silent = await PodAsync("p", "containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]");
        Assert.Equal("pods \"p\" is forbidden: failed quota: q: must specify limits.memory for: c", silent.Message);
        const string Limits = "limits: {cpu: 1500m, memory: 100Mi}";
        Assert.Equal(201, (await PodAsync("p", $"initContainers: [{{name: i, image: i, resources: {{requests: {{cpu: 1500m}}, {Limits}}}}}], containers: [{{name: c, image: i, resources: {{requests: {{cpu: 500m}}, {Limits}}}}}]")).Code);
        RestAnswer full = await PodAsync("q", $"containers: [{{name: c, image: i, resources: {{requests: {{cpu: 600m}}, {Limits}}}}}]");
        Assert.Equal("pods \"q\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=1500m, limited: requests.cpu=2", full.Message);
        await Admin.MergeAsync(Space + "/pods/p/status", "{\"status\":{\"phase\":\"Succeeded\"}}");
        Assert.Equal(201, (await PodAsync("q", $"containers: [{{name: c, image: i, resources: {{requests: {{cpu: 600m}}, {Limits}}}}}]")).Code);
    }

    [Fact]
    public async Task Scopes_say_which_pods_a_quota_counts()
    {
        await Admin.MadeAsync("/apis/scheduling.k8s.io/v1/priorityclasses", "{metadata: {name: high}, value: 10}");
        await QuotaAsync("best", "hard: {pods: \"1\"}, scopes: [BestEffort]");
        await QuotaAsync("high", "hard: {pods: \"0\"}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}");
        await QuotaAsync("ends", "hard: {pods: \"0\"}, scopes: [Terminating]");
        Assert.Equal(201, (await PodAsync("a", "containers: [{name: c, image: i}]")).Code);
        Assert.Contains("exceeded quota: best", (await PodAsync("b", "containers: [{name: c, image: i}]")).Message, StringComparison.Ordinal);
        Assert.Equal(201, (await PodAsync("b", "containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]")).Code);
        Assert.Contains("exceeded quota: high", (await PodAsync("c", "priorityClassName: high, containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]")).Message, StringComparison.Ordinal);
        Assert.Contains("exceeded quota: ends", (await PodAsync("c", "activeDeadlineSeconds: 5, containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Growing_what_exists_counts_too_and_a_dry_run_holds_nothing()
    {
        await QuotaAsync("q", "hard: {services.nodeports: \"1\", count/deployments.apps: \"0\", services: \"5\"}");
        Assert.Equal(201, (await Admin.PostAsync(Space + "/services", "{metadata: {name: s}, spec: {ports: [{name: a, port: 1}, {name: b, port: 2}]}}")).Code);
        RestAnswer grown = await Admin.MergeAsync(Space + "/services/s", "{\"spec\":{\"type\":\"NodePort\"}}");
        Assert.Contains("exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1", grown.Message, StringComparison.Ordinal);
        RestAnswer deployment = await Admin.PostAsync("/apis/apps/v1/namespaces/default/deployments", "{metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
        Assert.Contains("count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0", deployment.Message, StringComparison.Ordinal);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(201, (await Admin.PostAsync(Space + "/services?dryRun=All", "{metadata: {name: t}, spec: {ports: [{port: 1}]}}")).Code);
        }
    }

    private async Task QuotaAsync(string name, string spec) => await Admin.MadeAsync(Space + "/resourcequotas", $"{{metadata: {{name: {name}}}, spec: {{{spec}}}}}");

    private Task<RestAnswer> PodAsync(string name, string spec) => Admin.PostAsync(Space + "/pods", $"{{metadata: {{name: {name}}}, spec: {{{spec}}}}}");
}
