using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Syncing;

/// <summary>Hooks of a sync against a real API; ConfigMaps stand for objects that are done as soon as they are there.</summary>
public sealed class HookTests
{
    [Theory]
    [InlineData("HookSucceeded", false)]
    [InlineData("BeforeHookCreation", true)]
    [InlineData("HookFailed", true)]
    public async Task A_hook_stays_or_goes_after_it_succeeded_as_its_policy_says(string policy, bool stays)
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync(Hook("before", "PreSync", policy));
        Assert.Equal(stays, await ExistsAsync(bench, "before"));
    }

    [Fact]
    public async Task A_hook_that_another_of_its_phase_needs_is_not_deleted_before_the_phase_ends()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        SyncPlan plan = await bench.PlanAsync(Hook("first", "PreSync", "HookSucceeded") + "---\n" + Hook("second", "PreSync", "HookSucceeded", wave: 1));
        bool firstWasThere = false;
        SyncRun run = new(SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow)) { Progress = step => firstWasThere |= step.Id.Name == "second" && bench.Live.Get(step.Id with { Name = "first" }) is not null };
        Assert.True((await bench.Synchronizer.RunAsync(plan, run, CancellationToken.None)).Succeeded);
        Assert.True(firstWasThere);
        Assert.False(await ExistsAsync(bench, "first"));
    }

    [Fact]
    public async Task What_succeeded_is_written_down_before_it_is_deleted_and_not_run_again()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        string manifests = Hook("before", "PreSync", "HookSucceeded");
        SyncOperation? saved = null;
        bool wasThere = false;
        SyncRun run = new(SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow))
        {
            SaveAsync = async (operation, _) =>
            {
                saved = operation;
                wasThere = await ExistsAsync(bench, "before");
            },
        };
        Assert.True((await bench.Synchronizer.RunAsync(await bench.PlanAsync(manifests), run, CancellationToken.None)).Succeeded);
        Assert.True(wasThere);
        SyncResult again = await bench.SyncAsync(await bench.PlanAsync(manifests), saved);
        Assert.Contains("before it was interrupted", Assert.Single(again.Steps).Message);
        Assert.False(await ExistsAsync(bench, "before"));
    }

    [Fact]
    public async Task A_hook_of_this_very_sync_that_is_there_already_is_waited_for_and_one_of_another_sync_is_made_anew()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        string manifests = Hook("before", "PreSync", "BeforeHookCreation");
        SyncOperation operation = SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow);
        await bench.SyncAsync(await bench.PlanAsync(manifests), operation);
        string first = await UidAsync(bench);
        await bench.SyncAsync(await bench.PlanAsync(manifests), operation);
        Assert.Equal(first, await UidAsync(bench));
        await bench.SyncAsync(await bench.PlanAsync(manifests), operation with { Id = "another" });
        Assert.NotEqual(first, await UidAsync(bench));
    }

    [Fact]
    public async Task A_generated_name_is_the_same_for_the_same_sync()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        string manifests = Hook("x", "PreSync", "HookFailed").Replace("name: x", "generateName: run-", StringComparison.Ordinal);
        SyncOperation operation = SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow);
        SyncStep one = Assert.Single((await bench.SyncAsync(await bench.PlanAsync(manifests), operation)).Steps);
        SyncStep two = Assert.Single((await bench.SyncAsync(await bench.PlanAsync(manifests), operation)).Steps);
        Assert.StartsWith("run-", one.Id.Name);
        Assert.Equal(one.Id, two.Id);
    }

    [Fact]
    public async Task An_object_that_is_a_hook_of_two_phases_runs_in_both()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        List<string> uids = [];
        SyncPlan plan = await bench.PlanAsync(Hook("before", "\"PreSync,PostSync\"", "BeforeHookCreation"));
        SyncRun run = new(SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow)) { Progress = step => uids.Add(bench.Live.Get(step.Id)!.At("metadata", "uid")!.AsString()!) };
        Assert.True((await bench.Synchronizer.RunAsync(plan, run, CancellationToken.None)).Succeeded);
        Assert.Equal(2, uids.Distinct().Count());
    }

    [Fact]
    public void What_is_waited_for_is_said_once_though_hooks_run_side_by_side()
    {
        List<string> said = [];
        HookLedger ledger = new(new SyncRun(SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow)) { Waits = said.Add });
        DesiredObject[] hooks = [.. new[] { "a", "b" }.Select(name => new DesiredObject(new ResourceId("batch", "Job", "n", name), [], Origin.Unknown) { Kind = new KindInfo(new ResourceKind("batch", "v1", "Job"), "jobs", Namespaced: true) })];
        for (int i = 0; i < 3; i++)
        {
            ledger.Wait(hooks[1], "PreSync hook b");
            ledger.Wait(hooks[0], "PreSync hook a");
        }

        Assert.Equal(["waits for PreSync hook b", "waits for PreSync hook a, and 1 more"], said.Distinct());
        Assert.Equal(2, said.Zip(said.Skip(1)).Count(pair => pair.First != pair.Second) + 1);
    }

    private static string Hook(string name, string phase, string policy, int wave = 0) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations: {{argocd.argoproj.io/hook: {phase}, argocd.argoproj.io/hook-delete-policy: {policy}, argocd.argoproj.io/sync-wave: \"{wave}\"}}\n";

    private static async Task<string> UidAsync(DeliveryBench bench) => (await bench.GetAsync("v1", "ConfigMap", "before")).At("metadata", "uid")!.AsString()!;

    private static async Task<bool> ExistsAsync(DeliveryBench bench, string name) => await bench.GetAsync("v1", "ConfigMap", name) is { } present && present.At("metadata", "deletionTimestamp") is null;
}
