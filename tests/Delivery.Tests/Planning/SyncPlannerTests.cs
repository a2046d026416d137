using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Planning;

public sealed class SyncPlannerTests
{
    private static readonly PlanPolicy Policy = new(Prune: true, AllowEmpty: false, RunHooks: true, (_, _) => "app");

    [Fact]
    public void Waves_come_in_order_and_kinds_that_others_need_first_within_a_wave()
    {
        SyncPlan plan = Plan([New("Deployment", "late", wave: 1), New("Deployment", "web"), New("ConfigMap", "settings"), New("Namespace", "home"), New("Job", "early", wave: -5)]);
        Assert.Equal([-5, 0, 1], plan.Waves.Select(wave => wave.Number));
        Assert.Equal(["early", "home", "settings", "web", "late"], plan.Actions.Select(action => action.Id.Name));
    }

    [Fact]
    public void Hooks_run_in_their_phase_and_only_when_asked_for()
    {
        ResourceDiff[] diffs = [New("Job", "after", hook: "PostSync"), New("Job", "before", hook: "PreSync"), New("ConfigMap", "a")];
        Assert.Equal([SyncPhase.PreSync, SyncPhase.Sync, SyncPhase.PostSync], SyncPlanner.Plan("app", diffs, [], Policy).Waves.Select(wave => wave.Phase));
        Assert.Equal(["a"], SyncPlanner.Plan("app", diffs, [], Policy with { RunHooks = false }).Actions.Select(action => action.Id.Name));
    }

    [Theory]
    [InlineData("pre-install,pre-upgrade", SyncPhase.PreSync)]
    [InlineData("post-upgrade", SyncPhase.PostSync)]
    public void Helm_hooks_map_to_phases(string hook, SyncPhase phase) =>
        Assert.Equal(phase, Assert.Single(Plan([New("Job", "x", helmHook: hook)]).Waves).Phase);

    [Theory]
    [InlineData("test")]
    [InlineData("pre-delete")]
    [InlineData("post-rollback")]
    public void Helm_hooks_that_are_not_for_syncs_are_left_out(string hook) => Assert.Empty(Plan([New("Job", "x", helmHook: hook)]).Actions);

    [Fact]
    public void What_left_the_repository_is_pruned_last_unless_it_says_no()
    {
        SyncPlan plan = SyncPlanner.Plan("app", [New("ConfigMap", "desired")], [Leftover("ConfigMap", "gone"), Leftover("ConfigMap", "guarded", "Prune=false")], Policy);
        Assert.Equal(["desired", "guarded", "gone"], plan.Actions.Select(action => action.Id.Name));
        Assert.Equal([PlannedChange.Create, PlannedChange.Orphan, PlannedChange.Prune], plan.Actions.Select(action => action.Change));
    }

    [Fact]
    public void Without_pruning_a_leftover_makes_the_application_out_of_sync_and_stays()
    {
        SyncPlan plan = SyncPlanner.Plan("app", [], [Leftover("ConfigMap", "gone")], Policy with { Prune = false, AllowEmpty = true });
        Assert.Equal(PlannedChange.Orphan, Assert.Single(plan.Actions).Change);
        Assert.False(plan.InSync);
        Assert.False(plan.HasChanges);
    }

    [Fact]
    public void An_empty_render_never_prunes_everything_unless_allowed()
    {
        Assert.All(SyncPlanner.Plan("app", [], [Leftover("ConfigMap", "a")], Policy).Actions, action => Assert.Equal(PlannedChange.Orphan, action.Change));
        Assert.All(SyncPlanner.Plan("app", [], [Leftover("ConfigMap", "a")], Policy with { AllowEmpty = true }).Actions, action => Assert.Equal(PlannedChange.Prune, action.Change));
    }

    [Fact]
    public void A_leftover_that_somebody_else_owns_by_now_is_not_touched()
    {
        (InventoryEntry entry, MapNode live) = Leftover("ConfigMap", "taken");
        live.EnsureMap("metadata").EnsureMap("annotations")[Tracking.Annotation] = Tracking.Format("other", entry.Id);
        Assert.Empty(SyncPlanner.Plan("app", [], [(entry, live)], Policy with { AllowEmpty = true }).Actions);
    }

    [Fact]
    public void An_object_of_another_application_is_left_alone()
    {
        SyncPlan plan = SyncPlanner.Plan("app", [New("ConfigMap", "shared")], [], Policy with { OwnerOf = (_, _) => "other" });
        PlannedAction action = Assert.Single(plan.Actions);
        Assert.Equal(PlannedChange.Shared, action.Change);
        Assert.Contains("other", action.Reason);
        Assert.False(plan.InSync);
    }

    [Fact]
    public void A_kind_that_is_not_served_is_named_with_its_missing_definition()
    {
        ResourceDiff diff = New("ClusterIssuer", "letsencrypt", apiVersion: "cert-manager.io/v1", served: false);
        PlannedAction action = Assert.Single(Plan([diff]).Actions);
        Assert.Equal(PlannedChange.MissingKind, action.Change);
        Assert.Contains("cert-manager.io/v1 ClusterIssuer", action.Reason);
    }

    [Fact]
    public void A_namespace_and_a_definition_come_no_later_than_what_needs_them()
    {
        ResourceDiff definition = New("CustomResourceDefinition", "widgets.example.com", wave: 5, apiVersion: "apiextensions.k8s.io/v1", extra: new MapNode { ["group"] = "example.com", ["names"] = new MapNode { ["kind"] = "Widget" } });
        SyncPlan plan = Plan([definition, New("Widget", "w", wave: -1, apiVersion: "example.com/v1"), New("Namespace", "home", wave: 3), New("Job", "early", hook: "PreSync", @namespace: "home")]);
        Assert.Equal([(SyncPhase.PreSync, 0, "home"), (SyncPhase.PreSync, 0, "early"), (SyncPhase.Sync, -1, "widgets.example.com"), (SyncPhase.Sync, -1, "w")], plan.Waves.SelectMany(wave => wave.Actions.Select(action => (wave.Phase, wave.Number, action.Id.Name))));
    }

    [Fact]
    public void An_object_may_be_a_hook_of_several_phases() =>
        Assert.Equal([SyncPhase.PreSync, SyncPhase.PostSync], Plan([New("Job", "x", hook: "PreSync,PostSync")]).Waves.Select(wave => wave.Phase));

    [Fact]
    public void Prunes_go_through_the_waves_backwards_and_those_marked_last_come_after_everything()
    {
        SyncPlan plan = SyncPlanner.Plan("app", [New("ConfigMap", "kept", wave: 0), New("ConfigMap", "other", wave: 2)],
            [Leftover("ConfigMap", "early", wave: 0), Leftover("ConfigMap", "late", wave: 2), Leftover("ConfigMap", "last", "PruneLast=true", wave: 0)], Policy);
        Assert.Equal([(0, "kept"), (0, "late"), (2, "other"), (2, "early"), (3, "last")], plan.Waves.SelectMany(wave => wave.Actions.Select(action => (wave.Number, action.Id.Name))));
    }

    [Fact]
    public void Deletions_wait_for_a_confirmation_where_they_ask_for_one()
    {
        (InventoryEntry, MapNode)[] leftovers = [Leftover("ConfigMap", "gone", "Prune=confirm")];
        Assert.Equal(PlannedChange.AwaitsConfirmation, Assert.Single(SyncPlanner.Plan("app", [], leftovers, Policy with { AllowEmpty = true }).Actions).Change);
        Assert.Equal(PlannedChange.Prune, Assert.Single(SyncPlanner.Plan("app", [], leftovers, Policy with { AllowEmpty = true, Confirmed = true }).Actions).Change);
    }

    [Fact]
    public void What_is_extraneous_and_stays_does_not_count_against_the_application()
    {
        (InventoryEntry entry, MapNode live) = Leftover("ConfigMap", "gone");
        live.EnsureMap("metadata").EnsureMap("annotations")["argocd.argoproj.io/compare-options"] = "IgnoreExtraneous";
        Assert.True(SyncPlanner.Plan("app", [], [(entry, live)], Policy with { Prune = false, AllowEmpty = true }).InSync);
    }

    [Fact]
    public void The_removal_of_an_application_runs_its_delete_hooks_around_the_deletions_waves_backwards()
    {
        DesiredObject before = New("Job", "before", hook: "PreDelete").Desired;
        DesiredObject after = New("Job", "after", hook: "PostDelete").Desired;
        SyncPlan plan = SyncPlanner.PlanRemoval("app", [before, after], [Leftover("ConfigMap", "first", wave: 0), Leftover("ConfigMap", "second", wave: 1), Leftover("ConfigMap", "kept", "Delete=false")], confirmed: false);
        Assert.Equal(["before", "second", "first", "after"], plan.Actions.Where(action => action.Acts).Select(action => action.Id.Name));
        Assert.Equal([SyncPhase.PreDelete, SyncPhase.Sync, SyncPhase.Sync, SyncPhase.PostDelete], plan.Waves.Select(wave => wave.Phase));
        Assert.Equal(PlannedChange.Orphan, plan.Actions.Single(action => action.Id.Name == "kept").Change);
    }

    [Fact]
    public void A_shared_object_denies_the_sync_where_that_is_asked_for()
    {
        ResourceDiff diff = New("ConfigMap", "shared");
        diff = diff with { Desired = diff.Desired with { Options = ObjectOptions.Read("FailOnSharedResource=true", ObjectOptions.Default) } };
        SyncPlan plan = SyncPlanner.Plan("app", [diff], [], Policy with { OwnerOf = (_, _) => "other" }).Through([new SharedResourceGate()]);
        Assert.Equal(GateVerdict.Deny, plan.HeldBy?.Verdict);
    }

    private static SyncPlan Plan(ResourceDiff[] diffs) => SyncPlanner.Plan("app", diffs, [], Policy);

    private static ResourceDiff New(string kind, string name, int? wave = null, string? hook = null, string? helmHook = null, string apiVersion = "v1", bool served = true, string @namespace = "", MapNode? extra = null)
    {
        MapNode annotations = [];
        foreach ((string key, string? value) in (ReadOnlySpan<(string, string?)>)[("argocd.argoproj.io/sync-wave", wave?.ToString()), ("argocd.argoproj.io/hook", hook), ("helm.sh/hook", helmHook)])
        {
            if (value is not null)
            {
                annotations[key] = value;
            }
        }

        MapNode body = new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new MapNode { ["name"] = name, ["annotations"] = annotations } };
        if (extra is not null)
        {
            body["spec"] = extra;
        }

        ResourceKind type = ResourceKind.Of(apiVersion, kind);
        DesiredObject desired = new(new ResourceId(type.Group, kind, @namespace, name), body, Origin.Unknown) { Kind = served ? new KindInfo(type, kind.ToLowerInvariant() + "s", false) : null };
        return new ResourceDiff(desired, null, body);
    }

    private static (InventoryEntry Entry, MapNode Live) Leftover(string kind, string name, string? options = null, int? wave = null)
    {
        InventoryEntry entry = new(new ResourceKind(string.Empty, "v1", kind), string.Empty, name);
        MapNode annotations = new() { [Tracking.Annotation] = Tracking.Format("app", entry.Id) };
        if (wave is not null)
        {
            annotations["argocd.argoproj.io/sync-wave"] = wave.ToString()!;
        }

        if (options is not null)
        {
            annotations["argocd.argoproj.io/sync-options"] = options;
        }

        return (entry, new MapNode { ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new MapNode { ["name"] = name, ["annotations"] = annotations } });
    }
}
