using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>What the end of an application did.</summary>
/// <param name="Pruned">How many objects were deleted.</param>
/// <param name="Waiting">Objects that stay until somebody confirms their deletion.</param>
public sealed record RemovalResult(int Pruned, IReadOnlyList<ResourceId> Waiting, string Problem)
{
    /// <summary>Objects that other applications declare now, the same one under another name perhaps, and have yet to take over; its record stays until they have.</summary>
    public IReadOnlyList<ResourceId> Left { get; init; } = [];
}

/// <summary>How an application's objects part from it.</summary>
/// <param name="Prune">Whether they are deleted; null for what its inventory says.</param>
/// <param name="Propagation">Foreground or Background for all of them; empty for what each asks for.</param>
/// <param name="Approved">Whether the deletions that ask for it are agreed to.</param>
public sealed record Farewell(bool? Prune, string Propagation, bool Approved = false)
{
    /// <summary>The user in whose name they are deleted; empty for the connection's own, null for the one that wrote them.</summary>
    public string? By { get; init; }

    /// <summary>Why nobody may delete them; empty when somebody may.</summary>
    public string Refusal { get; init; } = string.Empty;
}

/// <summary>Ends an application that left the repository: prunes what it had, if its policy said so while it was there, between its delete hooks, and forgets it.</summary>
public sealed class ApplicationRemoval(DeliveryTarget target, TimeProvider time)
{
    public async Task<RemovalResult> RemoveAsync(string owner, Farewell farewell, CancellationToken cancellationToken)
    {
        await target.PrepareAsync(cancellationToken).ConfigureAwait(false);
        Inventory inventory = await target.Inventories.ReadAsync(owner, cancellationToken).ConfigureAwait(false);
        SyncResult result = new([], string.Empty);
        SyncPlan plan = new(owner, []);
        List<(InventoryEntry Entry, MapNode Live)> leftovers = await LeftoversAsync(inventory, cancellationToken).ConfigureAwait(false);
        ResourceId[] left = [.. leftovers.Where(leftover => IsClaimed(owner, leftover.Entry.Id, leftover.Live)).Select(leftover => leftover.Entry.Id)];
        leftovers.RemoveAll(leftover => left.Contains(leftover.Entry.Id));
        if (farewell.Prune ?? inventory.PruneOnRemoval)
        {
            if (farewell.Refusal.Length > 0)
            {
                return new RemovalResult(0, [], farewell.Refusal);
            }

            ObjectOptions usual = ObjectOptions.Default with { As = farewell.By ?? inventory.As };
            bool confirmed = farewell.Approved || inventory.Confirmed is not null || inventory.Request?.Verb == "confirm";
            leftovers.AddRange(await HooksLeftAsync(owner, inventory, cancellationToken).ConfigureAwait(false));
            plan = SyncPlanner.PlanRemoval(owner, await HooksAsync(owner, inventory, usual, cancellationToken).ConfigureAwait(false), leftovers, confirmed, farewell.Propagation.Length > 0 ? usual with { PropagationPolicy = farewell.Propagation } : usual, target.Settings.Tracking);
            SyncOperation operation = inventory.Operation is { Fingerprint: Removal } begun ? begun : SyncOperation.Begin(Removal, time.GetUtcNow());
            SyncRun run = new(operation)
            {
                SaveAsync = (reached, token) => target.Inventories.WriteAsync(owner, inventory with { Operation = reached }, token),
            };
            result = await target.Synchronizer.RunAsync(plan, run, cancellationToken).ConfigureAwait(false);
        }

        ResourceId[] waiting = [.. plan.Actions.Where(action => action.Change == PlannedChange.AwaitsConfirmation).Select(action => action.Id)];
        if (result.Succeeded && waiting.Length == 0 && left.Length == 0)
        {
            await target.Inventories.DeleteAsync(owner, cancellationToken).ConfigureAwait(false);
        }

        return new RemovalResult(result.Steps.Count(step => step.Outcome == SyncOutcome.Pruned), waiting, result.Succeeded ? string.Empty : StatusMessage.Of(result)) { Left = left };
    }

    /// <summary>Whether the object still says that it is the application's, and another one declares it.</summary>
    private bool IsClaimed(string owner, ResourceId id, MapNode live) => target.Settings.Tracking.Owner(id, live) == owner && target.Ownership.OwnerOf(owner, id, live) != owner;

    /// <summary>Stands for a desired state of nothing.</summary>
    private const string Removal = "removal";

    private async Task<IReadOnlyList<DesiredObject>> HooksAsync(string owner, Inventory inventory, ObjectOptions options, CancellationToken cancellationToken)
    {
        List<DesiredObject> hooks = [];
        IReadOnlyList<MapNode> secret = inventory.HasSecretHooks ? await target.Inventories.ReadSecretHooksAsync(owner, cancellationToken).ConfigureAwait(false) : [];
        foreach (MapNode body in inventory.DeleteHooks.Concat(secret))
        {
            Resource resource = new((MapNode)body.Freeze());
            KindInfo? kind = await target.Cluster.FindKindAsync(resource.Kind, cancellationToken).ConfigureAwait(false);
            hooks.Add(new DesiredObject(resource.Id, resource.Node, Origin.Unknown) { Kind = kind, Options = options });
            await target.Live.EnsureAsync(kind is null ? [] : [kind, .. CoreKinds.BelowWorkloads], cancellationToken).ConfigureAwait(false);
        }

        return hooks;
    }

    /// <summary>Objects of hooks that their policies let stay: they are the application's like any other.</summary>
    private async Task<List<(InventoryEntry, MapNode)>> HooksLeftAsync(string owner, Inventory inventory, CancellationToken cancellationToken)
    {
        List<(InventoryEntry, MapNode)> left = [];
        foreach (ResourceKind of in inventory.HookKinds)
        {
            if (await target.Cluster.FindKindAsync(of, cancellationToken).ConfigureAwait(false) is { } kind)
            {
                await target.Live.EnsureAsync([kind], cancellationToken).ConfigureAwait(false);
                foreach (MapNode live in target.Live.List(kind.Kind))
                {
                    ResourceId id = new Resource(live).Id;
                    if (Synchronizer.IsHookOfSync(live) && target.Settings.Tracking.Owner(id, live) == owner)
                    {
                        left.Add((new InventoryEntry(kind.Kind, id.Namespace, id.Name), live));
                    }
                }
            }
        }

        return left;
    }

    private async Task<List<(InventoryEntry, MapNode)>> LeftoversAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        List<(InventoryEntry, MapNode)> leftovers = [];
        foreach (IGrouping<ResourceKind, InventoryEntry> entries in inventory.Entries.GroupBy(entry => entry.Kind))
        {
            if (await target.Cluster.FindKindAsync(entries.Key, cancellationToken).ConfigureAwait(false) is { } kind)
            {
                await target.Live.EnsureAsync([kind], cancellationToken).ConfigureAwait(false);
                foreach (InventoryEntry entry in entries)
                {
                    // A sync that was cut short may have made what the watch has yet to tell of.
                    MapNode? live = target.Live.Get(entry.Id) ?? await target.Cluster.GetAsync(new ObjectKey(kind, entry.Namespace, entry.Name), cancellationToken).ConfigureAwait(false);
                    if (live is not null)
                    {
                        leftovers.Add((entry, live));
                    }
                }
            }
        }

        return leftovers;
    }
}
