using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

/// <summary>Carries out a plan: phase by phase, wave by wave, in parallel within a wave where kinds do not need each other.</summary>
public sealed partial class Synchronizer(ICluster cluster, LiveState live, HealthAssessor health, TimeProvider time, SyncOptions options)
{
    /// <summary>Runs to the end, to the first wave that fails, or until cancelled. What the server refused on trial stops it before it begins.</summary>
    public async Task<SyncResult> RunAsync(SyncPlan plan, SyncRun run, CancellationToken cancellationToken)
    {
        if (Refused(plan) is { Length: > 0 } refused)
        {
            return new SyncResult(refused, $"{refused.Length} of {plan.Actions.Count()} objects would be refused, so nothing was changed");
        }

        ConcurrentQueue<SyncStep> steps = new();
        void Report(SyncStep step)
        {
            steps.Enqueue(step);
            run.Progress?.Invoke(step);
        }

        HookLedger ledger = new(run);
        SyncWave[] waves = [.. plan.Waves.Where(wave => wave.Phase != SyncPhase.SyncFail)];
        string stopped = await RunWavesAsync(waves, ledger, Report, cancellationToken).ConfigureAwait(false);
        if (stopped.Length > 0)
        {
            await RunWavesAsync([.. plan.Waves.Where(wave => wave.Phase == SyncPhase.SyncFail)], ledger, Report, cancellationToken).ConfigureAwait(false);
        }

        return new SyncResult([.. steps], stopped);
    }

    private static SyncStep[] Refused(SyncPlan plan) => [.. plan.Actions
        .Where(action => action.Refusal.Length > 0)
        .Select(action => new SyncStep(action.Id, SyncOutcome.Failed, Describe(action, action.Refusal)))];

    private async Task<string> RunWavesAsync(SyncWave[] waves, HookLedger ledger, Action<SyncStep> report, CancellationToken cancellationToken)
    {
        string stopped = string.Empty;
        for (int i = 0; i < waves.Length && stopped.Length == 0; i++)
        {
            bool last = !waves.Skip(i + 1).Any(later => later.Actions.Any(action => action.Acts));
            try
            {
                stopped = await RunWaveAsync(waves[i], last, ledger, report, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                await EndHooksAsync(ledger).ConfigureAwait(false);
                throw;
            }

            if (stopped.Length > 0 || i + 1 == waves.Length || waves[i + 1].Phase != waves[i].Phase)
            {
                await FinishHooksAsync(ledger, cancellationToken).ConfigureAwait(false);
            }
        }

        return stopped;
    }

    /// <returns>Why the sync must stop after this wave; empty to go on.</returns>
    private async Task<string> RunWaveAsync(SyncWave wave, bool last, HookLedger ledger, Action<SyncStep> report, CancellationToken cancellationToken)
    {
        int failures = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        foreach (IGrouping<int, PlannedAction> tier in wave.Actions.GroupBy(TierOf).OrderBy(group => group.Key))
        {
            await Parallel.ForEachAsync(tier, parallel, async (action, token) =>
            {
                SyncStep step = await RunActionAsync(action, ledger, token).ConfigureAwait(false);
                if (step.Outcome == SyncOutcome.Failed)
                {
                    Interlocked.Increment(ref failures);
                }

                report(step);
            }).ConfigureAwait(false);
            if (tier.Any(action => action is { Id.Kind: "CustomResourceDefinition", Acts: true }))
            {
                await WaitHealthyAsync([.. tier], static _ => { }, cancellationToken).ConfigureAwait(false);
                cluster.ForgetDiscovery();
            }
        }

        if (failures > 0)
        {
            return $"{failures} of {wave.Actions.Count} objects of wave {wave.Number} ({wave.Phase}) failed";
        }

        return last ? string.Empty : await SettleAsync(wave, ledger.Run.Waits, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a wave's later ones may rely on: applied objects are healthy, pruned ones are gone.</summary>
    private async Task<string> SettleAsync(SyncWave wave, Action<string> waits, CancellationToken cancellationToken)
    {
        string unhealthy = await WaitHealthyAsync(wave.Actions, reason => waits($"wave {wave.Number} ({wave.Phase}) waits for {reason}"), cancellationToken).ConfigureAwait(false);
        return unhealthy.Length > 0 ? unhealthy : await WaitGoneAsync(wave.Actions, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pruning comes after everything of its wave, so that what replaces an object is there first; users go before what they use.</summary>
    private static int TierOf(PlannedAction action) => action.Change == PlannedChange.Prune ? int.MaxValue - KindOrder.TierOf(action.Id) : KindOrder.TierOf(action.Id);

    private async Task<SyncStep> RunActionAsync(PlannedAction action, HookLedger ledger, CancellationToken cancellationToken)
    {
        try
        {
            return action.Change switch
            {
                PlannedChange.Create or PlannedChange.Update => await ApplyAsync(action, ledger.Run, cancellationToken).ConfigureAwait(false),
                PlannedChange.Prune => await PruneAsync(action, cancellationToken).ConfigureAwait(false),
                PlannedChange.RunHook => await RunHookAsync(action, ledger, cancellationToken).ConfigureAwait(false),
                PlannedChange.None => new SyncStep(action.Id, SyncOutcome.Unchanged, string.Empty),
                _ => new SyncStep(action.Id, SyncOutcome.Skipped, action.Reason),
            };
        }
        catch (ClusterException refused)
        {
            return new SyncStep(action.Id, SyncOutcome.Failed, Describe(action, $"{refused.Message}{Refusals.Advice(refused.Message)}"));
        }
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

    private async Task<string> WaitHealthyAsync(IReadOnlyList<PlannedAction> actions, Action<string> waits, CancellationToken cancellationToken)
    {
        PlannedAction[] waited = [.. actions.Where(action => action.Change is PlannedChange.Create or PlannedChange.Update or PlannedChange.None && action.Desired is not null)];
        List<ResourceId> pending = [.. waited.Select(action => action.Id)];
        HealthReport Report(ResourceId id) => health.Assess(id, live.Get(id));
        bool Settled()
        {
            // What has been healthy once is not looked at again, so that a wave of thousands costs each of them once.
            pending.RemoveAll(id => Report(id).Status <= HealthStatus.Suspended);
            if (pending.Count > 0)
            {
                waits($"{HealthAssessor.Worst([(pending[0], Report(pending[0]))]).Message}{(pending.Count > 1 ? $" and {pending.Count - 1} more" : string.Empty)}");
            }

            return pending.Count == 0;
        }

        bool settled = await live.WaitAsync(pending.ToArray(), Settled, options.WaveTimeout, cancellationToken).ConfigureAwait(false);
        return settled ? string.Empty : $"wave did not become healthy within {options.WaveTimeout.TotalSeconds:0} s: {HealthAssessor.Worst(pending.Select(id => (id, Report(id)))).Message}";
    }

    private static string Describe(PlannedAction action, string reason)
    {
        string from = action.Desired?.Origin is { File.Length: > 0 } origin ? $"{origin}: " : string.Empty;
        return $"{from}{SecretRedaction.Scrub(reason, action.Id, action.Desired?.Body, action.Live)}";
    }
}
