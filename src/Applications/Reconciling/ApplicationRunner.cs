using System.Threading.Channels;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// Keeps one application as the repository says, for as long as it runs: every new render and every change of a live object of
/// its own makes it look again. A newer render replaces a sync that is still going on.
/// </summary>
public sealed class ApplicationRunner(RenderedApplication application, DeliveryTarget target, TimeProvider time, Action<ApplicationStatus> report)
{
    private readonly ApplicationReconciler reconciler = new(target);
    private readonly Channel<bool> signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock gate = new();
    private readonly DateTimeOffset started = time.GetUtcNow();
    private RenderedApplication application = application;
    private CancellationTokenSource replaced = new();
    private HealBackoff heals = HealBackoff.None;
    private IReadOnlySet<ResourceId> watched = new HashSet<ResourceId>();
    private ApplicationStatus status = new(application.Spec.Name)
    {
        Cluster = target.Name,
        Namespace = ApplicationReconciler.NamespaceOf(application.Spec),
        Revision = application.Revision,
        Resources = application.Resources.Count,
        Activity = "waiting",
    };

    public ApplicationStatus Status => status;

    /// <summary>How far the present render has come, for those who wait for it to settle.</summary>
    public Settling Settling { get; private set; } = Settling.Begin;

    public RenderedApplication Application => application;

    public void Update(RenderedApplication newer)
    {
        lock (gate)
        {
            bool same = newer.Fingerprint == application.Fingerprint;
            application = newer;
            if (!same)
            {
                Settling = Settling.Begin;
                replaced.Cancel();
                replaced = new CancellationTokenSource();
            }
        }

        signals.Writer.TryWrite(true);
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable subscription = target.Live.Subscribe(Notice);
        signals.Writer.TryWrite(true);
        while (await signals.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            signals.Reader.TryRead(out _);
            RenderedApplication current;
            CancellationToken newer;
            lock (gate)
            {
                current = application;
                newer = replaced.Token;
            }

            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, newer);
            try
            {
                await StepAsync(current, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                signals.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>Observes, syncs if that is called for, observes again, and says how it stands.</summary>
    private async Task StepAsync(RenderedApplication current, CancellationToken cancellationToken)
    {
        try
        {
            Observation observation = await reconciler.ObserveAsync(current, cancellationToken).ConfigureAwait(false);
            watched = observation.Desired.Select(item => item.Id).Concat(observation.Inventory.Entries.Select(entry => entry.Id)).ToHashSet();
            SyncResult? result = null;
            if (ShouldSync(current, observation) && !HoldsBack(current, observation, cancellationToken))
            {
                result = await SyncAsync(current, observation, cancellationToken).ConfigureAwait(false);
                observation = await reconciler.ObserveAsync(current, cancellationToken).ConfigureAwait(false);
            }

            Publish(current, observation, result);
        }
        catch (ClusterException broken)
        {
            Fail($"cluster {target.Name}: {broken.Message}");
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // Whatever goes wrong here is this application's trouble and nobody else's.
            Fail($"internal error, please report it: {bug.GetType().Name}: {bug.Message} {bug.StackTrace?.Split('\n')[0].Trim()}");
        }

        if (Settling.RetryAfter is { } pause)
        {
            _ = SignalLaterAsync(pause, cancellationToken);
        }
    }

    private void Fail(string message)
    {
        Settling = Settling.Failed(time.GetUtcNow());
        Publish(status with { Sync = SyncState.Unknown, Health = HealthStatus.Unknown, Message = message, Activity = string.Empty });
    }

    private bool ShouldSync(RenderedApplication current, Observation observation)
    {
        bool delivered = observation.Inventory.Synced == current.Fingerprint;
        bool due = !delivered || current.Spec.Policy.SelfHeal;
        return due && (observation.Plan.HasChanges || (!delivered && Settling.Failures == 0));
    }

    /// <summary>Whether this would undo drift that keeps coming back, and has to wait.</summary>
    private bool HoldsBack(RenderedApplication current, Observation observation, CancellationToken cancellationToken)
    {
        if (observation.Inventory.Synced != current.Fingerprint)
        {
            heals = HealBackoff.None;
            return false;
        }

        TimeSpan delay = heals.Delay(time.GetUtcNow());
        if (delay > TimeSpan.Zero)
        {
            _ = SignalLaterAsync(delay, cancellationToken);
            return true;
        }

        heals = heals.Healed(time.GetUtcNow());
        return false;
    }

    private async Task<SyncResult> SyncAsync(RenderedApplication current, Observation observation, CancellationToken cancellationToken)
    {
        int total = observation.Plan.Actions.Count(action => action.Acts);
        int done = 0;
        Publish(status with { Sync = SyncState.OutOfSync, Revision = current.Revision, Resources = current.Resources.Count, Activity = $"applying 0/{total}" });
        return await reconciler.SyncAsync(current, observation, step =>
        {
            if (step.Outcome is not (SyncOutcome.Unchanged or SyncOutcome.Skipped))
            {
                Publish(status with { Activity = $"applying {Interlocked.Increment(ref done)}/{total}" });
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    private void Publish(RenderedApplication current, Observation observation, SyncResult? result)
    {
        HealthReport health = reconciler.Assess(observation);
        bool failed = result is { Succeeded: false };
        bool synced = !failed && observation.Plan.InSync;
        Settling = Settling.Next(new Evidence(synced, failed, observation.Plan.HasChanges, health.Status), time.GetUtcNow());
        Publish(status with
        {
            Revision = current.Revision,
            Resources = current.Resources.Count,
            Sync = synced ? SyncState.Synced : SyncState.OutOfSync,
            Health = health.Status,
            Duration = status.IsDelivered ? status.Duration : time.GetUtcNow() - started,
            Message = StatusMessage.Compose(observation.Plan, result, health),
            Activity = health.Status == HealthStatus.Progressing ? "waiting for health" : string.Empty,
        });
    }

    private void Publish(ApplicationStatus next)
    {
        status = next;
        report(next);
    }

    private void Notice(CacheChange change)
    {
        // What happens below a workload only matters while somebody waits for it.
        bool below = change.Id is { Kind: "Pod" or "ReplicaSet" } && status.Health is not (HealthStatus.Healthy or HealthStatus.Suspended);
        if (below || watched.Contains(change.Id))
        {
            signals.Writer.TryWrite(true);
        }
    }

    private async Task SignalLaterAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        signals.Writer.TryWrite(true);
    }
}
