using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What may be told of a Job. Most rules look only at what a change touches: what was wrong before may be mended step by step.</summary>
internal static class JobStatusRules
{
    private const string Conditions = "status.conditions";

    public static void Check(Checks check, MapNode node, MapNode live)
    {
        Told next = new(node);
        Told before = new(live);
        foreach (string count in (ReadOnlySpan<string>)["active", "succeeded", "failed", "ready", "terminating"])
        {
            check.NotNegative(next.Status?[count], $"status.{count}");
        }

        Uncounted(check, next.Status?["uncountedTerminatedPods"]);
        Outcome(check, next, before);
        Times(check, next, before);
        Finished(check, next, before);
        Indexes(check, next, before);
        Kept(check, next, before);
    }

    private static void Uncounted(Checks check, Node? pods)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string list in (ReadOnlySpan<string>)["succeeded", "failed"])
        {
            foreach ((Node uid, string at) in Checks.Each(pods?[list], $"status.uncountedTerminatedPods.{list}"))
            {
                if (Checks.IsEmpty(uid))
                {
                    check.Add(FieldError.Invalid(at, uid, "must not be empty"));
                }
                else if (!seen.Add(Checks.Text(uid)))
                {
                    check.Add(FieldError.Duplicate(at, uid));
                }
            }
        }
    }

    /// <summary>Conditions that cannot be true at the same time, or only after another.</summary>
    private static void Outcome(Checks check, Told next, Told before)
    {
        bool completes = next.Is("Complete") != before.Is("Complete");
        bool fails = next.Is("Failed") != before.Is("Failed");
        bool failing = next.Is("FailureTarget") != before.Is("FailureTarget");
        bool succeeding = next.Is("SuccessCriteriaMet") != before.Is("SuccessCriteriaMet");
        Refuse(check, (completes || fails) && next.Is("Complete") && next.Is("Failed"), "cannot set Complete=True and Failed=true conditions");
        Refuse(check, (completes || failing) && next.Is("Complete") && next.Is("FailureTarget"), "cannot set Complete=True and FailureTarget=true conditions");
        Refuse(check, (fails || failing) && next.Is("Failed") && !next.Is("FailureTarget"), "cannot set Failed=True condition without the FailureTarget=true condition");
        Refuse(check, (completes || succeeding) && next.Is("Complete") && !next.Is("SuccessCriteriaMet"), "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        Refuse(check, next.Is("SuccessCriteriaMet") && next.Is("Failed"), "cannot set SuccessCriteriaMet=True and Failed=true conditions");
        Refuse(check, next.Is("SuccessCriteriaMet") && next.Is("FailureTarget"), "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        Refuse(check, next.Spec?["successPolicy"] is MapNode && !next.Is("SuccessCriteriaMet") && next.Is("Complete"), "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
    }

    private static void Times(Checks check, Told next, Told before)
    {
        Node? started = next.Status?["startTime"];
        Node? completed = next.Status?["completionTime"];
        bool startChanged = !Node.DeepEquals(started, before.Status?["startTime"]);
        bool completionChanged = !Node.DeepEquals(completed, before.Status?["completionTime"]);
        bool completes = next.Is("Complete") != before.Is("Complete");
        if ((completes || completionChanged) && completed is not null && !next.Is("Complete"))
        {
            check.Add(FieldError.Invalid("status.completionTime", completed, "cannot set completionTime when there is no Complete=True condition"));
        }

        if ((completes || completionChanged) && completed is null && next.Is("Complete"))
        {
            check.Add(FieldError.Required("status.completionTime", "completionTime is required for Complete jobs"));
        }

        // Times of the API are of one form, so that their texts are ordered as they are.
        if ((startChanged || completionChanged) && started is not null && completed is not null && string.CompareOrdinal(Checks.Text(completed), Checks.Text(started)) < 0)
        {
            check.Add(FieldError.Invalid("status.completionTime", completed, "completionTime cannot be set before startTime"));
        }

        if (completed is not null && before.Status?["completionTime"] is not null && completionChanged)
        {
            check.Add(FieldError.Invalid("status.completionTime", completed, "completionTime cannot be mutated"));
        }

        if (startChanged && before.Status?["startTime"] is not null && next.Spec?["suspend"]?.AsBool() != true)
        {
            check.Add(FieldError.Required("status.startTime", "startTime cannot be removed for unsuspended job"));
        }
    }

    /// <summary>Of a Job that is over nothing is at work any more.</summary>
    private static void Finished(Checks check, Told next, Told before)
    {
        bool changed = next.IsFinished != before.IsFinished;
        bool Concerns(string field) => changed || !Node.DeepEquals(next.Status?[field], before.Status?[field]);
        foreach (string count in (ReadOnlySpan<string>)["active", "terminating"])
        {
            if (next.IsFinished && Concerns(count) && next.Count(count) > 0)
            {
                check.Add(FieldError.Invalid($"status.{count}", next.Count(count), $"{count}>0 is invalid for finished job"));
            }
        }

        if (next.IsFinished && Concerns("startTime") && next.Status?["startTime"] is null)
        {
            check.Add(FieldError.Required("status.startTime", "startTime is required for finished job"));
        }

        Node? uncounted = next.Status?["uncountedTerminatedPods"];
        if (next.IsFinished && Concerns("uncountedTerminatedPods") && (uncounted?["failed"] is ListNode { Count: > 0 } || uncounted?["succeeded"] is ListNode { Count: > 0 }))
        {
            check.Add(FieldError.Invalid("status.uncountedTerminatedPods", uncounted, "uncountedTerminatedPods needs to be empty for finished job"));
        }

        bool counted = !Node.DeepEquals(next.Status?["ready"], before.Status?["ready"]) || next.Count("active") != before.Count("active");
        if (counted && next.Status?["ready"] is not null && next.Count("ready") > next.Count("active"))
        {
            check.Add(FieldError.Invalid("status.ready", next.Count("ready"), "cannot set more ready pods than active"));
        }
    }

    private static void Indexes(Checks check, Told next, Told before)
    {
        Node? completed = next.Status?["completedIndexes"];
        Node? failed = next.Status?["failedIndexes"];
        bool completedChanged = Checks.Text(completed) != Checks.Text(before.Status?["completedIndexes"]);
        bool failedChanged = !Node.DeepEquals(failed, before.Status?["failedIndexes"]);
        long? completions = next.Spec?["completions"]?.AsInteger();
        bool perIndex = next.Spec?["backoffLimitPerIndex"] is not null;
        if (completedChanged)
        {
            Format(check, completed, "completedIndexes", completions);
        }

        if (failedChanged && perIndex)
        {
            Format(check, failed, "failedIndexes", completions);
        }

        if (completedChanged && !Checks.IsEmpty(completed) && !next.IsIndexed)
        {
            check.Add(FieldError.Invalid("status.completedIndexes", completed, "cannot set non-empty completedIndexes when non-indexed completion mode"));
        }

        if (failedChanged && failed is not null && !perIndex)
        {
            check.Add(FieldError.Invalid("status.failedIndexes", failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"));
        }

        if ((completedChanged || failedChanged) && completions is not null && JobPolicyRules.Overlap(Checks.Text(completed), Checks.Text(failed), completions.Value) is { } both)
        {
            check.Add(FieldError.Invalid("status.failedIndexes", failed, $"failedIndexes and completedIndexes overlap at index: {both}"));
        }
    }

    private static void Format(Checks check, Node? indexes, string field, long? completions)
    {
        if (completions is not null && JobPolicyRules.IndexProblem(Checks.Text(indexes), completions.Value, out _) is { } problem)
        {
            check.Add(FieldError.Invalid($"status.{field}", indexes, $"error parsing {field}: {problem}"));
        }
    }

    /// <summary>What was once told is not taken back.</summary>
    private static void Kept(Checks check, Told next, Told before)
    {
        foreach (string condition in (ReadOnlySpan<string>)["Failed", "Complete", "FailureTarget"])
        {
            Refuse(check, before.Is(condition) && !next.Is(condition), $"cannot disable the terminal {condition}=True condition");
        }

        bool isElastic = next.IsIndexed && Node.DeepEquals(next.Spec?["completions"], next.Spec?["parallelism"]);
        foreach (string count in (ReadOnlySpan<string>)["failed", "succeeded"])
        {
            if (next.Count(count) < before.Count(count) && !(isElastic && count == "succeeded"))
            {
                check.Add(FieldError.Invalid($"status.{count}", next.Count(count), $"cannot decrease the {count} counter"));
            }
        }

        Refuse(check, before.Is("SuccessCriteriaMet") && !next.Is("SuccessCriteriaMet"), "cannot disable the SuccessCriteriaMet=True condition");
        Refuse(check, before.Is("Complete") && !before.Is("SuccessCriteriaMet") && next.Is("SuccessCriteriaMet"), "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
    }

    // The list of conditions itself is not shown.
    private static void Refuse(Checks check, bool wrong, string why)
    {
        if (wrong)
        {
            check.Add(new FieldError("FieldValueInvalid", Conditions, $"Invalid value: {why}"));
        }
    }

    private sealed class Told(MapNode job)
    {
        public Node? Spec => job["spec"];

        public Node? Status => job["status"];

        public bool IsIndexed => Spec?["completionMode"]?.AsString() == "Indexed";

        public bool IsFinished => Is("Complete") || Is("Failed");

        public long Count(string field) => Status?[field]?.AsInteger() ?? 0;

        public bool Is(string condition) =>
            (Status?["conditions"]?.AsList() ?? []).Any(item => item["type"]?.AsString() == condition && item["status"]?.AsString() == "True");
    }
}
