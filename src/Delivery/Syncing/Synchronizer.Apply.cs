using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Planning;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Syncing;

public sealed partial class Synchronizer
{
    private async Task<SyncStep> ApplyAsync(PlannedAction action, SyncRun run, CancellationToken cancellationToken)
    {
        if (action.Id.Name.Length == 0)
        {
            return new SyncStep(action.Id, SyncOutcome.Failed, Describe(action, "it has no name (generateName is for hooks only)"));
        }

        DesiredObject desired = action.Desired!;
        MapNode applied;
        try
        {
            applied = desired.Options switch
            {
                { Replace: true, Force: true } when action.Live is not null => await RecreateAsync(desired, cancellationToken).ConfigureAwait(false),
                { Replace: true } => await ReplaceAsync(desired, cancellationToken).ConfigureAwait(false),
                { ServerSideApply: false } => await MergeAsync(desired, cancellationToken).ConfigureAwait(false),
                _ => await ApplyServerSideAsync(action, cancellationToken).ConfigureAwait(false),
            };
        }
        catch (ClusterException refused) when (desired.Options.Force && action.Live is not null && Refusals.IsImmutable(refused))
        {
            applied = await RecreateAsync(desired, cancellationToken).ConfigureAwait(false);
        }

        live.Observe(applied);
        run.Applied(desired, applied);
        return new SyncStep(action.Id, action.Change == PlannedChange.Create ? SyncOutcome.Created : SyncOutcome.Configured, action.Reason);
    }

    private async Task<MapNode> ApplyServerSideAsync(PlannedAction action, CancellationToken cancellationToken)
    {
        DesiredObject desired = action.Desired!;
        if (action.Live is { } before && desired.Options.MigrateClientSideApply && ClientSideMigration.HandOver(before) is { } patch)
        {
            await RetryAsync(token => cluster.PatchAsync(desired.Key, PatchKind.Json, patch, Writing(desired), token), cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await RetryAsync(token => KeyedLists.ApplyAsync(cluster, desired, Writing(desired) with { Force = true }, token), cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException refused) when (!desired.Options.Validate && Refusals.IsUnknownField(refused))
        {
            // Server-side apply knows no leniency; the merge on this side does.
            return await MergeAsync(desired, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<MapNode> ReplaceAsync(DesiredObject desired, CancellationToken cancellationToken) => RetryAsync(async token =>
    {
        if (await cluster.GetAsync(desired.Key, token).ConfigureAwait(false) is not { } present)
        {
            return await cluster.CreateAsync(desired.Kind!, desired.Id.Namespace, (MapNode)desired.Body.DeepClone(), Writing(desired), token).ConfigureAwait(false);
        }

        return await cluster.UpdateAsync(desired.Key, At(desired.Body, present), Writing(desired), token).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>What <c>kubectl apply</c> does: merges what changed between the last-applied annotation and the repository into the live object.</summary>
    private Task<MapNode> MergeAsync(DesiredObject desired, CancellationToken cancellationToken) => RetryAsync(async token =>
    {
        MapNode? present = await cluster.GetAsync(desired.Key, token).ConfigureAwait(false);
        Schema? schema = KubernetesKinds.Find(desired.Kind!.Kind)?.Schema;
        MapNode merged = ThreeWayMerge.Merge(present, desired.Body, schema);
        return present is null
            ? await cluster.CreateAsync(desired.Kind!, desired.Id.Namespace, merged, Writing(desired), token).ConfigureAwait(false)
            : await cluster.UpdateAsync(desired.Key, At(merged, present), Writing(desired), token).ConfigureAwait(false);
    }, cancellationToken);

    private async Task<MapNode> RecreateAsync(DesiredObject desired, CancellationToken cancellationToken)
    {
        await RetryAsync(token => cluster.DeleteAsync(desired.Key, new DeleteOptions { PropagationPolicy = desired.Options.PropagationPolicy, As = desired.Options.As }, token), cancellationToken).ConfigureAwait(false);
        await live.WaitAsync([desired.Id], () => live.Get(desired.Id) is null, options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        return await RetryAsync(token => KeyedLists.ApplyAsync(cluster, desired, Writing(desired) with { Force = true }, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A copy of what is to be written, that fails when somebody else writes in between.</summary>
    private static MapNode At(MapNode body, MapNode present)
    {
        MapNode copy = (MapNode)body.DeepClone();
        if (present.At("metadata", "resourceVersion") is { } version)
        {
            copy.EnsureMap("metadata")["resourceVersion"] = version;
        }

        return copy;
    }

    private static WriteOptions Writing(DesiredObject desired) => new()
    {
        FieldManager = Differ.FieldManager,
        FieldValidation = desired.Options.Validate ? string.Empty : "Ignore",
        As = desired.Options.As,
    };
}
