using Bowline.Applications.Model;

namespace Bowline.Applications.Reconciling;

public sealed partial class ApplicationRunner
{
    /// <summary>Takes in what the repository says now; where a sync's retry says so, when that sync has ended.</summary>
    public void Update(RenderedApplication newer)
    {
        lock (gate)
        {
            if (newer.Fingerprint != application.Fingerprint && KeepsTrying())
            {
                next = newer;
                return;
            }

            TakeUp(newer);
        }
    }

    /// <summary>Takes up the newer render that waited, when there is nothing more to wait for.</summary>
    /// <param name="asked">Somebody asks for something, and means the newest.</param>
    private void MoveOn(bool asked = false)
    {
        lock (gate)
        {
            if (next is { } waiting && (asked || !KeepsTrying()))
            {
                TakeUp(waiting);
            }
        }
    }

    private void TakeUp(RenderedApplication newer)
    {
        next = null;
        bool same = newer.Fingerprint == application.Fingerprint;
        bool unchanged = same && newer.Spec == application.Spec;
        bool moved = !newer.IsAt(application);
        application = newer;
        if (!same)
        {
            Settling = Settling.Begin;
            started = time.GetUtcNow();
            Interrupt(forNewer: true);
        }

        if (unchanged)
        {
            // Nothing to look at: at most the name of the revision is another one.
            if (moved)
            {
                Publish(status with { Revision = newer.Revision });
                context.Advanced(newer);
                context.Moved(status.Name, new Standing(newer.Fingerprint, status.Sync, status.Health, Settling.IsSettled, status.Message));
            }

            return;
        }

        Signal();
    }

    /// <summary>Whether a sync of this render is under way or is tried again, and its retry says that a newer commit has to wait.</summary>
    private bool KeepsTrying()
    {
        bool runs = attempt is { Phase: AttemptPhase.Running };
        RetryPolicy retry = runs && attempt is { Order: { IsAutomated: false } ordered } ? ordered.Retry : application.Spec.Policy.Retry;
        return retry.KeepsRevision && order is null && (runs || (Settling.Failures > 0 && !Settling.IsExhausted));
    }
}
