using System.Globalization;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

public sealed partial class ApplicationRunner
{
    private RenderedApplication? earlier;
    private int earlierId;
    private DateTimeOffset? awaitingSince;

    /// <summary>Something was asked for: look at once, and do not finish what is under way where it stands against that.</summary>
    private void Hear(OperatorRequest request)
    {
        MoveOn(asked: true);
        if (request.Verb is "terminate" or "rollback" or "resume")
        {
            lock (gate)
            {
                Interrupt();
            }
        }

        Signal();
    }

    /// <summary>Takes up what an operator asks. Its effect and the answer are written together, then the request is taken away: a crash in between repeats nothing but the last.</summary>
    private async Task<Inventory> AnswerRequestAsync(RenderedApplication current, CancellationToken cancellationToken)
    {
        string name = current.Spec.Name;
        Inventory inventory = await reconciler.ReadInventoryAsync(name, cancellationToken).ConfigureAwait(false);
        if (terminated)
        {
            terminated = false;
            OperatorRequest terminate = new("hub", "terminate", string.Empty, "its object in the hub", time.GetUtcNow());
            await reconciler.WriteAsync(name, inventory, Take(inventory, terminate, current), cancellationToken).ConfigureAwait(false);
            inventory = await reconciler.ReadInventoryAsync(name, cancellationToken).ConfigureAwait(false);
        }

        if (inventory.Request is not { } request)
        {
            return inventory;
        }

        if (inventory.Answer?.Id != request.Id)
        {
            Inventory answered = Take(inventory, request, current);
            await reconciler.WriteAsync(name, inventory, answered, cancellationToken).ConfigureAwait(false);
            Settling = Settling.Begin;
            if (request.Verb == "sync")
            {
                Ask(new SyncOrder { By = request.By });
            }
        }

        target.Live.Observe(await target.Inventories.TakeUpAsync(name, cancellationToken).ConfigureAwait(false));
        return await reconciler.ReadInventoryAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether deletions that wait for it have just been agreed to by the application's object: since they began to wait, so that what was said
    /// of others is not taken for these. Written down, as any confirmation is.
    /// </summary>
    private async Task<bool> IsApprovedAsync(Observation observation, CancellationToken cancellationToken)
    {
        bool waits = observation.Plan.Actions.Any(action => action.Change == PlannedChange.AwaitsConfirmation);
        awaitingSince = waits ? awaitingSince ?? time.GetUtcNow() : null;
        ApplicationSpec declared = application.Spec;
        if (awaitingSince is not { } since || !Approval.Covers(declared.DeletionApproved, since))
        {
            return false;
        }

        await reconciler.WriteAsync(declared.Name, observation.Inventory, observation.Inventory with { Confirmed = time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>What a request makes of the inventory.</summary>
    private static Inventory Take(Inventory inventory, OperatorRequest request, RenderedApplication current)
    {
        string when = request.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        RequestAnswer Accept(string message, bool done) => new(request.Id, done, Succeeded: true, message);
        switch (request.Verb)
        {
            case "sync":
                return inventory with { Hold = null, Answer = Accept("syncing", done: false) };
            case "resume":
                return inventory with { Hold = null, Answer = Accept(inventory.Hold is null ? "automation was not held" : "automation goes on", done: true) };
            case "confirm":
                return inventory with { Confirmed = request.At, Answer = Accept("deletions are confirmed", done: true) };
            case "terminate":
                return inventory with
                {
                    Hold = new Hold(current.Fingerprint, inventory.Hold?.RolledBackTo, $"the sync was terminated by {request.By} at {when}; a newer commit, 'bowline sync' or 'bowline resume' goes on") { IsHalt = true },
                    Operation = null,
                    Answer = Accept("terminated", done: true),
                };
            case "rollback" when Find(inventory, request.Argument, current.Fingerprint) is { } delivery:
                return inventory with
                {
                    Hold = new Hold(current.Fingerprint, delivery.Id, $"rolled back to {delivery.Id} ({delivery.Revision}) by {request.By} at {when}; a newer commit or 'bowline resume' ends that"),
                    Operation = null,
                    Answer = Accept($"rolling back to {delivery.Id} ({delivery.Revision})", done: false),
                };
            case "rollback":
                return inventory with { Answer = new RequestAnswer(request.Id, Done: true, Succeeded: false, $"there is no delivery {request.Argument} to roll back to") };
            default:
                return inventory with { Answer = new RequestAnswer(request.Id, Done: true, Succeeded: false, $"\"{request.Verb}\" is not understood") };
        }
    }

    /// <summary>The delivery of that id; without one, the last whose desired state is another than the present.</summary>
    private static DeliveredRevision? Find(Inventory inventory, string id, string fingerprint) => id.Length > 0
        ? inventory.History.FirstOrDefault(delivery => delivery.Id.ToString(CultureInfo.InvariantCulture) == id)
        : inventory.History.LastOrDefault(delivery => delivery.Fingerprint != fingerprint);

    /// <summary>What was taken over from another controller becomes what Bowline delivered, now that it is rendered.</summary>
    private async Task<Inventory> RecogniseAsync(RenderedApplication current, Inventory inventory, CancellationToken cancellationToken)
    {
        Inventory recognised = inventory.Recognise(current.Fingerprint, current.Pins);
        await reconciler.WriteAsync(current.Spec.Name, inventory, recognised, cancellationToken).ConfigureAwait(false);
        return recognised;
    }

    /// <summary>What is to be delivered now: what the repository says, or, while that is held, the delivery that was rolled back to.</summary>
    private async Task<RenderedApplication> WantedAsync(RenderedApplication current, Inventory inventory, CancellationToken cancellationToken)
    {
        if (inventory.Hold is not { } hold)
        {
            return current;
        }

        if (hold.From != current.Fingerprint)
        {
            // A newer commit is what everybody waited for.
            await reconciler.WriteAsync(current.Spec.Name, inventory, inventory with { Hold = null }, cancellationToken).ConfigureAwait(false);
            return current;
        }

        if (hold.RolledBackTo is null || inventory.History.FirstOrDefault(delivery => delivery.Id == hold.RolledBackTo) is not { } delivery)
        {
            return current;
        }

        if (earlier is null || earlierId != delivery.Id)
        {
            earlier = await context.RenderAtAsync(current.Spec.Name, delivery, cancellationToken).ConfigureAwait(false);
            earlierId = delivery.Id;
        }

        return earlier;
    }

    /// <summary>Whether a sync was terminated and nothing has come since that would begin another.</summary>
    private static bool IsHalted(Observation observation) => observation.Inventory.Hold is { IsHalt: true };

    /// <summary>The inventory after a sync: what was delivered is remembered, who asked for it is told.</summary>
    private Inventory Conclude(Observation observation, Inventory inventory, SyncResult result)
    {
        RequestAnswer? answer = inventory.Answer is { Done: false } open
            ? open with { Done = true, Succeeded = result.Succeeded, Message = result.Succeeded ? $"{open.Message}: done" : StatusMessage.Of(result) }
            : inventory.Answer;
        if (!result.Succeeded)
        {
            return inventory with { Answer = answer, Failure = StatusMessage.Of(result) };
        }

        if (observation.IsPartial)
        {
            return inventory with { Answer = answer };
        }

        RenderedApplication delivered = observation.Application;
        IReadOnlyList<DeliveredRevision> history = inventory.History;
        if (history is not [.., { } last] || last.Fingerprint != delivered.Fingerprint)
        {
            string cause = inventory.Hold is { RolledBackTo: not null } hold ? hold.Reason.Split(';')[0] : observation.Order is { IsAutomated: false, By.Length: > 0 } order ? $"sync by {order.By}" : "automation";
            DeliveredRevision entry = new((history is [.., { } newest] ? newest.Id : 0) + 1, delivered.Fingerprint, time.GetUtcNow(), delivered.Pins, cause);
            int kept = Math.Max(1, delivered.Spec.HistoryLimit);
            int? standing = inventory.Hold?.RolledBackTo;
            // What a rollback stands on is needed to stand on it again after a restart.
            history = [.. history.Append(entry).Where((past, at) => at > history.Count - kept || past.Id == standing)];
        }

        return inventory with { Answer = answer, History = history, Confirmed = null, Failure = string.Empty };
    }
}
