using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class Jobs
{
    private sealed record Outcome(bool Success, string Reason, string Message);

    // Why the Job is over, if it is before all of its pods have succeeded.
    private Outcome? Verdict(DateTimeOffset? started)
    {
        MapNode? target = conditions.Maps().FirstOrDefault(condition => condition.Text("type") is "FailureTarget" or "SuccessCriteriaMet" && condition.Text("status") == "True");
        if (target is not null)
        {
            return new Outcome(target.Text("type") == "SuccessCriteriaMet", target.Text("reason"), target.Text("message"));
        }

        if (FailedByPolicy() is { } message)
        {
            return new Outcome(false, "PodFailurePolicy", message);
        }

        if (failed > spec.Int("backoffLimit", 6) || RestartsTooOften())
        {
            return new Outcome(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }

        if (spec["activeDeadlineSeconds"]?.AsInteger() is { } deadline && started is { } since && !IsSuspended)
        {
            TimeSpan left = (since > now ? now : since) + TimeSpan.FromSeconds(deadline) - now;
            if (left <= TimeSpan.Zero)
            {
                return new Outcome(false, "DeadlineExceeded", "Job was active longer than specified deadline");
            }

            requeue = left;
        }

        return FailedByIndexes() ?? (SucceededByPolicy() is { } matched ? new Outcome(true, "SuccessPolicy", matched) : null);
    }

    private Outcome? FailedByIndexes()
    {
        if (spec["maxFailedIndexes"]?.AsInteger() is { } most && failedIndexes.Count > most)
        {
            return new Outcome(false, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        }

        return failedIndexes.Count > 0 && failedIndexes.Count + completed.Count >= Completions ? new Outcome(false, "FailedIndexes", "Job has failed indexes") : null;
    }

    // With restartPolicy OnFailure the restarts of running pods count; a limit of zero allows none.
    private bool RestartsTooOften()
    {
        if (spec["template"]?["spec"]?["restartPolicy"]?.AsString() != "OnFailure")
        {
            return false;
        }

        int restarts = pods.Where(pod => pod.Phase() is "Running" or "Pending").Sum(Pods.AllRestarts);
        int limit = spec.Int("backoffLimit", 6);
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    private JobPlan Finish(Outcome outcome, DateTimeOffset? started)
    {
        Note(outcome.Success ? "SuccessCriteriaMet" : "FailureTarget", "True", outcome.Reason, outcome.Message);
        failed += waiting.Values.Count(IsCountedFailure);
        unreleased.AddRange(waiting.Values);
        waiting.Clear();
        bool over = active.Count == 0 && terminating == 0 && unreleased.Count == 0;
        if (over)
        {
            Note(outcome.Success ? "Complete" : "Failed", "True", outcome.Reason, outcome.Message);
        }

        // Whoever is still at work when the Job fails is counted as failed once it is gone.
        MapNode status = Status(started, 0, active, terminating + (outcome.Success ? 0 : active.Count));
        if (over && outcome.Success)
        {
            status["completionTime"] = now.Stamp();
        }

        return new JobPlan([], active, unreleased, status, null) { DeletedCount = !outcome.Success, Events = over ? Ended(outcome) : [] };
    }

    private List<(string, string, string)> Ended(Outcome outcome)
    {
        List<(string, string, string)> events = [];
        if (outcome.Success && succeeded > Completions)
        {
            events.Add(("Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached"));
        }

        events.Add(outcome.Success ? ("Normal", "Completed", "Job completed") : ("Warning", outcome.Reason, outcome.Message));
        return events;
    }

    private List<(string, string, string)> NoteSuspension(ref DateTimeOffset? started)
    {
        MapNode? present = conditions.Maps().FirstOrDefault(condition => condition.Text("type") == "Suspended");
        if (IsSuspended && present.Text("status") != "True")
        {
            started = null;
            Note("Suspended", "True", "JobSuspended", "Job suspended");
            return [("Normal", "Suspended", "Job suspended")];
        }

        if (!IsSuspended && present.Text("status") == "True")
        {
            started = now;
            Note("Suspended", "False", "JobResumed", "Job resumed");
            return [("Normal", "Resumed", "Job resumed")];
        }

        started = IsSuspended ? null : started;
        return [];
    }

    private MapNode Status(DateTimeOffset? started, int activeCount, IReadOnlyList<MapNode> delete, int? terminatingCount = null)
    {
        MapNode status = new();
        status.PutConditions(conditions);
        if (started is { } since)
        {
            status["startTime"] = since.Stamp();
        }

        status.PutCount("active", activeCount);
        status.PutCount("succeeded", succeeded);
        status.PutCount("failed", failed);
        status["terminating"] = terminatingCount ?? terminating;
        status["uncountedTerminatedPods"] = Uncounted();
        status["ready"] = active.Count(pod => pod.IsReady() && !delete.Contains(pod));
        if (IsIndexed && completed.Count > 0)
        {
            status["completedIndexes"] = JobIndexes.Format(completed);
        }

        if (CountsPerIndex)
        {
            status["failedIndexes"] = JobIndexes.Format(failedIndexes);
        }

        return status;
    }

    private MapNode Uncounted()
    {
        MapNode uncounted = new();
        foreach (IGrouping<bool, MapNode> group in unreleased.Where(pod => IsValid(pod) && (pod.Phase() == "Succeeded" || Match(pod).Counts)).GroupBy(pod => pod.Phase() == "Succeeded"))
        {
            uncounted[group.Key ? "succeeded" : "failed"] = new ListNode(group.Select(pod => (Node)pod.Uid()));
        }

        return uncounted;
    }

    private void Note(string type, string value, string reason, string message)
    {
        MapNode condition = new()
        {
            ["type"] = type,
            ["status"] = value,
            ["lastProbeTime"] = now.Stamp(),
            ["lastTransitionTime"] = now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        };
        Counting.SetCondition(conditions, condition);
    }
}
