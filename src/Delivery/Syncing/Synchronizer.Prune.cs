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
        DeleteOptions delete = new() { PropagationPolicy = action.Options.PropagationPolicy, PreconditionUid = action.Live.At("metadata", "uid")?.AsString() ?? string.Empty, As = action.Options.As };
        ObjectKey key = new(served, action.Id.Namespace, action.Id.Name);
        await RetryAsync(token => cluster.DeleteAsync(key, delete, token), cancellationToken).ConfigureAwait(false);
        return new SyncStep(action.Id, SyncOutcome.Pruned, action.Reason);
    }

    /// <summary>Waits until what was pruned is gone, finalizers included, since later waves hold what those need.</summary>
    private async Task<string> WaitGoneAsync(IReadOnlyList<PlannedAction> actions, CancellationToken cancellationToken)
    {
        PlannedAction[] pruned = [.. actions.Where(action => action.Change == PlannedChange.Prune)];
        PlannedAction[] Remaining() => [.. pruned.Where(action => live.Get(action.Id)?.At("metadata", "uid")?.AsString() is { } uid && uid == action.Live!.At("metadata", "uid")?.AsString())];
        if (await live.WaitAsync([.. pruned.Select(action => action.Id)], () => Remaining().Length == 0, options.WaveTimeout, cancellationToken).ConfigureAwait(false))
        {
            return string.Empty;
        }

        PlannedAction[] stuck = Remaining();
        string finalizers = string.Join(", ", (live.Get(stuck[0].Id)?.At("metadata", "finalizers") as ListNode ?? []).Select(finalizer => finalizer.ToString()));
        return $"{stuck.Length} pruned objects are still there after {options.WaveTimeout.TotalSeconds:0} s: {stuck[0].Id}{(finalizers.Length > 0 ? $" waits for finalizers {finalizers}" : string.Empty)}";
    }
}
