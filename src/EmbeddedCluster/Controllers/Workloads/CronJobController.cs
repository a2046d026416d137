using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="CronJobs"/> decides; sleeps until the next time of each schedule.</summary>
internal sealed class CronJobController(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "cronjob-controller";
    private readonly KindMirror crons = plane.Mirror("batch", "CronJob");
    private readonly KindMirror jobs = plane.Mirror("batch", "Job");

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(crons);
        WatchOwned(jobs, "CronJob");
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (crons.Get(key) is not { } cron)
        {
            return null;
        }

        IReadOnlyList<MapNode> owned = [.. jobs.OwnedBy(cron.Uid()).Where(job => job.IsControlledBy(cron))];
        CronPlan plan = CronJobs.Decide(cron, owned, Plane.Now);
        foreach ((string type, string reason, string message) in plan.Events)
        {
            Plane.Events.Record(cron, Component, type, reason, message);
        }

        foreach (MapNode job in plan.Replace.Concat(plan.Expire))
        {
            await Plane.Writer.DeleteAsync(jobs, job, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(cron, Component, "SuccessfulDelete", $"Deleted job {job.Name()}");
        }

        MapNode status = plan.Status;
        if (plan.Create is { } create && jobs.Get(ObjectName.Of(create)) is null)
        {
            MapNode made = await Plane.Writer.EnsureAsync(jobs, key.Namespace, create, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(cron, Component, "SuccessfulCreate", $"Created job {made.Name()}");
            ListNode active = status["active"] as ListNode ?? new ListNode();
            active.Add(CronJobs.Reference(made));
            status["active"] = active;
        }

        await Plane.Writer.SetStatusAsync(crons, cron, status, cancellationToken).ConfigureAwait(false);
        return plan.RequeueAfter;
    }
}
