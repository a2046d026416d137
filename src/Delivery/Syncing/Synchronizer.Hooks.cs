using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

public sealed partial class Synchronizer
{
    private async Task<SyncStep> RunHookAsync(PlannedAction action, CancellationToken cancellationToken)
    {
        DesiredObject desired = action.Desired!;
        Hook hook = action.Hook!;
        if (desired.Id.Name.Length > 0 && hook.DeletePolicies.HasFlag(HookDeletePolicies.BeforeHookCreation))
        {
            await DeleteHookAsync(desired.Key, cancellationToken).ConfigureAwait(false);
        }

        MapNode made = desired.Id.Name.Length > 0
            ? await RetryAsync(token => cluster.ApplyAsync(desired.Key, desired.Body, Apply, token), cancellationToken).ConfigureAwait(false)
            : await cluster.CreateAsync(desired.Kind!, desired.Id.Namespace, (MapNode)desired.Body.DeepClone(), new WriteOptions { FieldManager = Differ.FieldManager }, cancellationToken).ConfigureAwait(false);
        ResourceId id = desired.Id with { Name = made.At("metadata", "name")?.AsString() ?? desired.Id.Name };
        live.Observe(made);

        HealthReport outcome = HealthReport.Missing;
        bool ended = await live.WaitAsync(
            () => (outcome = health.Assess(id, live.Get(id))).Status is HealthStatus.Healthy or HealthStatus.Degraded, options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        bool succeeded = ended && outcome.Status == HealthStatus.Healthy;
        if (hook.DeletePolicies.HasFlag(succeeded ? HookDeletePolicies.HookSucceeded : HookDeletePolicies.HookFailed))
        {
            await DeleteHookAsync(desired.Key with { Name = id.Name }, cancellationToken).ConfigureAwait(false);
        }

        return succeeded
            ? new SyncStep(id, SyncOutcome.HookSucceeded, $"{hook.Phase} hook")
            : new SyncStep(id, SyncOutcome.Failed, ended ? $"{hook.Phase} hook failed: {outcome.Message}" : $"{hook.Phase} hook did not end within {options.WaveTimeout.TotalSeconds:0} s: {outcome.Message}");
    }

    private async Task DeleteHookAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await cluster.DeleteAsync(key, DeleteOptions.Background, cancellationToken).ConfigureAwait(false))
        {
            await live.WaitAsync(() => live.Get(key.Id) is null, options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        }
    }
}
