using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>Ends an application that left the repository: prunes what it had, if its policy said so while it was there, and forgets it.</summary>
public sealed class ApplicationRemoval(DeliveryTarget target)
{
    /// <returns>How many objects were deleted.</returns>
    public async Task<int> RemoveAsync(string owner, CancellationToken cancellationToken)
    {
        Inventory inventory = await target.Inventories.ReadAsync(owner, cancellationToken).ConfigureAwait(false);
        SyncResult result = new([], string.Empty);
        if (inventory.PruneOnRemoval)
        {
            List<(InventoryEntry, MapNode)> leftovers = [];
            foreach (InventoryEntry entry in inventory.Entries)
            {
                if (await target.Cluster.FindKindAsync(entry.Kind, cancellationToken).ConfigureAwait(false) is { } kind
                    && await target.Cluster.GetAsync(new ObjectKey(kind, entry.Namespace, entry.Name), cancellationToken).ConfigureAwait(false) is { } live)
                {
                    leftovers.Add((entry, live));
                }
            }

            PlanPolicy policy = new(Prune: true, AllowEmpty: true, RunHooks: false, (_, _) => owner);
            result = await target.Synchronizer.RunAsync(SyncPlanner.Plan(owner, [], leftovers, policy), progress: null, cancellationToken).ConfigureAwait(false);
        }

        if (result.Succeeded)
        {
            await target.Inventories.DeleteAsync(owner, cancellationToken).ConfigureAwait(false);
        }

        return result.Steps.Count(step => step.Outcome == SyncOutcome.Pruned);
    }
}
