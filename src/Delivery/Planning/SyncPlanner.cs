using System.Globalization;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Planning;

/// <summary>What the application's policy allows.</summary>
/// <param name="Prune">Delete what left the repository.</param>
/// <param name="AllowEmpty">Prune even when the repository renders to nothing at all.</param>
/// <param name="RunHooks">Run hooks: for a desired state that was not delivered before.</param>
/// <param name="OwnerOf">Who may own an object that exists (the live one) or not (null): the application itself, or another that came first.</param>
public sealed record PlanPolicy(bool Prune, bool AllowEmpty, bool RunHooks, Func<ResourceId, MapNode?, string> OwnerOf);

/// <summary>Decides what a sync does. Pure: comparisons come in, a plan goes out.</summary>
public static class SyncPlanner
{
    /// <param name="leftovers">Live objects of the inventory that the desired state no longer has.</param>
    public static SyncPlan Plan(string owner, IReadOnlyList<ResourceDiff> diffs, IReadOnlyList<(InventoryEntry Entry, MapNode Live)> leftovers, PlanPolicy policy)
    {
        SortedDictionary<(SyncPhase Phase, int Wave), List<PlannedAction>> waves = [];
        foreach (ResourceDiff diff in diffs)
        {
            Hook? hook = Hook.Of(diff.Desired, out bool skipped);
            if (skipped || (hook is not null && !policy.RunHooks))
            {
                continue;
            }

            AddTo(waves, hook?.Phase ?? SyncPhase.Sync, WaveOf(diff.Desired), PlanDesired(owner, diff, hook, policy));
        }

        bool emptied = diffs.All(diff => diff.Desired.Untracked) && !policy.AllowEmpty;
        foreach ((InventoryEntry entry, MapNode live) in leftovers)
        {
            if (PlanLeftover(owner, entry, live, policy, emptied) is { } action)
            {
                AddTo(waves, SyncPhase.Sync, waves.Keys.Where(key => key.Phase == SyncPhase.Sync).Select(key => key.Wave).DefaultIfEmpty(0).Max(), action);
            }
        }

        return new SyncPlan(owner, [.. waves.Select(wave => new SyncWave(wave.Key.Phase, wave.Key.Wave, InOrder(wave.Value)))]);
    }

    private static PlannedAction PlanDesired(string owner, ResourceDiff diff, Hook? hook, PlanPolicy policy)
    {
        DesiredObject desired = diff.Desired;
        (PlannedChange change, string reason) = (diff, hook) switch
        {
            ({ Desired.Kind: null }, _) => (PlannedChange.MissingKind, DescribeMissingKind(desired)),
            (_, not null) => (PlannedChange.RunHook, $"{hook.Phase} hook"),
            _ when !desired.Untracked && policy.OwnerOf(desired.Id, diff.Live) is var other && other != owner => (PlannedChange.Shared, $"belongs to application {other}"),
            ({ Live: null }, _) => (PlannedChange.Create, "not in the cluster"),
            ({ Changed: true }, _) => (PlannedChange.Update, diff.Summary),
            _ => (PlannedChange.None, string.Empty),
        };
        return new PlannedAction(desired.Id, change, reason) { Desired = desired, Live = diff.Live, After = diff.Changed ? diff.After : null, Hook = hook };
    }

    private static PlannedAction? PlanLeftover(string owner, InventoryEntry entry, MapNode live, PlanPolicy policy, bool emptied)
    {
        // Only what still says that it is ours: another application may have taken the object over since.
        if (Tracking.Owner(entry.Id, live) != owner || live.At("metadata", "deletionTimestamp") is not null)
        {
            return null;
        }

        string options = live.At("metadata", "annotations", "argocd.argoproj.io/sync-options")?.AsString() ?? string.Empty;
        bool kept = options.Split(',', StringSplitOptions.TrimEntries).Contains("Prune=false");
        string? refusal = kept ? "left the repository, kept by Prune=false"
            : emptied ? "left the repository, kept because nothing at all is left there (allowEmpty is off)"
            : policy.Prune ? null
            : "left the repository, pruning is off";
        return refusal is null
            ? new PlannedAction(entry.Id, PlannedChange.Prune, "left the repository") { Live = live }
            : new PlannedAction(entry.Id, PlannedChange.Orphan, refusal) { Live = live };
    }

    private static string DescribeMissingKind(DesiredObject desired)
    {
        string apiVersion = desired.Body["apiVersion"]?.AsString() ?? string.Empty;
        return $"the cluster serves no {apiVersion} {desired.Id.Kind}: its CustomResourceDefinition is missing (install what brings group {desired.Id.Group}, or add the CRD to the repository)";
    }

    private static int WaveOf(DesiredObject desired)
    {
        string? declared = desired.Annotation("argocd.argoproj.io/sync-wave") ?? desired.Annotation("helm.sh/hook-weight");
        return int.TryParse(declared, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int wave) ? wave : 0;
    }

    private static void AddTo(SortedDictionary<(SyncPhase, int), List<PlannedAction>> waves, SyncPhase phase, int wave, PlannedAction action)
    {
        if (!waves.TryGetValue((phase, wave), out List<PlannedAction>? actions))
        {
            waves[(phase, wave)] = actions = [];
        }

        actions.Add(action);
    }

    private static PlannedAction[] InOrder(List<PlannedAction> actions) =>
        [.. actions.OrderBy(action => action.Change == PlannedChange.Prune).ThenBy(action => KindOrder.TierOf(action.Id)).ThenBy(action => action.Id.Kind, StringComparer.Ordinal).ThenBy(action => action.Id.Namespace, StringComparer.Ordinal).ThenBy(action => action.Id.Name, StringComparer.Ordinal)];
}
