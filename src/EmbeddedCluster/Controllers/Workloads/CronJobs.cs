using Bowline.Languages.Schedules;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">The Job that is due.</param>
/// <param name="Replace">Running Jobs that make way for it (concurrencyPolicy Replace).</param>
/// <param name="Expire">Finished Jobs beyond the history limits.</param>
/// <param name="Events">Reason and message, in order.</param>
internal sealed record CronPlan(
    MapNode? Create,
    IReadOnlyList<MapNode> Replace,
    IReadOnlyList<MapNode> Expire,
    MapNode Status,
    TimeSpan? RequeueAfter,
    IReadOnlyList<(string Type, string Reason, string Message)> Events);

/// <summary>The decisions of the CronJob controller.</summary>
internal static class CronJobs
{
    private const string ScheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";
    private const int MaxMissed = 100;

    public static CronPlan Decide(MapNode cron, IReadOnlyList<MapNode> jobs, DateTimeOffset now)
    {
        List<(string, string, string)> events = [];
        MapNode status = cron.Status().Clone();
        List<MapNode> active = NoteJobs(cron, jobs, status, events);
        IReadOnlyList<MapNode> expire = Expired(cron, jobs);
        if (cron.IsDeleting() || cron.Spec().Flag("suspend"))
        {
            return new CronPlan(null, [], expire, status, null, events);
        }

        TimeZoneInfo? zone = null;
        if (cron.Spec()["timeZone"]?.AsString() is { } named && !TimeZoneInfo.TryFindSystemTimeZoneById(named, out zone))
        {
            events.Add(("Warning", "UnknownTimeZone", $"invalid timeZone: \"{named}\": unknown time zone {named}"));
            return new CronPlan(null, [], expire, status, null, events);
        }

        CronSchedule schedule;
        try
        {
            schedule = CronSchedule.Parse(cron.Spec().Text("schedule"), zone);
        }
        catch (FormatException error)
        {
            events.Add(("Warning", "UnparseableSchedule", $"unparseable schedule: \"{cron.Spec().Text("schedule")}\" : {error.Message}"));
            return new CronPlan(null, [], expire, status, null, events);
        }

        DateTimeOffset? due = LastDue(cron, schedule, now, events);
        TimeSpan? again = schedule.Next(now) - now + TimeSpan.FromMilliseconds(100);
        if (due is not { } at || IsTooLate(cron, at, now, events))
        {
            return new CronPlan(null, [], expire, status, again, events);
        }

        string policy = cron.Spec().Text("concurrencyPolicy");
        if (policy == "Forbid" && active.Count > 0)
        {
            events.Add(("Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid"));
            return new CronPlan(null, [], expire, status, again, events);
        }

        status["lastScheduleTime"] = at.Stamp();
        IReadOnlyList<MapNode> replaced = policy == "Replace" ? active : [];
        if (replaced.Count > 0)
        {
            // Whoever deletes them does not miss them later.
            status.Remove("active");
        }

        return new CronPlan(MakeJob(cron, at), replaced, expire, status, again, events);
    }

    // Keeps status.active and the last success up to date; returns the Jobs that run.
    private static List<MapNode> NoteJobs(MapNode cron, IReadOnlyList<MapNode> jobs, MapNode status, List<(string, string, string)> events)
    {
        HashSet<string> known = [.. status["active"].Maps().Select(reference => reference.Text("uid"))];
        List<MapNode> active = [];
        DateTimeOffset? success = status["lastSuccessfulTime"].Time();
        foreach (MapNode job in jobs.OrderBy(job => job.Name(), StringComparer.Ordinal))
        {
            if (!Jobs.IsFinished(job))
            {
                if (known.Contains(job.Uid()))
                {
                    active.Add(job);
                }
                else if (!job.IsDeleting())
                {
                    events.Add(("Warning", "UnexpectedJob", $"Saw a job that the controller did not create or forgot: {job.Name()}"));
                }

                continue;
            }

            bool complete = job.Status().ConditionIs("Complete", "True");
            if (known.Contains(job.Uid()))
            {
                events.Add(("Normal", "SawCompletedJob", $"Saw completed job: {job.Name()}, condition: {(complete ? "Complete" : "Failed")}"));
            }

            if (complete && job.Status()["completionTime"].Time() is { } at && !(success >= at))
            {
                success = at;
            }
        }

        foreach (MapNode reference in status["active"].Maps().Where(reference => !jobs.Any(job => job.Uid() == reference.Text("uid"))))
        {
            events.Add(("Normal", "MissingJob", $"Active job went missing: {reference.Text("name")}"));
        }

        if (success is { } last)
        {
            status["lastSuccessfulTime"] = last.Stamp();
        }

        status.Remove("active");
        if (active.Count > 0)
        {
            status["active"] = new ListNode(active.Select(Reference));
        }

        return active;
    }

    public static MapNode Reference(MapNode job) => new()
    {
        ["kind"] = "Job",
        ["namespace"] = job.Namespace(),
        ["name"] = job.Name(),
        ["uid"] = job.Uid(),
        ["apiVersion"] = "batch/v1",
        ["resourceVersion"] = job.ResourceVersion(),
    };

    private static DateTimeOffset? LastDue(MapNode cron, CronSchedule schedule, DateTimeOffset now, List<(string, string, string)> events)
    {
        DateTimeOffset since = cron.Status()["lastScheduleTime"].Time() ?? cron.CreatedAt() ?? now;
        if (cron.Spec()["startingDeadlineSeconds"]?.AsInteger() is { } deadline && now - TimeSpan.FromSeconds(deadline) > since)
        {
            since = now - TimeSpan.FromSeconds(deadline);
        }

        DateTimeOffset? due = null;
        int missed = 0;
        for (DateTimeOffset? next = schedule.Next(since); next is { } at && at <= now; next = schedule.Next(at))
        {
            due = at;
            if (++missed > MaxMissed)
            {
                events.Add(("Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"));
                return MostRecent(schedule, now) ?? due;
            }
        }

        return due;
    }

    // After a long sleep the steps are too many to walk: looks back from now over wider and wider spans.
    private static DateTimeOffset? MostRecent(CronSchedule schedule, DateTimeOffset now)
    {
        for (TimeSpan back = TimeSpan.FromMinutes(2); back < TimeSpan.FromDays(2000); back *= 4)
        {
            DateTimeOffset? found = null;
            for (DateTimeOffset? next = schedule.Next(now - back); next is { } at && at <= now; next = schedule.Next(at))
            {
                found = at;
            }

            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    private static bool IsTooLate(MapNode cron, DateTimeOffset due, DateTimeOffset now, List<(string, string, string)> events)
    {
        if (cron.Spec()["startingDeadlineSeconds"]?.AsInteger() is not { } deadline || due + TimeSpan.FromSeconds(deadline) >= now)
        {
            return false;
        }

        events.Add(("Warning", "MissSchedule", $"Missed scheduled time to start a job: {due.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)} +0000"));
        return true;
    }

    private static MapNode MakeJob(MapNode cron, DateTimeOffset at)
    {
        MapNode template = cron.Spec()["jobTemplate"].CopyOf();
        MapNode metadata = template["metadata"].CopyOf();
        string stem = cron.Name().Length > 52 ? cron.Name()[..52] : cron.Name();
        metadata["name"] = $"{stem}-{at.ToUnixTimeSeconds() / 60}";
        metadata["namespace"] = cron.Namespace();
        string stamp = cron.Spec()["timeZone"]?.AsString() is { } zone && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? known)
            ? TimeZoneInfo.ConvertTime(at, known).ToString("yyyy-MM-dd'T'HH:mm:ssK", System.Globalization.CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal)
            : at.Stamp();
        metadata.EnsureMap("annotations")[ScheduledAnnotation] = stamp;
        metadata["ownerReferences"] = new ListNode(Objects.MakeControllerReference(cron));
        return new MapNode { ["apiVersion"] = "batch/v1", ["kind"] = "Job", ["metadata"] = metadata, ["spec"] = template["spec"].CopyOf() };
    }

    private static IReadOnlyList<MapNode> Expired(MapNode cron, IReadOnlyList<MapNode> jobs)
    {
        IEnumerable<MapNode> Oldest(string condition, int keep) => jobs
            .Where(job => job.Status().ConditionIs(condition, "True") && !job.IsDeleting())
            .OrderByDescending(job => job.Status()["startTime"].Time() ?? job.CreatedAt())
            .ThenByDescending(job => job.Name(), StringComparer.Ordinal)
            .Skip(keep);
        return [.. Oldest("Complete", cron.Spec().Int("successfulJobsHistoryLimit", 3)), .. Oldest("Failed", cron.Spec().Int("failedJobsHistoryLimit", 1))];
    }
}
