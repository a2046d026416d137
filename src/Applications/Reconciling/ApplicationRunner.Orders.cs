using System.Collections.Concurrent;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

public sealed partial class ApplicationRunner
{
    private ConcurrentQueue<SyncStep> steps = new();
    private SyncAttempt? attempt;
    private SyncOrder? order;
    private volatile bool terminated;

    /// <summary>Asks for a sync now; a later one takes the place of one that has not begun.</summary>
    public void Ask(SyncOrder asked)
    {
        lock (gate)
        {
            order = asked;
            Settling = Settling.Begin;
        }

        Signal();
    }

    /// <summary>Does what is asked by way of the application's object.</summary>
    /// <param name="refusal">Why the order cannot be carried out; empty when it can.</param>
    /// <param name="terminate">End the sync that runs; it is not begun again by itself.</param>
    public void Answer(SyncOrder? asked, string refusal, bool terminate)
    {
        if (terminate)
        {
            terminated = true;
            lock (gate)
            {
                Interrupt();
            }
        }

        if (refusal.Length > 0)
        {
            attempt = new SyncAttempt(application, asked!, time.GetUtcNow(), AttemptPhase.Failed, refusal, []) { Plan = new SyncPlan(application.Spec.Name, []), Finished = time.GetUtcNow() };
        }
        else if (asked is not null)
        {
            Ask(asked);
        }

        Signal();
    }

    private SyncOrder? TakeOrder()
    {
        lock (gate)
        {
            SyncOrder? taken = order;
            order = null;
            return taken;
        }
    }

    /// <summary>Syncs as somebody asked; null when it has to wait for a gate that may open, and is asked again then.</summary>
    private async Task<SyncResult?> CarryOutAsync(SyncOrder asked, RenderedApplication wanted, Interest interest, CancellationToken cancellationToken, CancellationToken stopping)
    {
        RenderedApplication ordered = wanted;
        if (asked.Revisions.Any(revision => revision.Length > 0))
        {
            ordered = await context.RenderWithAsync(wanted.Spec.Name, asked.Revisions, cancellationToken).ConfigureAwait(false);
        }

        Observation observation = await ObserveAsync(ordered, interest, cancellationToken, asked).ConfigureAwait(false);
        switch (observation.Plan.HeldBy)
        {
            case { Verdict: GateVerdict.Wait }:
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
        return await SyncAsync(observation, cancellationToken, stopping).ConfigureAwait(false);
    }

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
        attempt = new SyncAttempt(observation.Application, observation.Order ?? (again ? attempt!.Order : SyncOrder.Automated), again ? attempt!.Started : time.GetUtcNow(), AttemptPhase.Running, string.Empty, [])
        {
            Plan = observation.Plan,
            Retries = again ? attempt!.Retries + 1 : 0,
        };
        Report(null, []);
    }

    private void EndAttempt(AttemptPhase phase, string message) => attempt = attempt! with { Phase = phase, Message = message, Steps = [.. steps], Finished = time.GetUtcNow() };
}
