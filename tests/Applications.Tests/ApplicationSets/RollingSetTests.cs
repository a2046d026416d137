using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>A RollingSync against a cluster, with the loop that syncs applications played by the test.</summary>
public sealed class RollingSetTests : IAsyncLifetime
{
    private const string Spec = """
        generators: [{list: {elements: [{env: dev, id: a}, {env: prod, id: b}, {env: prod, id: c}]}}]
        strategy:
          type: RollingSync
          rollingSync: {steps: [{matchExpressions: [{key: env, operator: In, values: [dev]}]}, {matchExpressions: [{key: env, operator: In, values: [prod]}], maxUpdate: 1}]}
        template:
          metadata: {name: '{{id}}', labels: {env: '{{env}}'}}
          spec: {project: default, source: {repoURL: u}, destination: {server: s}, syncPolicy: {automated: {prune: true}, syncOptions: [CreateNamespace=true]}}
        """;

    private SetHub hub = null!;

    public async Task InitializeAsync() => hub = await SetHub.StartAsync();

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task Where_the_installation_rolls_nothing_out_a_strategy_makes_no_difference()
    {
        hub.Settings = new SetSettings { RollsOut = false };
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b", "c");
        Assert.All(await hub.ListAsync(), application => Assert.True(application.At("spec", "syncPolicy", "automated", "prune")!.AsBool()));
        Assert.Null((await hub.SetAsync())!.At("status", "applicationStatus"));
    }

    [Fact]
    public async Task Applications_are_synced_step_by_step_and_not_by_themselves()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b", "c");
        Assert.All(await hub.ListAsync(), application => Assert.False(application.At("spec", "syncPolicy", "automated", "enabled")!.AsBool()));
        foreach (string name in (string[])["a", "b", "c"])
        {
            await hub.PatchAsync(name, "{status: {sync: {status: OutOfSync, revision: one}, health: {status: Missing}}}");
        }

        MapNode operation = await UntilAskedAsync("a");
        Assert.Equal("applicationset-controller", operation.At("initiatedBy", "username")!.AsString());
        Assert.True(operation.At("sync", "prune")!.AsBool());
        Assert.Equal("CreateNamespace=true", operation.At("sync", "syncOptions")!.AsList()![0].AsString());
        Assert.Null((await hub.FindAsync("b"))!["operation"]);
        await SetHub.UntilAsync(async () => SetHub.Condition(await hub.SetAsync(), "RolloutProgressing", "True") == "ApplicationSet is performing rollout of step 1: a is Progressing" || SetHub.Condition(await hub.SetAsync(), "RolloutProgressing", "True") == "ApplicationSet is performing rollout of step 1: a is Pending", () => "the set does not tell of its step");
        await DoneAsync("a");
        await UntilAskedAsync("b");
        Assert.Null((await hub.FindAsync("c"))!["operation"]);
        await DoneAsync("b");
        await UntilAskedAsync("c");
        await DoneAsync("c");
        await SetHub.UntilAsync(async () => SetHub.Condition(await hub.SetAsync(), "RolloutProgressing", "False") == "ApplicationSet Rollout has completed", () => "the rollout does not end");
        Assert.Equal("a Healthy 1, b Healthy 2, c Healthy 2", string.Join(", ", ((await hub.SetAsync())!.At("status", "applicationStatus") as ListNode)!.Select(item => $"{item["application"]} {item["status"]} {item["step"]}")));

        // What its health says is what the condition says that decides it, and nothing of a step that is over.
        Assert.Equal("Healthy: All applications have been generated successfully", $"{(await hub.SetAsync())!.At("status", "health", "status")}: {(await hub.SetAsync())!.At("status", "health", "message")}");

        // Without a strategy applications sync by themselves again, and the rollout is forgotten.
        await hub.Cluster.PatchAsync(new ObjectKey(ArgoDefinitions.ApplicationSets, "argocd", "demo"), PatchKind.Merge, Resources.Yaml.YamlReader.Read("{spec: {strategy: null}}"), new WriteOptions { FieldManager = "test" }, default);
        await SetHub.UntilAsync(async () => (await hub.ListAsync()).All(application => application.At("spec", "syncPolicy", "automated", "enabled") is null), () => "they still do not sync by themselves");
        await SetHub.UntilAsync(async () => (await hub.SetAsync())!.At("status", "applicationStatus") is null, () => "the rollout is remembered");
    }

    [Fact]
    public async Task Applications_whose_template_says_nothing_of_automation_wait_for_their_step_too()
    {
        await hub.ApplySetAsync(Spec.Replace("automated: {prune: true}, ", string.Empty));
        await hub.UntilNamesAsync("a", "b", "c");
        Assert.All(await hub.ListAsync(), application => Assert.False(application.At("spec", "syncPolicy", "automated", "enabled")!.AsBool()));
    }

    [Fact]
    public async Task A_set_that_is_deleted_in_reverse_deletes_its_last_step_first()
    {
        await hub.ApplySetAsync(Spec.Replace("type: RollingSync", "type: RollingSync\n  deletionOrder: Reverse"));
        await hub.UntilNamesAsync("a", "b", "c");
        await SetHub.UntilAsync(async () => (await hub.SetAsync())!.At("metadata", "finalizers") is ListNode { Count: 1 }, () => "the set has no finalizer");
        await hub.DeleteSetAsync();
        await SetHub.UntilAsync(async () => (await hub.ListAsync()).Count(application => application.At("metadata", "deletionTimestamp") is not null) == 2, () => "the second step is not deleted");
        Assert.Null((await hub.FindAsync("a"))!.At("metadata", "deletionTimestamp"));
        await hub.PatchAsync("b", "{metadata: {finalizers: null}}");
        await hub.PatchAsync("c", "{metadata: {finalizers: null}}");
        await SetHub.UntilAsync(async () => (await hub.FindAsync("a"))!.At("metadata", "deletionTimestamp") is not null, () => "the first step is not deleted");
        await hub.PatchAsync("a", "{metadata: {finalizers: null}}");
        await SetHub.UntilAsync(async () => await hub.SetAsync() is null, () => "the set stays");
    }

    private async Task<MapNode> UntilAskedAsync(string name)
    {
        await SetHub.UntilAsync(async () => (await hub.FindAsync(name))!["operation"] is not null, () => $"{name} is not synced");
        return (MapNode)(await hub.FindAsync(name))!["operation"]!;
    }

    private Task DoneAsync(string name) => hub.PatchAsync(name, "{operation: null, status: {sync: {status: Synced, revision: one}, health: {status: Healthy}, operationState: {operation: {sync: {}}, phase: Succeeded, startedAt: '2099-01-01T00:00:00Z'}}}");
}
