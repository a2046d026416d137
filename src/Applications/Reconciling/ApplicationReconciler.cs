using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>What a look at one application found: its plan against the live cluster, and everything the plan was made from.</summary>
public sealed record Observation(SyncPlan Plan, IReadOnlyList<DesiredObject> Desired, Inventory Inventory);

/// <summary>Brings one application's objects on one cluster to what the repository says, and says how that stands.</summary>
public sealed class ApplicationReconciler(DeliveryTarget target)
{
    /// <summary>Compares without changing anything but, on an embedded cluster, adding assumed kinds.</summary>
    public async Task<Observation> ObserveAsync(RenderedApplication application, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<ResourceKind, KindInfo?> kinds = await target.Kinds.ResolveAsync(application.Resources, cancellationToken).ConfigureAwait(false);
        KindInfo? FindKind(ResourceKind kind) => kinds.GetValueOrDefault(kind) ?? CoreKinds.Find(kind);
        ApplicationSpec spec = application.Spec;
        IReadOnlyList<DesiredObject> desired = Preparation.Prepare(
            new DesiredState(spec.Name, NamespaceOf(spec), application.Resources) { CreateNamespace = spec.Policy.CreateNamespace }, FindKind, ServedKinds.IsNamespaced);
        Inventory inventory = await target.Inventories.ReadAsync(spec.Name, cancellationToken).ConfigureAwait(false);
        await WatchAsync(desired, inventory, cancellationToken).ConfigureAwait(false);

        List<ResourceDiff> diffs = new(desired.Count);
        foreach (DesiredObject item in desired)
        {
            diffs.Add(await target.Differ.CompareAsync(item, target.Live.Get(item.Id), cancellationToken).ConfigureAwait(false));
        }

        HashSet<ResourceId> wanted = [.. desired.Select(item => item.Id)];
        List<(InventoryEntry, MapNode)> leftovers = [];
        foreach (InventoryEntry entry in inventory.Entries)
        {
            if (!wanted.Contains(entry.Id) && target.Live.Get(entry.Id) is { } live)
            {
                leftovers.Add((entry, live));
            }
        }

        PlanPolicy policy = new(spec.Policy.Prune, spec.Policy.AllowEmpty, inventory.Synced != application.Fingerprint, (id, live) => target.Ownership.OwnerOf(spec.Name, id, live));
        return new Observation(SyncPlanner.Plan(spec.Name, diffs, leftovers, policy), desired, inventory);
    }

    /// <summary>Carries out what was observed; the inventory grows before the first object is applied and shrinks after the last.</summary>
    public async Task<SyncResult> SyncAsync(RenderedApplication application, Observation observation, Action<SyncStep>? progress, CancellationToken cancellationToken)
    {
        string owner = application.Spec.Name;
        InventoryEntry[] mine = [.. observation.Plan.Actions
            .Where(action => action is { Hook: null, Desired: { Kind: not null, Untracked: false }, Change: not PlannedChange.Shared })
            .Select(action => new InventoryEntry(action.Desired!.Kind!.Kind, action.Id.Namespace, action.Id.Name))];
        Inventory during = new([.. observation.Inventory.Entries.Union(mine)], observation.Inventory.Synced) { PruneOnRemoval = application.Spec.Policy.Prune };
        await WriteAsync(owner, observation.Inventory, during, cancellationToken).ConfigureAwait(false);

        SyncResult result = await target.Synchronizer.RunAsync(observation.Plan, progress, cancellationToken).ConfigureAwait(false);

        HashSet<ResourceId> pruned = [.. result.Steps.Where(step => step.Outcome == SyncOutcome.Pruned).Select(step => step.Id)];
        // A kind whose API does not answer just now is not a kind of which nothing is left.
        bool MayExist(InventoryEntry entry) => mine.Contains(entry) || target.Live.Get(entry.Id) is not null || !target.Live.Knows(entry.Kind);
        InventoryEntry[] kept = [.. during.Entries.Where(entry => !pruned.Contains(entry.Id) && MayExist(entry))];
        Inventory after = during with { Entries = kept, Synced = result.Succeeded ? application.Fingerprint : observation.Inventory.Synced };
        await WriteAsync(owner, during, after, cancellationToken).ConfigureAwait(false);
        return result;
    }

    public HealthReport Assess(Observation observation) => HealthAssessor.Worst(observation.Plan.Actions
        .Where(action => action is { Desired.Untracked: false, Hook: null, Change: not PlannedChange.Shared and not PlannedChange.Prune })
        .Select(action => (action.Id, Assess(action.Id, target.Live.Get(action.Id)))));

    private HealthReport Assess(ResourceId id, MapNode? live)
    {
        HealthReport own = target.Health.Assess(id, live);
        return own.Status == HealthStatus.Progressing && live is not null && CoreKinds.RunsPods(id) ? PodTrouble.Find(live, target.Live.OwnedBy) ?? own : own;
    }

    /// <summary>Where namespaced objects go that say nothing themselves.</summary>
    public static string NamespaceOf(ApplicationSpec spec) => spec.Destination.Namespace.Length > 0 ? spec.Destination.Namespace : "default";

    private async Task WatchAsync(IReadOnlyList<DesiredObject> desired, Inventory inventory, CancellationToken cancellationToken)
    {
        List<KindInfo> known = [];
        foreach (ResourceKind kind in desired.Where(item => item.Kind is not null).Select(item => item.Kind!.Kind).Concat(inventory.Entries.Select(entry => entry.Kind)).Distinct())
        {
            // A kind whose CRD is part of this very delivery is not served yet, so there is nothing of it to watch.
            if (await target.Cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is { } served)
            {
                known.Add(served);
            }
        }

        if (known.Any(kind => CoreKinds.RunsPods(new ResourceId(kind.Kind.Group, kind.Kind.Kind, string.Empty, string.Empty))))
        {
            known.AddRange(CoreKinds.BelowWorkloads);
        }

        await target.Live.EnsureAsync(known, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync(string owner, Inventory before, Inventory after, CancellationToken cancellationToken)
    {
        if (before.Synced != after.Synced || before.PruneOnRemoval != after.PruneOnRemoval || !before.Entries.ToHashSet().SetEquals(after.Entries))
        {
            await target.Inventories.WriteAsync(owner, after, cancellationToken).ConfigureAwait(false);
        }
    }
}
