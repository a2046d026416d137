using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

/// <summary>What cronjob_controllerv2.go makes of schedules, deadlines and policies.</summary>
public sealed class CronJobTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void In_the_night_that_clocks_are_put_back_a_job_of_the_hour_runs_twice_and_in_spring_not_at_all()
    {
        Assert.Equal(
            ["nightly-29881440 2026-10-25T02:00:00+02:00", "nightly-29881500 2026-10-25T02:00:00+01:00"],
            Run("schedule: '0 2 * * *', timeZone: Europe/Berlin", Parse("2026-10-24T12:00:00Z"), TimeSpan.FromHours(24), TimeSpan.FromMinutes(10)));
        Assert.Empty(Run("schedule: '0 2 * * *', timeZone: Europe/Berlin", Parse("2026-03-28T12:00:00Z"), TimeSpan.FromHours(24), TimeSpan.FromMinutes(10)));
    }

    [Fact]
    public void Of_more_than_a_hundred_missed_times_the_last_is_made_up_for_and_a_warning_says_so()
    {
        MapNode cron = Cron("schedule: '*/5 * * * *'", Noon);
        CronPlan plan = CronJobs.Decide(cron, [], Noon.AddHours(12).AddMinutes(1));
        Assert.Equal(Noon.AddHours(12).Stamp(), plan.Status.Text("lastScheduleTime"));
        Assert.Equal([("Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew")], plan.Events);
        Assert.Empty(CronJobs.Decide(cron, [], Noon.AddMinutes(7)).Events);
    }

    [Fact]
    public void A_deadline_forgives_what_is_older_and_starts_nothing_late()
    {
        MapNode cron = Cron("schedule: '0 * * * *', startingDeadlineSeconds: 600", Noon);
        Assert.Equal(Noon.AddHours(24).Stamp(), CronJobs.Decide(cron, [], Noon.AddHours(24).AddMinutes(9)).Status.Text("lastScheduleTime"));
        CronPlan late = CronJobs.Decide(cron, [], Noon.AddHours(24).AddMinutes(11));
        Assert.Null(late.Create);
        Assert.Empty(late.Events);
        Assert.Equal(TimeSpan.FromMinutes(49), late.RequeueAfter!.Value - TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void What_is_suspended_starts_nothing_and_makes_up_for_the_last_time_when_it_goes_on()
    {
        Assert.Null(CronJobs.Decide(Cron("schedule: '0 * * * *', suspend: true", Noon), [], Noon.AddHours(5)).Create);
        CronPlan resumed = CronJobs.Decide(Cron("schedule: '0 * * * *'", Noon), [], Noon.AddHours(5).AddMinutes(30));
        Assert.Equal(Noon.AddHours(5).Stamp(), resumed.Status.Text("lastScheduleTime"));
    }

    [Theory]
    [InlineData("Allow", 2, 0)]
    [InlineData("Forbid", 1, 0)]
    [InlineData("Replace", 1, 1)]
    public void The_concurrency_policy_decides_beside_a_job_that_runs(string policy, int running, int replaced)
    {
        MapNode cron = Cron($"schedule: '0 * * * *', concurrencyPolicy: {policy}", Noon);
        MapNode job = Made(CronJobs.Decide(cron, [], Noon.AddHours(1)), cron, "first");
        CronPlan plan = CronJobs.Decide(cron, [job], Noon.AddHours(2));
        Assert.Equal(replaced, plan.Replace.Count);
        Assert.Equal(running, 1 - replaced + (plan.Create is null ? 0 : 1));
        Assert.Equal(policy == "Forbid" ? ["JobAlreadyActive"] : [], plan.Events.Select(told => told.Reason));
        Assert.Equal(policy == "Forbid" ? Noon.AddHours(1).Stamp() : Noon.AddHours(2).Stamp(), plan.Status.Text("lastScheduleTime"));
    }

    [Theory]
    [InlineData("schedule: '0 * * * *', timeZone: Mars/Olympus", "UnknownTimeZone", "invalid timeZone: \"Mars/Olympus\": unknown time zone Mars/Olympus")]
    [InlineData("schedule: '61 * * * *'", "UnparseableSchedule", "unparseable schedule: \"61 * * * *\" : end of range (61) above maximum (59): 61")]
    public void What_validation_would_not_let_through_any_more_is_told_and_left(string spec, string reason, string message)
    {
        CronPlan plan = CronJobs.Decide(Cron(spec, Noon), [], Noon.AddHours(2));
        Assert.Null(plan.Create);
        Assert.Null(plan.RequeueAfter);
        Assert.Equal(("Warning", reason, message), Assert.Single(plan.Events));
    }

    [Fact]
    public void Histories_keep_the_newest_of_the_finished()
    {
        MapNode cron = Cron("schedule: '0 * * * *', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0", Noon);
        MapNode Finished(string name, string condition, int hour) => (MapNode)YamlReader.Read($$"""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: {{name}}, namespace: n, uid: {{name}}}
            status: {startTime: '{{Noon.AddHours(hour).Stamp()}}', conditions: [{type: {{condition}}, status: 'True'}]}
            """);
        CronPlan plan = CronJobs.Decide(cron, [Finished("a", "Complete", 1), Finished("b", "Complete", 3), Finished("c", "Failed", 2), Finished("d", "Complete", 2)], Noon);
        Assert.Equal(["a", "c", "d"], plan.Expire.Select(job => job.Name()).Order(StringComparer.Ordinal));
    }

    // Looks at the CronJob at every step, as the controller does, whose Jobs end at once.
    private static List<string> Run(string spec, DateTimeOffset from, TimeSpan span, TimeSpan step)
    {
        List<string> made = [];
        MapNode cron = Cron(spec, from);
        for (DateTimeOffset now = from; now <= from + span; now += step)
        {
            CronPlan plan = CronJobs.Decide(cron, [], now);
            cron["status"] = plan.Status;
            if (plan.Create is { } job)
            {
                made.Add($"{job.Name()} {job.Annotation("batch.kubernetes.io/cronjob-scheduled-timestamp")}");
            }
        }

        return made;
    }

    // The controller's part: the Job is there, and counts as running.
    private static MapNode Made(CronPlan plan, MapNode cron, string uid)
    {
        MapNode job = plan.Create!;
        ((MapNode)job["metadata"]!)["uid"] = uid;
        cron["status"] = plan.Status;
        plan.Status["active"] = new ListNode(CronJobs.Reference(job));
        return job;
    }

    private static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static MapNode Cron(string spec, DateTimeOffset made) => (MapNode)YamlReader.Read($$"""
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly, namespace: n, uid: u, creationTimestamp: '{{made.Stamp()}}'}
        spec: { {{spec}}, jobTemplate: {spec: {template: {spec: {containers: [] } } } } }
        """);
}
