using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// Keeps one application as the repository says, for as long as it runs: every new render and every change of a live object of
/// its own makes it look again. A newer render, or a word from an operator, replaces a sync that is still going on.
/// </summary>
public sealed partial class ApplicationRunner(RenderedApplication application, DeliveryTarget target, RunnerContext context, Action<ApplicationStatus> report)
{
    // Nobody reads faster, and a wave of thousands is applied within a second.
    private static readonly TimeSpan BetweenProgress = TimeSpan.FromMilliseconds(50);

    private readonly ApplicationReconciler reconciler = new(target);
    private readonly Attention attention = new();
    private readonly Lock gate = new();
    private readonly TimeProvider time = context.Time;
    private readonly ResourceId record = InventoryStore.IdOf(application.Spec.Name);
    private RenderedApplication application = application;
    private RenderedApplication? next;
    private DateTimeOffset started = context.Time.GetUtcNow();
    private CancellationTokenSource replaced = new();
    private HealBackoff heals = HealBackoff.None;
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

    /// <summary>Look again: something that it waits for has moved.</summary>
    public void Signal() => attention.Ask();

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using Interest interest = target.Live.Subscribe(Notice);
        target.Scripts.Changed += Signal;
        try
        {
            await LoopAsync(interest, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            target.Scripts.Changed -= Signal;
        }
    }

    private async Task LoopAsync(Interest interest, CancellationToken cancellationToken)
    {
        Signal();
        while (true)
        {
            await attention.WaitAsync(cancellationToken).ConfigureAwait(false);
            CancellationToken newer;
            RenderedApplication current;
            lock (gate)
            {
                current = application;
                newer = replaced.Token;
            }

            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, newer);
            try
            {
                await StepAsync(current, interest, either.Token, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Signal();
            }

            MoveOn();
        }
    }

    /// <summary>Observes, syncs if that is called for, observes again, and says how it stands.</summary>
    /// <param name="stopping">Cancelled only when the program ends.</param>
    private async Task StepAsync(RenderedApplication current, Interest interest, CancellationToken cancellationToken, CancellationToken stopping)
    {
        try
        {
            Inventory inventory = await AnswerRequestAsync(current, cancellationToken).ConfigureAwait(false);
            inventory = await RecogniseAsync(current, inventory, cancellationToken).ConfigureAwait(false);
            RenderedApplication wanted = await WantedAsync(current, inventory, cancellationToken).ConfigureAwait(false);
            Observation observation;
            SyncResult? result = null;
            if (TakeOrder() is { } asked)
            {
                result = await CarryOutAsync(asked, wanted, interest, cancellationToken, stopping).ConfigureAwait(false);
            }

            observation = await ObserveAsync(wanted, interest, cancellationToken).ConfigureAwait(false);
            if (await IsApprovedAsync(observation, cancellationToken).ConfigureAwait(false))
            {
                observation = await ObserveAsync(wanted, interest, cancellationToken).ConfigureAwait(false);
            }

            if (result is null && ShouldSync(observation) && !HoldsBack(observation, cancellationToken))
            {
                result = await SyncAsync(observation, cancellationToken, stopping).ConfigureAwait(false);
                observation = await ObserveAsync(wanted, interest, cancellationToken).ConfigureAwait(false);
            }

            IReadOnlyList<ResourceId> orphans = context.Orphans is { } finder ? await finder.FindAsync(observation, target, cancellationToken).ConfigureAwait(false) : [];
            Publish(observation, result, orphans);
        }
        catch (ClusterException broken)
        {
            Fail($"cluster {target.Name}: {broken.Message}");
        }
        catch (Model.ApplicationException broken)
        {
            Fail(broken.Message);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // Whatever goes wrong here is this application's trouble and nobody else's.
            Fail($"internal error, please report it: {bug.GetType().Name}: {bug.Message} {bug.StackTrace?.Split('\n')[0].Trim()}", isBug: true);
        }

        if (Settling.RetryAfter is { } pause)
        {
            _ = SignalLaterAsync(pause, cancellationToken);
        }
    }

    private async Task<Observation> ObserveAsync(RenderedApplication wanted, Interest interest, CancellationToken cancellationToken, SyncOrder? asked = null)
    {
        attention.Look();
        Observation observation = await reconciler.ObserveAsync(wanted, [context.Dependencies.GateOf(wanted.Spec.Name), new ObjectDependencies(wanted.Spec, target), .. context.Gates], cancellationToken, asked).ConfigureAwait(false);
        interest.FollowNamespace(context.Orphans?.Monitors(wanted.Spec) == true ? ApplicationReconciler.NamespaceOf(wanted.Spec) : string.Empty);
        interest.Follow([record, .. wanted.Spec.DependsOnObjects, .. observation.Desired.Select(item => item.Id), .. observation.Inventory.Entries.Select(entry => entry.Id)]);
        return observation;
    }

    private void Fail(string message, bool isBug = false)
    {
        Publish(status with { Sync = SyncState.Unknown, Health = HealthStatus.Unknown, Message = message, Activity = string.Empty }, Settling.Failed(time.GetUtcNow()));
        Tell(new ApplicationReport(status, application, null) { IsBug = isBug });
    }

    private bool ShouldSync(Observation observation)
    {
        if (observation.Plan.HeldBy is not null || IsHalted(observation) || AwaitsRetry(observation) || !IsAutomated(observation))
        {
            return false;
        }

        bool due = !observation.IsDelivered || observation.Application.Spec.Policy.SelfHeal;
        bool worth = observation.Plan.HasChanges || (!observation.IsDelivered && Settling.Failures == 0) || (observation.Inventory.Operation is not null && !observation.IsDelivered);
        return due && worth && Settling.MaySync(time.GetUtcNow());
    }

    /// <summary>Whether it is synced without being asked for; what somebody rolled back to is.</summary>
    private bool IsAutomated(Observation observation) =>
        target.IsAutomatic(observation.Application.Spec.Policy) || observation.Inventory.Hold is { RolledBackTo: not null };

    /// <summary>Whether this would undo drift that keeps coming back, and has to wait.</summary>
    private bool HoldsBack(Observation observation, CancellationToken cancellationToken)
    {
        if (!observation.IsDelivered)
        {
            heals = HealBackoff.None;
            return false;
        }

        heals = heals with { Pace = target.Settings.HealPace ?? HealPace.Usual };
        TimeSpan delay = heals.Delay(time.GetUtcNow());
        if (delay > TimeSpan.Zero)
        {
            _ = SignalLaterAsync(delay, cancellationToken);
            return true;
        }

        heals = heals.Healed(time.GetUtcNow(), Rivals.In(observation.Plan));
        return false;
    }

    private async Task<SyncResult> SyncAsync(Observation observation, CancellationToken cancellationToken, CancellationToken stopping)
    {
        RenderedApplication wanted = observation.Application;
        int total = observation.Plan.Actions.Count(action => action.Acts);
        int done = 0;
        long told = time.GetTimestamp();
        Publish(status with { Sync = SyncState.OutOfSync, Revision = wanted.Revision, Resources = wanted.Resources.Count, Message = string.Empty, Activity = $"applying 0/{total}" });

        // What began with this desired state and did not succeed is gone on with, in this process or the one before.
        SyncOperation operation = observation.Inventory.Operation is { } begun && begun.Fingerprint == wanted.Fingerprint ? begun : SyncOperation.Begin(wanted.Fingerprint, time.GetUtcNow());
        BeginAttempt(observation);
        SyncRun run = new(operation)
        {
            EndsHooks = () => !stopping.IsCancellationRequested,
            Waits = sentence =>
            {
                if (sentence != status.Message)
                {
                    Publish(status with { Message = sentence });
                }
            },
            Progress = step =>
            {
                steps.Enqueue(step);
                if (step.Outcome is not (SyncOutcome.Unchanged or SyncOutcome.Skipped) && Interlocked.Increment(ref done) is var count && time.GetElapsedTime(Volatile.Read(ref told)) >= BetweenProgress)
                {
                    Volatile.Write(ref told, time.GetTimestamp());
                    Publish(status with { Activity = $"applying {count}/{total}" });
                }
            },
        };
        using CancellationTokenSource limit = target.Settings.SyncTimeout is { } longest ? new(longest, time) : new();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            SyncResult result = await reconciler.SyncAsync(observation, run, (inventory, result) => Conclude(observation, inventory, result), either.Token).ConfigureAwait(false);
            EndAttempt(result.Succeeded ? AttemptPhase.Succeeded : AttemptPhase.Failed, result.Succeeded ? AllDone : StatusMessage.Of(result));
            return result;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            string late = $"the sync took longer than {target.Settings.SyncTimeout!.Value.TotalSeconds:0} s (controller.sync.timeout.seconds)";
            EndAttempt(AttemptPhase.Failed, late);
            SyncResult ended = new([], late);
            Inventory reached = await reconciler.ReadInventoryAsync(wanted.Spec.Name, cancellationToken).ConfigureAwait(false);
            await reconciler.WriteAsync(wanted.Spec.Name, reached, Conclude(observation, reached, ended), cancellationToken).ConfigureAwait(false);
            return ended;
        }
        catch (Exception broken)
        {
            EndAttempt(AttemptPhase.Failed, broken is OperationCanceledException ? Terminated : broken.Message);
            throw;
        }
    }

    private void Publish(Observation observation, SyncResult? result, IReadOnlyList<ResourceId> orphans)
    {
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<(PlannedAction, HealthReport)> objects = reconciler.AssessEach(observation);
        HealthReport health = ApplicationReconciler.Worst(objects);
        GateDecision? held = observation.Plan.HeldBy;
        bool failed = result is { Succeeded: false };
        bool unfinished = result is null && observation.HasFailed;
        bool synced = !failed && !unfinished && observation.Plan.InSync && observation.Inventory.Hold is null;
        bool waits = held?.Verdict == GateVerdict.Wait && context.Dependencies.MayMove(observation.Application.Spec.Name);
        bool canAct = (observation.Plan.HasChanges || unfinished) && held is null && !IsHalted(observation) && IsAutomated(observation);
        Settling next = Settling.Next(new Evidence(synced, failed, canAct, health.Status) { Waits = waits }, now, observation.Application.Spec.Policy.Retry);
        string fight = heals.Delay(now) > TimeSpan.Zero && observation.IsDelivered && observation.Plan.HasChanges ? heals.Describe(now) : string.Empty;
        Publish(status with
        {
            Revision = observation.Application.Revision,
            Resources = observation.Application.Resources.Count,
            Sync = synced ? SyncState.Synced : SyncState.OutOfSync,
            Health = health.Status,
            Duration = status.IsDelivered ? status.Duration : now - started,
            Message = StatusMessage.Compose(observation, result, health, fight),
            Activity = held is { Verdict: GateVerdict.Wait } ? "waiting" : health.Status == HealthStatus.Progressing ? "waiting for health" : string.Empty,
        }, next);
        Tell(new ApplicationReport(status, application, observation) { Objects = objects, Orphans = orphans });
        if (canAct && result is { Succeeded: true })
        {
            // Something undid at once, or did not take, what was applied: that is drift, however it came.
            Signal();
        }
    }

    /// <summary>Tells others what is known, and of the sync that runs or ran last.</summary>
    private void Tell(ApplicationReport report) => context.Reported(report with { Attempt = attempt, IsSettled = Settling.IsSettled });

    /// <param name="settling">How far it has come with that; who sees that it is settled must see the status that goes with it.</param>
    private void Publish(ApplicationStatus next, Settling settling)
    {
        status = next;
        Settling = settling;
        context.Moved(next.Name, new Standing(application.Fingerprint, next.Sync, next.Health, settling.IsSettled, next.Message));
        report(next);
    }

    /// <summary>What is going on, without any news of where it stands.</summary>
    private void Publish(ApplicationStatus next)
    {
        status = next;
        report(next);
    }

    private void Notice(CacheChange change)
    {
        if (change.Id == record)
        {
            // The record is written at every sync; only a request in it is news.
            if (InventoryStore.RequestIn(change.Object) is { } request)
            {
                Hear(request);
            }

            return;
        }

        // What happens below a workload only matters while somebody waits for it.
        bool below = change.Id is { Kind: "Pod" or "ReplicaSet" };
        if (!below || status.Health is not (HealthStatus.Healthy or HealthStatus.Suspended))
        {
            attention.Notice();
        }
    }

    private async Task SignalLaterAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Signal();
    }

    private void Interrupt(bool forNewer = false)
    {
        CancellationTokenSource old = replaced;
        replaced = new CancellationTokenSource();
        overtaken = forNewer;
        old.Cancel();
    }
}
