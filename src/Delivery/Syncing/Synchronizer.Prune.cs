using Bowline.Cluster.Requests;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

public sealed partial class Synchronizer
{
    private async Task<SyncStep> PruneAsync(PlannedAction action, CancellationToken cancellationToken)
    {
        ResourceKind kind = ResourceKind.Of(action.Live!["apiVersion"]?.AsString() ?? string.Empty, action.Id.Kind);
        if (await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is not { } served)
        {
            return new SyncStep(action.Id, SyncOutcome.Pruned, "its kind is gone");
        }

        // Only the very object that was planned: one made anew under the same name since then is somebody else's.
        DeleteOptions delete = DeleteOptions.Background with { PreconditionUid = action.Live.At("metadata", "uid")?.AsString() ?? string.Empty };
        ObjectKey key = new(served, action.Id.Namespace, action.Id.Name);
        await RetryAsync(token => cluster.DeleteAsync(key, delete, token), cancellationToken).ConfigureAwait(false);
        return new SyncStep(action.Id, SyncOutcome.Pruned, action.Reason);
    }
}
