using System.Collections.Concurrent;
using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

public sealed partial class ApplicationRunner
{
    private const string Terminated = "Operation terminated";
    private const string AllDone = "successfully synced (all tasks run)";
    private ConcurrentQueue<SyncStep> steps = new();
    private SyncAttempt? attempt;
    private SyncOrder? order;
    private SyncOrder? retrying;
    private bool overtaken;
    private volatile bool terminated;

    /// <summary>Asks for a sync now; a later one takes the place of one that has not begun.</summary>
    public void Ask(SyncOrder asked)
    {
        lock (gate)
        {
            order = asked;
            retrying = null;
            Settling = Settling.Begin;
        }

        Signal();
    }

    /// <summary>Does what is asked by way of the application's object.</summary>
    /// <param name="refusal">Why the order cannot be carried out; empty when it can.</param>
    /// <param name="terminate">End the sync that runs; it is not begun again by itself.</param>
    public void Answer(SyncOrder? asked, string refusal, bool terminate)
    {
        MoveOn(asked: true);
        if (terminate)
        {
            terminated = true;
            lock (gate)
            {
                Interrupt();
                if (retrying is not null)
                {
                    retrying = null;
                    EndAttempt(AttemptPhase.Failed, Terminated);
                }
            }
        }

        if (refusal.Length > 0)
        {
            attempt = Accepted(asked!) with { Phase = AttemptPhase.Failed, Message = refusal, Finished = time.GetUtcNow() };
        }
        else if (asked is not null)
        {
            attempt = Accepted(asked);
            Ask(asked);
        }

        Signal();
    }

    /// <summary>An order that is taken up, before anything is known of what it will do.</summary>
    private SyncAttempt Accepted(SyncOrder asked) => new(application, asked, asked.Since ?? time.GetUtcNow(), AttemptPhase.Running, string.Empty, [])
    {
        Plan = new SyncPlan(application.Spec.Name, []),
        Retries = asked.Retries,
    };

    private SyncOrder? TakeOrder()
    {
        lock (gate)
        {
            SyncOrder? taken = order;
            order = null;
            return taken;
        }
    }

    /// <summary>Syncs as somebody asked; null when it has to wait for a gate that may open, and is asked again then. What was asked for is not forgotten for a newer commit.</summary>
    private async Task<SyncResult?> CarryOutAsync(SyncOrder asked, RenderedApplication wanted, Interest interest, CancellationToken cancellationToken, CancellationToken stopping)
    {
        try
        {
            return await SyncAsAskedAsync(asked, wanted, interest, cancellationToken, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            lock (gate)
            {
                order ??= overtaken ? asked : null;
            }

            throw;
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            attempt = (ReferenceEquals(attempt?.Order, asked) ? attempt! : Accepted(asked)) with { Phase = AttemptPhase.Failed, Message = broken.Message, Finished = time.GetUtcNow() };
            TryAgainLater(asked, stopping);
            throw;
        }
    }

    private async Task<SyncResult?> SyncAsAskedAsync(SyncOrder asked, RenderedApplication wanted, Interest interest, CancellationToken cancellationToken, CancellationToken stopping)
    {
        RenderedApplication ordered = wanted;
        if (asked.Sources.Count > 0 || asked.Revisions.Any(revision => revision.Length > 0))
        {
            ordered = await context.RenderWithAsync(wanted.Spec.Name, asked, cancellationToken).ConfigureAwait(false);
        }

        Observation observation = await ObserveAsync(ordered, interest, cancellationToken, asked).ConfigureAwait(false);
        if (asked.IsResumed && observation is { IsDelivered: true, Inventory.Operation: null })
        {
            // Only the word that it was done is missing.
            BeginAttempt(observation);
            EndAttempt(AttemptPhase.Succeeded, AllDone);
            return null;
        }

        switch (observation.Plan.HeldBy)
        {
            case { Verdict: GateVerdict.Wait }:
                attempt = Accepted(asked) with { Message = $"waits: {observation.Plan.HeldBy.Gate}: {observation.Plan.HeldBy.Reason}" };
                lock (gate)
                {
                    order ??= asked;
                }

                return null;
            case { } gate:
                return Refuse(observation, $"{gate.Gate}: {gate.Reason}");
        }

        if (asked.DryRun)
        {
            BeginAttempt(observation);
            observation.Plan.Actions.Select(TriedOut).ToList().ForEach(steps.Enqueue);
            bool refused = observation.Plan.Actions.Any(action => action.Refusal.Length > 0);
            EndAttempt(refused ? AttemptPhase.Failed : AttemptPhase.Succeeded, refused ? "one or more objects would be refused (dry run)" : "successfully tried out (dry run)");
            return null;
        }

        heals = HealBackoff.None;
        SyncResult result = await SyncAsync(observation, cancellationToken, stopping).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            TryAgainLater(asked, stopping);
        }

        return result;
    }

    /// <summary>A sync that was asked for failed: it goes on as long as its own retry says, and is over then.</summary>
    private void TryAgainLater(SyncOrder asked, CancellationToken stopping)
    {
        if (asked.Retry.IsExhausted(asked.Retries + 1))
        {
            attempt = asked.Retries == 0 ? attempt : attempt! with { Message = $"{attempt.Message} (retried {asked.Retries} times)." };
            return;
        }

        SyncOrder again = asked with { Retries = asked.Retries + 1, Since = attempt!.Started, IsResumed = false };
        TimeSpan pause = asked.Retry.PauseAfter(again.Retries);
        string at = (time.GetUtcNow() + pause).ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        attempt = attempt with { Phase = AttemptPhase.Running, Finished = null, Retries = again.Retries, Message = $"{attempt.Message}. Retrying attempt #{again.Retries} at {at}." };
        lock (gate)
        {
            retrying = again;
        }

        _ = AskAgainAsync(again, pause, stopping);
    }

    private async Task AskAgainAsync(SyncOrder again, TimeSpan pause, CancellationToken stopping)
    {
        await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            // Meanwhile it may have been terminated, or something else asked for.
            if (stopping.IsCancellationRequested || !ReferenceEquals(retrying, again))
            {
                return;
            }

            retrying = null;
            order ??= again;
        }

        Signal();
    }

    /// <summary>Whether automation leaves the field to a sync that was asked for and is tried again; for something newer it does not wait.</summary>
    private bool AwaitsRetry(Observation observation) => retrying is not null && attempt?.Application.Fingerprint == observation.Application.Fingerprint;

    private SyncResult Refuse(Observation observation, string reason)
    {
        BeginAttempt(observation);
        EndAttempt(AttemptPhase.Failed, reason);
        return new SyncResult([], reason);
    }

    private static SyncStep TriedOut(PlannedAction action) => action switch
    {
        { Refusal.Length: > 0 } => new SyncStep(action.Id, SyncOutcome.Failed, action.Refusal),
        { Acts: true } => new SyncStep(action.Id, SyncOutcome.Skipped, $"{action.Reason} (dry run)"),
        _ => new SyncStep(action.Id, SyncOutcome.Unchanged, action.Reason),
    };

    /// <summary>A sync begins: a new one, or the failed one before once more.</summary>
    private void BeginAttempt(Observation observation)
    {
        bool again = attempt is { Phase: AttemptPhase.Failed } failed && failed.Application.Fingerprint == observation.Application.Fingerprint && observation.Order is null;
        steps = new ConcurrentQueue<SyncStep>();
        lock (gate)
        {
            // A newer one takes the place of what was to be tried again.
            retrying = null;
        }

        SyncAttempt begun = Accepted(observation.Order ?? (again ? attempt!.Order : SyncOrder.Automated)) with { Application = observation.Application, Plan = observation.Plan };
        attempt = again ? begun with { Started = attempt!.Started, Retries = attempt.Retries + 1 }
            : attempt is { Phase: AttemptPhase.Running } accepted && ReferenceEquals(accepted.Order, begun.Order) ? begun with { Started = accepted.Started } : begun;
        Tell(new ApplicationReport(status, application, null));
    }

    private void EndAttempt(AttemptPhase phase, string message) => attempt = attempt! with { Phase = phase, Message = message, Steps = [.. steps], Finished = time.GetUtcNow() };
}
