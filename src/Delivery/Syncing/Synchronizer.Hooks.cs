using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

public sealed partial class Synchronizer
{
    /// <summary>The sync that made a hook's object, and the phase: one that starts over finds its own hooks by it, and one that runs an object in two phases makes it twice.</summary>
    private const string OperationAnnotation = "bowline.dev/operation";

    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(5);

    private async Task<SyncStep> RunHookAsync(PlannedAction action, HookLedger ledger, CancellationToken cancellationToken)
    {
        if (ledger.IsDone(action))
        {
            return new SyncStep(action.Id, SyncOutcome.HookSucceeded, $"{action.Hook!.Phase} hook, which this sync ran before it was interrupted");
        }

        DesiredObject hook = Named(action.Desired!, action.Hook!, ledger.Run.Operation);
        ledger.Start(hook);
        if (!IsUnderWay(live.Get(hook.Id), MarkOf(ledger.Run.Operation, action.Hook!)))
        {
            if (action.Hook!.DeletePolicies.HasFlag(HookDeletePolicies.BeforeHookCreation))
            {
                await DeleteHookAsync(hook, cancellationToken).ConfigureAwait(false);
            }

            live.Observe(await RetryAsync(token => KeyedLists.ApplyAsync(cluster, hook, Writing(hook) with { Force = true }, token), cancellationToken).ConfigureAwait(false));
        }

        (bool succeeded, string message) = await WaitForHookAsync(hook.Id, reason => ledger.Wait(hook, $"{action.Hook!.Phase} hook {hook.Id}{reason}"), cancellationToken).ConfigureAwait(false);
        ledger.End(action, hook, succeeded);
        return succeeded
            ? new SyncStep(hook.Id, SyncOutcome.HookSucceeded, $"{action.Hook!.Phase} hook") { Planned = action.Id }
            : new SyncStep(hook.Id, SyncOutcome.Failed, Describe(action, $"{action.Hook!.Phase} hook {message}")) { Planned = action.Id };
    }

    /// <summary>Whether the object was made by this very sync and has not failed: then it is waited for, not made again.</summary>
    private bool IsUnderWay(MapNode? present, string mark) =>
        present?.At("metadata", "annotations", OperationAnnotation)?.AsString() == mark
        && present.At("metadata", "deletionTimestamp") is null
        && health.Assess(new Resource(present).Id, present).Status != HealthStatus.Degraded;

    private async Task<(bool Succeeded, string Message)> WaitForHookAsync(ResourceId id, Action<string> waits, CancellationToken cancellationToken)
    {
        // A Job that cleans up after itself is gone soon after it ended, so the last that was seen of it counts.
        HealthReport last = HealthReport.Missing;
        bool gone = false;
        bool Ended()
        {
            MapNode? present = live.Get(id);
            gone = present is null;
            last = gone ? last : health.Assess(id, present);
            bool over = gone || last.Status is HealthStatus.Healthy or HealthStatus.Degraded;
            if (!over)
            {
                waits(last.Message.Length > 0 ? $": {last.Message}" : string.Empty);
            }

            return over;
        }

        bool ended = await live.WaitAsync([id], Ended, options.HookTimeout, cancellationToken, before => last = health.Assess(id, before)).ConfigureAwait(false);
        return last.Status switch
        {
            HealthStatus.Healthy => (true, string.Empty),
            _ when !ended => (false, $"did not end within {options.HookTimeout.TotalSeconds:0} s: {last.Message}"),
            HealthStatus.Degraded => (false, $"failed: {last.Message}"),
            _ => (false, "was deleted while it ran"),
        };
    }

    /// <summary>At the end of a phase: what succeeded is written down, then what is to go goes.</summary>
    private async Task FinishHooksAsync(HookLedger ledger, CancellationToken cancellationToken)
    {
        if (ledger.TakeUnsaved())
        {
            await ledger.Run.SaveAsync(ledger.Operation, cancellationToken).ConfigureAwait(false);
        }

        foreach (DesiredObject hook in ledger.TakeDeletable())
        {
            try
            {
                await cluster.DeleteAsync(hook.Key, Deleting(hook), cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException)
            {
                // What it did is done; the next sync that runs the hook deletes it before, or says why it cannot.
            }
        }
    }

    /// <summary>A sync that was terminated or overtaken leaves no hook running; it may take no longer than a moment, whatever the server does.</summary>
    private async Task EndHooksAsync(HookLedger ledger)
    {
        if (!ledger.Run.EndsHooks())
        {
            return;
        }

        using CancellationTokenSource limit = new(FarewellTimeout, time);
        foreach (DesiredObject hook in ledger.Running)
        {
            try
            {
                await cluster.DeleteAsync(hook.Key, Deleting(hook), limit.Token).ConfigureAwait(false);
            }
            catch (Exception unreachable) when (unreachable is ClusterException or OperationCanceledException)
            {
                // It cannot be had now; the sync is over all the same.
            }
        }
    }

    private async Task DeleteHookAsync(DesiredObject hook, CancellationToken cancellationToken)
    {
        if (live.Get(hook.Id) is not null && await cluster.DeleteAsync(hook.Key, Deleting(hook), cancellationToken).ConfigureAwait(false))
        {
            await live.WaitAsync([hook.Id], () => live.Get(hook.Id) is null, options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string MarkOf(SyncOperation operation, Hook hook) => $"{operation.Id}/{hook.Phase}";

    /// <summary>Whether a live object was made as a hook of an application's syncs, and is not one of its removal.</summary>
    public static bool IsHookOfSync(MapNode live) => live.At("metadata", "annotations", OperationAnnotation)?.AsString() is { } mark
        && !(Enum.TryParse(mark[(mark.LastIndexOf('/') + 1)..], out SyncPhase phase) && SyncPlanner.IsOfRemoval(phase));

    private static DeleteOptions Deleting(DesiredObject hook) => DeleteOptions.Background with { As = hook.Options.As };

    /// <summary>The hook's object with the sync it belongs to; generateName becomes a name that the same sync gives again.</summary>
    private static DesiredObject Named(DesiredObject desired, Hook hook, SyncOperation operation)
    {
        MapNode body = (MapNode)desired.Body.DeepClone();
        MapNode metadata = body.EnsureMap("metadata");
        ResourceId id = desired.Id;
        if (id.Name.Length == 0)
        {
            id = id with { Name = $"{metadata["generateName"]?.AsString()}{operation.Id}-{hook.Phase.ToString().ToLowerInvariant()}" };
            metadata["name"] = id.Name;
            metadata.Remove("generateName");
        }

        MapNode annotations = metadata.EnsureMap("annotations");
        annotations[OperationAnnotation] = MarkOf(operation, hook);
        if (Tracking.Owner(desired.Id, body) is { } owner)
        {
            annotations[Tracking.Annotation] = Tracking.Format(owner, id);
        }

        body.Freeze();
        return desired with { Id = id, Body = body };
    }
}
