using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class Jobs
{
    private sealed record Outcome(bool Success, string Reason, string Message);

    // Why the Job is over, if it is.
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

        if (failed > spec.Int("backoffLimit", 6) && spec["backoffLimitPerIndex"] is null)
        {
            return new Outcome(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }

        if (spec["activeDeadlineSeconds"]?.AsInteger() is { } deadline && started is { } since && !spec.Flag("suspend"))
        {
            TimeSpan left = since + TimeSpan.FromSeconds(deadline) - now;
            if (left <= TimeSpan.Zero)
            {
                return new Outcome(false, "DeadlineExceeded", "Job was active longer than specified deadline");
            }

            requeue = left;
        }

        bool done = Completions is { } completions ? succeeded >= completions : succeeded > 0 && active.Count == 0;
        return done ? new Outcome(true, "CompletionsReached", "Reached expected number of succeeded pods") : null;
    }

    // The first FailJob rule that matches a pod which has just failed.
    private string? FailedByPolicy()
    {
        foreach (MapNode pod in fresh.Where(pod => pod.Phase() == "Failed"))
        {
            foreach (MapNode rule in (spec["podFailurePolicy"]?["rules"]).Maps())
            {
                if (MatchExitCodes(rule["onExitCodes"] as MapNode, pod) is { } container)
                {
                    return rule.Text("action") == "FailJob"
                        ? $"Container {container.Text("name")} for pod {pod.Namespace()}/{pod.Name()} failed with exit code {container.At("state", "terminated", "exitCode")} matching FailJob rule at index {(spec["podFailurePolicy"]!["rules"]).Maps().ToList().IndexOf(rule)}"
                        : null;
                }
            }
        }

        return null;
    }

    private static MapNode? MatchExitCodes(MapNode? rule, MapNode pod)
    {
        if (rule is null)
        {
            return null;
        }

        HashSet<long> values = [.. (rule["values"] as ListNode ?? []).Select(value => value.AsInteger() ?? -1)];
        return pod.Status()["containerStatuses"].Maps().FirstOrDefault(container =>
            (rule["containerName"] is not StringNode name || name.Value == container.Text("name"))
            && container.At("state", "terminated", "exitCode")?.AsInteger() is { } code and not 0
            && values.Contains(code) == (rule.Text("operator") == "In"));
    }

    private JobPlan Finish(Outcome outcome, DateTimeOffset? started)
    {
        Note(outcome.Success ? "SuccessCriteriaMet" : "FailureTarget", "True", outcome.Reason, outcome.Message);
        bool over = active.Count == 0 && terminating.Count == 0 && unreleased.Count == 0;
        int failures = outcome.Success ? 0 : active.Count;
        if (over)
        {
            Note(outcome.Success ? "Complete" : "Failed", "True", outcome.Reason, outcome.Message);
        }

        MapNode status = Status(started, 0, terminating.Count + failures);
        if (over && outcome.Success)
        {
            status["completionTime"] = now.Stamp();
        }

        return new JobPlan([], active, unreleased, status, null)
        {
            DeletedCount = true,
            Event = !over ? null : outcome.Success ? ("Normal", "Completed", "Job completed") : ("Warning", outcome.Reason, outcome.Message),
        };
    }

    private (string, string, string)? NoteSuspension(bool suspended, ref DateTimeOffset? started)
    {
        MapNode? present = conditions.Maps().FirstOrDefault(condition => condition.Text("type") == "Suspended");
        if (suspended && present.Text("status") != "True")
        {
            started = null;
            Note("Suspended", "True", "JobSuspended", "Job suspended");
            return ("Normal", "Suspended", "Job suspended");
        }

        if (!suspended && present.Text("status") == "True")
        {
            started = now;
            Note("Suspended", "False", "JobResumed", "Job resumed");
            return ("Normal", "Resumed", "Job resumed");
        }

        started = suspended ? null : started;
        return null;
    }

    private void Manage(List<int> create, List<MapNode> delete)
    {
        int wanted = Completions is { } completions
            ? Math.Min(Math.Max(0, completions - succeeded), Parallelism)
            : succeeded > 0 ? active.Count : Parallelism;
        bool waitsForTerminating = spec.Text("podReplacementPolicy") == "Failed";
        int present = active.Count + (waitsForTerminating ? terminating.Count : 0);
        if (active.Count > wanted)
        {
            active.Sort((left, right) => Pods.CompareForDeletion(left, right, _ => 0));
            delete.AddRange(active[..(active.Count - wanted)]);
        }
        else if (present < wanted && !BacksOff())
        {
            create.AddRange(IsIndexed ? FreeIndexes(wanted - present) : Enumerable.Repeat(-1, wanted - present));
        }
    }

    private IEnumerable<int> FreeIndexes(int count)
    {
        HashSet<int> taken = [.. completed, .. active.Select(IndexOf)];
        return Enumerable.Range(0, Completions ?? 0).Where(index => !taken.Contains(index)).Take(count).ToList();
    }

    // After n failures the next pod waits 10 s, 20 s, 40 s … from the last one.
    private bool BacksOff()
    {
        if (failed == 0 || lastFailure is not { } last)
        {
            return false;
        }

        TimeSpan wait = FirstBackoff * Math.Pow(2, Math.Min(failed - 1, 10));
        TimeSpan left = last + (wait > LongestBackoff ? LongestBackoff : wait) - now;
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        requeue = requeue is { } earlier && earlier < left ? earlier : left;
        return true;
    }

    private MapNode Status(DateTimeOffset? started, int activeCount, int terminatingCount)
    {
        MapNode status = new();
        status.PutConditions(conditions);
        if (started is { } since)
        {
            status["startTime"] = since.Stamp();
        }

        status.PutCount("active", activeCount);
        status.PutCount("succeeded", succeeded);
        status.PutCount("failed", failed - RestartsOfActive());
        status["terminating"] = terminatingCount;
        status["uncountedTerminatedPods"] = Uncounted();
        status["ready"] = active.Count(pod => pod.IsReady() && activeCount > 0);
        if (IsIndexed && completed.Count > 0)
        {
            status["completedIndexes"] = FormatIndexes(completed);
        }

        return status;
    }

    private MapNode Uncounted()
    {
        MapNode uncounted = new();
        foreach (IGrouping<bool, MapNode> group in unreleased.GroupBy(pod => pod.Phase() == "Succeeded"))
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
