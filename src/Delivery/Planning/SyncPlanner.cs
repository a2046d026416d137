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
public sealed record PlanPolicy(bool Prune, bool AllowEmpty, bool RunHooks, Func<ResourceId, MapNode?, string> OwnerOf)
{
    /// <summary>The application's own options, for what is no longer in the repository.</summary>
    public ObjectOptions Options { get; init; } = ObjectOptions.Default;

    /// <summary>Whether what is to be replaced is replaced though nothing of it differs: what a server holds beyond the repository goes then.</summary>
    public bool Replaces { get; init; }

    /// <summary>How objects say whose they are.</summary>
    public TrackingMethod Tracking { get; init; } = TrackingMethod.Annotation;

    /// <summary>Whether somebody has agreed to the deletions that ask for it.</summary>
    public bool Confirmed { get; init; }
}

/// <summary>Decides what a sync does. Pure: comparisons come in, a plan goes out.</summary>
public static partial class SyncPlanner
{
    private const string CompareOptions = "argocd.argoproj.io/compare-options";

    /// <param name="leftovers">Live objects of the inventory that the desired state no longer has.</param>
    public static SyncPlan Plan(string owner, IReadOnlyList<ResourceDiff> diffs, IReadOnlyList<(InventoryEntry Entry, MapNode Live)> leftovers, PlanPolicy policy)
    {
        List<Placed> placed = [];
        foreach (ResourceDiff diff in diffs)
        {
            if (Hook.Of(diff.Desired) is not { } hooks)
            {
                placed.Add(new Placed(SyncPhase.Sync, WaveOf(diff.Desired), PlanDesired(owner, diff, policy)));
                continue;
            }

            foreach (Hook hook in policy.RunHooks ? hooks.Where(hook => !IsOfRemoval(hook.Phase)) : [])
            {
                placed.Add(new Placed(hook.Phase, WaveOf(diff.Desired), PlanHook(diff, hook)));
            }
        }

        bool emptied = diffs.All(diff => diff.Desired.Untracked) && !policy.AllowEmpty;
        List<Placed> pruned = [];
        foreach ((InventoryEntry entry, MapNode live) in leftovers)
        {
            if (PlanLeftover(owner, entry, live, policy, emptied) is { } action)
            {
                pruned.Add(new Placed(SyncPhase.Sync, WaveOf(live), action));
            }
        }

        Advance(placed);
        placed.AddRange(PlacePrunes(pruned, placed));
        return Assemble(owner, placed);
    }

    /// <summary>The end of an application: its delete hooks around the deletion of all that it has, waves backwards.</summary>
    /// <param name="hooks">Hooks of the phases PreDelete and PostDelete; others are left out.</param>
    /// <param name="usual">What holds for every object that says nothing else of its deletion; null for the defaults.</param>
    /// <param name="tracking">How objects say whose they are; null for the annotation alone.</param>
    public static SyncPlan PlanRemoval(string owner, IReadOnlyList<DesiredObject> hooks, IReadOnlyList<(InventoryEntry Entry, MapNode Live)> leftovers, bool confirmed, ObjectOptions? usual = null, TrackingMethod? tracking = null)
    {
        tracking ??= TrackingMethod.Annotation;
        List<Placed> placed = [];
        foreach (DesiredObject desired in hooks)
        {
            foreach (Hook hook in (Hook.Of(desired) ?? []).Where(hook => IsOfRemoval(hook.Phase)))
            {
                placed.Add(new Placed(hook.Phase, WaveOf(desired), PlanHook(new ResourceDiff(desired, null, desired.Body), hook)));
            }
        }

        List<Placed> deleted = [];
        foreach ((InventoryEntry entry, MapNode live) in leftovers.Where(leftover => tracking.Owner(leftover.Entry.Id, leftover.Live) == owner))
        {
            ObjectOptions options = OptionsOf(live, usual ?? ObjectOptions.Default);
            (PlannedChange change, string reason) = !options.Delete ? (PlannedChange.Orphan, "kept by Delete=false")
                : options.ConfirmDelete && !confirmed ? (PlannedChange.AwaitsConfirmation, "its application left the repository; Delete=confirm asks for a confirmation")
                : (PlannedChange.Prune, "its application left the repository");
            deleted.Add(new Placed(SyncPhase.Sync, WaveOf(live), new PlannedAction(entry.Id, change, reason) { Live = live, Options = options }));
        }

        placed.AddRange(Mirrored(deleted));
        return Assemble(owner, placed);
    }

    /// <summary>Whether hooks of this phase belong to the removal of an application.</summary>
    public static bool IsOfRemoval(SyncPhase phase) => phase is SyncPhase.PreDelete or SyncPhase.PostDelete;

    private static PlannedAction PlanHook(ResourceDiff diff, Hook hook) => diff.Desired.Kind is null
        ? new PlannedAction(diff.Desired.Id, PlannedChange.MissingKind, DescribeMissingKind(diff.Desired)) { Desired = diff.Desired, Hook = hook, Options = diff.Desired.Options }
        : new PlannedAction(diff.Desired.Id, PlannedChange.RunHook, $"{hook.Phase} hook") { Desired = diff.Desired, Live = diff.Live, Hook = hook, Options = diff.Desired.Options };

    private static PlannedAction PlanDesired(string owner, ResourceDiff diff, PlanPolicy policy)
    {
        DesiredObject desired = diff.Desired;
        (PlannedChange change, string reason) = diff switch
        {
            { Desired.Kind: null } => (PlannedChange.MissingKind, DescribeMissingKind(desired)),
            _ when !desired.Untracked && policy.OwnerOf(desired.Id, diff.Live) is var other && other != owner => (PlannedChange.Shared, $"belongs to application {other}"),
            { Live: null } => (PlannedChange.Create, "not in the cluster"),
            { Changed: true } => (PlannedChange.Update, diff.Summary),
            _ when policy.Replaces && desired is { Options.Replace: true, Untracked: false } => (PlannedChange.Update, "replaced, as it is asked for"),
            _ => (PlannedChange.None, string.Empty),
        };
        bool acts = change is PlannedChange.Create or PlannedChange.Update;
        return new PlannedAction(desired.Id, change, reason)
        {
            Desired = desired,
            Live = diff.Live,
            After = diff.Changed ? diff.After : null,
            Options = desired.Options,
            Refusal = acts ? diff.Refusal : string.Empty,
        };
    }

    private static PlannedAction? PlanLeftover(string owner, InventoryEntry entry, MapNode live, PlanPolicy policy, bool emptied)
    {
        // Only what still says that it is ours, and that no other application declares now: that one takes it over as it is.
        if (policy.Tracking.Owner(entry.Id, live) != owner || policy.OwnerOf(entry.Id, live) != owner || live.At("metadata", "deletionTimestamp") is not null)
        {
            return null;
        }

        ObjectOptions options = OptionsOf(live, policy.Options);
        (PlannedChange change, string reason) = !options.Prune ? (PlannedChange.Orphan, "left the repository, kept by Prune=false")
            : emptied ? (PlannedChange.Orphan, "left the repository, kept because nothing at all is left there (allowEmpty is off)")
            : !policy.Prune ? (PlannedChange.Orphan, "left the repository, pruning is off")
            : options.ConfirmPrune && !policy.Confirmed ? (PlannedChange.AwaitsConfirmation, "left the repository; Prune=confirm asks for a confirmation")
            : (PlannedChange.Prune, "left the repository");
        bool extraneous = change != PlannedChange.Prune && IgnoresExtraneous(live.At("metadata", "annotations"));
        return new PlannedAction(entry.Id, change, reason) { Live = live, Options = options, IsExtraneous = extraneous };
    }

    /// <summary>Whether annotations ask that their object does not count against its application.</summary>
    public static bool IgnoresExtraneous(Node? annotations) =>
        annotations?[CompareOptions]?.AsString()?.Split(',', StringSplitOptions.TrimEntries).Contains("IgnoreExtraneous") == true;

    private static ObjectOptions OptionsOf(MapNode live, ObjectOptions above) =>
        ObjectOptions.Read(live.At("metadata", "annotations", ObjectOptions.Annotation)?.AsString(), above);

    private static string DescribeMissingKind(DesiredObject desired)
    {
        string apiVersion = desired.Body["apiVersion"]?.AsString() ?? string.Empty;
        return $"the cluster serves no {apiVersion} {desired.Id.Kind}: its CustomResourceDefinition is missing (install what brings group {desired.Id.Group}, or add the CRD to the repository)";
    }

    private static int WaveOf(DesiredObject desired) => WaveOf(desired.Body);

    private static int WaveOf(MapNode node)
    {
        Node? annotations = node.At("metadata", "annotations");
        string? declared = annotations?["argocd.argoproj.io/sync-wave"]?.AsString() ?? annotations?["helm.sh/hook-weight"]?.AsString();
        return int.TryParse(declared, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int wave) ? wave : 0;
    }
}
