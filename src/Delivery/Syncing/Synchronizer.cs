using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

/// <summary>Carries out a plan: phase by phase, wave by wave, in parallel within a wave where kinds do not need each other.</summary>
public sealed partial class Synchronizer(ICluster cluster, LiveState live, HealthAssessor health, TimeProvider time, SyncOptions options)
{
    private static readonly WriteOptions Apply = new() { FieldManager = Differ.FieldManager, Force = true };

    /// <summary>Runs to the end, to the first wave that fails, or until cancelled.</summary>
    /// <param name="progress">Told about every object as soon as it is dealt with.</param>
    public async Task<SyncResult> RunAsync(SyncPlan plan, Action<SyncStep>? progress, CancellationToken cancellationToken)
    {
        ConcurrentQueue<SyncStep> steps = new();
        void Report(SyncStep step)
        {
            steps.Enqueue(step);
            progress?.Invoke(step);
        }

        SyncWave[] waves = [.. plan.Waves.Where(wave => wave.Phase != SyncPhase.SyncFail)];
        string stopped = string.Empty;
        for (int i = 0; i < waves.Length && stopped.Length == 0; i++)
        {
            bool last = !waves.Skip(i + 1).Any(later => later.Actions.Any(action => action.Acts));
            stopped = await RunWaveAsync(waves[i], last, Report, cancellationToken).ConfigureAwait(false);
        }

        if (stopped.Length > 0)
        {
            foreach (SyncWave wave in plan.Waves.Where(wave => wave.Phase == SyncPhase.SyncFail))
            {
                await RunWaveAsync(wave, last: true, Report, cancellationToken).ConfigureAwait(false);
            }
        }

        return new SyncResult([.. steps], stopped);
    }

    /// <returns>Why the sync must stop after this wave; empty to go on.</returns>
    private async Task<string> RunWaveAsync(SyncWave wave, bool last, Action<SyncStep> report, CancellationToken cancellationToken)
    {
        int failures = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        foreach (IGrouping<int, PlannedAction> tier in wave.Actions.GroupBy(TierOf).OrderBy(group => group.Key))
        {
            await Parallel.ForEachAsync(tier, parallel, async (action, token) =>
            {
                SyncStep step = await RunActionAsync(action, token).ConfigureAwait(false);
                if (step.Outcome == SyncOutcome.Failed)
                {
                    Interlocked.Increment(ref failures);
                }

                report(step);
            }).ConfigureAwait(false);
            if (tier.Any(action => action is { Id.Kind: "CustomResourceDefinition", Acts: true }))
            {
                await WaitHealthyAsync([.. tier], cancellationToken).ConfigureAwait(false);
                cluster.ForgetDiscovery();
            }
        }

        if (failures > 0)
        {
            return $"{failures} of {wave.Actions.Count} objects of wave {wave.Number} ({wave.Phase}) failed";
        }

        return last ? string.Empty : await WaitHealthyAsync(wave.Actions, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pruning comes after everything of its wave, so that what replaces an object is there first.</summary>
    private static int TierOf(PlannedAction action) => action.Change == PlannedChange.Prune ? int.MaxValue : KindOrder.TierOf(action.Id);

    private async Task<SyncStep> RunActionAsync(PlannedAction action, CancellationToken cancellationToken)
    {
        try
        {
            return action.Change switch
            {
                PlannedChange.Create or PlannedChange.Update => await ApplyAsync(action, cancellationToken).ConfigureAwait(false),
                PlannedChange.Prune => await PruneAsync(action, cancellationToken).ConfigureAwait(false),
                PlannedChange.RunHook => await RunHookAsync(action, cancellationToken).ConfigureAwait(false),
                PlannedChange.None => new SyncStep(action.Id, SyncOutcome.Unchanged, string.Empty),
                _ => new SyncStep(action.Id, SyncOutcome.Skipped, action.Reason),
            };
        }
        catch (ClusterException refused)
        {
            return new SyncStep(action.Id, SyncOutcome.Failed, Describe(action, refused));
        }
    }

    private async Task<SyncStep> ApplyAsync(PlannedAction action, CancellationToken cancellationToken)
    {
        MapNode applied = await RetryAsync(
            token => cluster.ApplyAsync(action.Desired!.Key, action.Desired.Body, Apply, token), cancellationToken).ConfigureAwait(false);
        live.Observe(applied);
        return new SyncStep(action.Id, action.Change == PlannedChange.Create ? SyncOutcome.Created : SyncOutcome.Configured, action.Reason);
    }

    /// <summary>Tries again what may pass: throttling, server errors, conflicts, a namespace or CRD that is only just being served.</summary>
    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(50);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await request(cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException refused) when (attempt < options.Attempts && Refusals.MayPass(refused))
            {
                await Task.Delay(refused.RetryAfter ?? pause, time, cancellationToken).ConfigureAwait(false);
                pause *= 3;
            }
        }
    }

    private async Task<string> WaitHealthyAsync(IReadOnlyList<PlannedAction> actions, CancellationToken cancellationToken)
    {
        PlannedAction[] waited = [.. actions.Where(action => action.Change is PlannedChange.Create or PlannedChange.Update or PlannedChange.None && action.Desired is not null)];
        (ResourceId Id, HealthReport Report)[] Reports() => [.. waited.Select(action => (action.Id, health.Assess(action.Id, live.Get(action.Id))))];
        static bool Settled((ResourceId Id, HealthReport Report)[] reports) => reports.All(item => item.Report.Status <= HealthStatus.Suspended);

        bool settled = await live.WaitAsync(() => Settled(Reports()), options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        return settled ? string.Empty : $"wave did not become healthy within {options.WaveTimeout.TotalSeconds:0} s: {HealthAssessor.Worst(Reports()).Message}";
    }

    private static string Describe(PlannedAction action, ClusterException refused)
    {
        string from = action.Desired?.Origin is { File.Length: > 0 } origin ? $"{origin}: " : string.Empty;
        return $"{from}{refused.Message}{Refusals.Advice(refused)}";
    }
}
