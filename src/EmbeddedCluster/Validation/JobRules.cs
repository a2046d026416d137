using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Jobs and what makes them.</summary>
internal static class JobRules
{
    private const string Uid = "batch.kubernetes.io/controller-uid";

    public static void Job(Checks check, MapNode node)
    {
        GeneratedSelector(check, node);
        Spec(check, node["spec"], "spec");
        Node? selector = node.At("spec", "selector");
        Node? labels = node.At("spec", "template", "metadata", "labels");
        if (selector is MapNode && !LabelMatching.Selects(selector, labels))
        {
            check.Add(FieldError.Invalid("spec.template.metadata.labels", labels ?? Node.Null, "`selector` does not match template `labels`"));
        }
    }

    /// <summary>Unless a client insists on its own, a job selects by its uid and nothing else.</summary>
    private static void GeneratedSelector(Checks check, MapNode node)
    {
        Node? selector = node.At("spec", "selector");
        if (node.At("spec", "manualSelector")?.AsBool() == true)
        {
            if (selector is not MapNode)
            {
                check.Add(FieldError.Required("spec.selector"));
            }

            return;
        }

        string uid = node.At("metadata", "uid")?.AsString() ?? string.Empty;
        bool own = selector?["matchLabels"] is MapNode { Count: 1 } labels && (labels[Uid] ?? labels["controller-uid"])?.AsString() == uid && selector["matchExpressions"] is null;
        if (!own)
        {
            check.Add(FieldError.Invalid("spec.selector", selector ?? Node.Null, "`selector` not auto-generated"));
        }
    }

    public static void CronJob(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string schedule = spec?["schedule"]?.AsString() ?? string.Empty;
        if (schedule.Length == 0)
        {
            check.Add(FieldError.Required("spec.schedule"));
        }
        else
        {
            Schedule(check, schedule);
        }

        check.NotNegative(spec?["startingDeadlineSeconds"], "spec.startingDeadlineSeconds");
        if (spec?["timeZone"]?.AsString() is { } zone)
        {
            TimeZone(check, zone);
        }

        check.Choice(spec?["concurrencyPolicy"], "spec.concurrencyPolicy", "Allow", "Forbid", "Replace");
        check.NotNegative(spec?["successfulJobsHistoryLimit"], "spec.successfulJobsHistoryLimit");
        check.NotNegative(spec?["failedJobsHistoryLimit"], "spec.failedJobsHistoryLimit");
        Node? job = spec?.At("jobTemplate", "spec");
        if (job?["manualSelector"]?.AsBool() == true)
        {
            check.Add(FieldError.NotSupported("spec.jobTemplate.spec.manualSelector", true, "nil", "false"));
        }

        if (job?["selector"] is MapNode)
        {
            check.Add(FieldError.Invalid("spec.jobTemplate.spec.selector", job["selector"], "`selector` will be auto-generated"));
        }

        Spec(check, job, "spec.jobTemplate.spec");
        if (node.At("metadata", "name")?.AsString() is { Length: > 52 } name)
        {
            check.Add(FieldError.Invalid("metadata.name", name, "must be no more than 52 characters"));
        }
    }

    public static void OnUpdate(Checks check, MapNode node, MapNode live)
    {
        Node? spec = node["spec"];
        Node? before = live["spec"];
        if (spec?["completionMode"]?.AsString() == "Indexed")
        {
            bool elastic = Node.DeepEquals(spec["completions"], spec["parallelism"]);
            if (!Node.DeepEquals(spec["completions"], before?["completions"]) && !elastic)
            {
                check.Add(FieldError.Invalid("spec.completions", spec["completions"] ?? Node.Null, $"can only be modified in tandem with spec.parallelism"));
            }
        }
        else
        {
            check.Immutable(spec?["completions"], before?["completions"], "spec.completions");
        }

        check.Immutable(spec?["selector"], before?["selector"], "spec.selector");
        if (!Node.DeepEquals(Pinned(spec?["template"], before), Pinned(before?["template"], before)))
        {
            check.Add(FieldError.Invalid("spec.template", spec?["template"], "field is immutable"));
        }

        check.Immutable(spec?["completionMode"], before?["completionMode"], "spec.completionMode");
        check.Immutable(spec?["podFailurePolicy"], before?["podFailurePolicy"], "spec.podFailurePolicy");
        check.Immutable(spec?["backoffLimitPerIndex"], before?["backoffLimitPerIndex"], "spec.backoffLimitPerIndex");
        check.Immutable(spec?["managedBy"], before?["managedBy"], "spec.managedBy");
        check.Immutable(spec?["successPolicy"], before?["successPolicy"], "spec.successPolicy");
    }

    /// <summary>A suspended job that never started may still be told where its pods run.</summary>
    private static Node? Pinned(Node? template, Node? before)
    {
        if (template is not MapNode || before?["suspend"]?.AsBool() != true)
        {
            return template;
        }

        MapNode copy = (MapNode)template.DeepClone();
        foreach (string key in (ReadOnlySpan<string>)["nodeSelector", "affinity", "tolerations", "schedulingGates"])
        {
            (copy["spec"] as MapNode)?.Remove(key);
        }

        (copy["metadata"] as MapNode)?.Remove("annotations");
        (copy["metadata"] as MapNode)?.Remove("labels");
        return copy;
    }

    private static void Spec(Checks check, Node? spec, string path)
    {
        foreach (string number in (ReadOnlySpan<string>)["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"])
        {
            check.NotNegative(spec?[number], $"{path}.{number}");
        }

        if (spec?["completionMode"] is { } mode)
        {
            check.OneOf(mode, $"{path}.completionMode", "Indexed", "NonIndexed");
            if (mode.AsString() == "Indexed" && spec["completions"] is null)
            {
                check.Add(FieldError.Required($"{path}.completions", "when completion mode is Indexed"));
            }
        }

        check.OneOf(spec?["podReplacementPolicy"], $"{path}.podReplacementPolicy", spec?["podFailurePolicy"] is null ? ["Failed", "TerminatingOrFailed"] : ["Failed"]);
        check.Selector(spec?["selector"], $"{path}.selector");
        FailurePolicy(check, spec, path);
        Node? template = spec?["template"];
        PodRules.Template(check, template, $"{path}.template", []);
        string restart = template?.At("spec", "restartPolicy")?.AsString() ?? string.Empty;
        if (restart is "" or "Always")
        {
            check.Add(FieldError.Required($"{path}.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        }
        else if (spec?["podFailurePolicy"] is MapNode && restart != "Never")
        {
            check.Add(FieldError.Invalid($"{path}.template.spec.restartPolicy", restart, "only \"Never\" is supported when podFailurePolicy is specified"));
        }
    }

    private static void FailurePolicy(Checks check, Node? spec, string path)
    {
        foreach ((Node rule, string at) in Checks.Each(spec?.At("podFailurePolicy", "rules"), $"{path}.podFailurePolicy.rules"))
        {
            check.Choice(rule["action"], $"{at}.action", "Count", "FailIndex", "FailJob", "Ignore");
            bool codes = rule["onExitCodes"] is MapNode;
            bool conditions = rule["onPodConditions"] is ListNode { Count: > 0 };
            if (codes && conditions)
            {
                check.Add(FieldError.Invalid(at, string.Empty, "specifying both OnExitCodes and OnPodConditions is not supported"));
            }
            else if (!codes && !conditions)
            {
                check.Add(FieldError.Invalid(at, string.Empty, "specifying one of OnExitCodes and OnPodConditions is required"));
            }

            if (codes)
            {
                check.Choice(rule.At("onExitCodes", "operator"), $"{at}.onExitCodes.operator", "In", "NotIn");
                if (rule.At("onExitCodes", "values") is not ListNode { Count: > 0 })
                {
                    check.Add(FieldError.Invalid($"{at}.onExitCodes.values", rule.At("onExitCodes", "values") ?? Node.Null, "at least one value is required"));
                }
            }
        }
    }

    private static void TimeZone(Checks check, string zone)
    {
        if (zone.Length == 0)
        {
            check.Add(FieldError.Invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string"));
        }
        else if (string.Equals(zone, "local", StringComparison.OrdinalIgnoreCase))
        {
            check.Add(FieldError.Invalid("spec.timeZone", zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
        }
        else if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            check.Add(FieldError.Invalid("spec.timeZone", zone, $"unknown time zone {zone}"));
        }
    }

    private static void Schedule(Checks check, string schedule)
    {
        if (schedule.Contains("TZ", StringComparison.Ordinal))
        {
            check.Add(FieldError.Invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
        }
        else if (CronText.Problem(schedule) is { } problem)
        {
            check.Add(FieldError.Invalid("spec.schedule", schedule, problem));
        }
    }
}
