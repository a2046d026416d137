using Bowline.Languages.Schedules;
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
        if (selector is null)
        {
            check.Add(FieldError.Required("spec.selector"));
        }

        if (node.At("spec", "completionMode")?.AsString() == "Indexed" && node.At("spec", "completions")?.AsInteger() is { } completions and > 0)
        {
            string last = $"{Checks.Text(node.At("metadata", "name"))}-{completions - 1}";
            if (NameRules.Label(last).Any())
            {
                check.Add(FieldError.Invalid("metadata.name", node.At("metadata", "name"), $"will not able to create pod with invalid DNS label: {last}"));
            }
        }

        if (!Checks.Reads(selector))
        {
            return;
        }

        if (selector is null || (selector is MapNode && !LabelSelector.Of(selector).Matches(labels)))
        {
            check.Add(FieldError.Invalid("spec.template.metadata.labels", labels ?? Node.Null, "`selector` does not match template `labels`"));
        }
    }

    /// <summary>Unless a client insists on its own, a job selects by its uid and nothing else.</summary>
    private static void GeneratedSelector(Checks check, MapNode node)
    {
        Node? selector = node.At("spec", "selector");
        if (selector is not MapNode || node.At("spec", "manualSelector")?.AsBool() == true)
        {
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
    }

    /// <summary>The name of a new one leaves room for the minute that its jobs' names end in.</summary>
    public static void NewCronJob(Checks check, MapNode node)
    {
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

        if (spec?["maxFailedIndexes"] is { IsNull: false } && spec["backoffLimitPerIndex"] is null)
        {
            check.Add(FieldError.Required($"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"));
        }

        ManagedBy(check, spec?["managedBy"], $"{path}.managedBy");
        check.OneOf(spec?["completionMode"], $"{path}.completionMode", "NonIndexed", "Indexed");
        bool indexed = spec?["completionMode"]?.AsString() == "Indexed";
        if (indexed)
        {
            Indexed(check, spec!, path);
        }
        else
        {
            foreach (string part in (ReadOnlySpan<string>)["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"])
            {
                if (spec?[part] is { IsNull: false } value)
                {
                    check.Add(FieldError.Invalid($"{path}.{part}", value, "requires indexed completion mode"));
                }
            }
        }

        JobPolicyRules.Failure(check, spec, $"{path}.podFailurePolicy");
        if (indexed)
        {
            JobPolicyRules.Success(check, spec!, $"{path}.successPolicy");
        }

        check.OneOf(spec?["podReplacementPolicy"], $"{path}.podReplacementPolicy", spec?["podFailurePolicy"] is null ? ["Failed", "TerminatingOrFailed"] : ["Failed"]);
        check.Selector(spec?["selector"], $"{path}.selector");
        PodRules.Template(check, spec?["template"], $"{path}.template");
        Restarts(check, spec, $"{path}.template.spec.restartPolicy");
    }

    private static void Restarts(Checks check, Node? spec, string path)
    {
        string restart = Checks.Text(spec?.At("template", "spec", "restartPolicy"));
        switch (restart)
        {
            case "" or "Always":
                check.Add(FieldError.Required(path, "valid values: \"OnFailure\", \"Never\""));
                break;
            case "OnFailure" or "Never":
                if (spec?["podFailurePolicy"] is MapNode && restart != "Never")
                {
                    check.Add(FieldError.Invalid(path, restart, "only \"Never\" is supported when podFailurePolicy is specified"));
                }

                break;
            default:
                check.Add(FieldError.NotSupported(path, restart, "OnFailure", "Never"));
                break;
        }
    }

    private static void ManagedBy(Checks check, Node? manager, string path)
    {
        if (manager is not StringNode { Value: { } name })
        {
            return;
        }

        if (name.Split('/', 2) is not [var domain, { Length: > 0 }] || NameRules.Subdomain(domain).Any())
        {
            check.Add(FieldError.Invalid(path, name, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        }

        if (name.Length > 63)
        {
            check.Add(FieldError.TooLong(path, 63));
        }
    }

    /// <summary>Limits of jobs whose pods are told apart by an index; the numbers are the reference's.</summary>
    private static void Indexed(Checks check, Node spec, string path)
    {
        long? completions = spec["completions"]?.AsInteger();
        long? parallel = spec["parallelism"]?.AsInteger();
        long? failed = spec["maxFailedIndexes"]?.AsInteger();
        if (completions is null)
        {
            check.Add(FieldError.Required($"{path}.completions", "when completion mode is Indexed"));
        }

        if (parallel > 100_000)
        {
            check.Add(FieldError.Invalid($"{path}.parallelism", parallel.Value, "must be less than or equal to 100000 when completion mode is Indexed"));
        }

        if (failed > completions)
        {
            check.Add(FieldError.Invalid($"{path}.maxFailedIndexes", failed.Value, "must be less than or equal to completions"));
        }

        if (failed > 100_000)
        {
            check.Add(FieldError.Invalid($"{path}.maxFailedIndexes", failed.Value, "must be less than or equal to 100000"));
        }

        if (!(completions > 100_000) || spec["backoffLimitPerIndex"] is null)
        {
            return;
        }

        if (failed is null)
        {
            check.Add(FieldError.Required($"{path}.maxFailedIndexes", "must be specified when completions is above 100000"));
        }

        foreach ((string name, long? number) in ((string, long?)[])[("parallelism", parallel), ("maxFailedIndexes", failed)])
        {
            if (number > 10_000)
            {
                check.Add(FieldError.Invalid($"{path}.{name}", number.Value, "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index"));
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
        else
        {
            try
            {
                CronSchedule.Parse(schedule, timeZone: null);
            }
            catch (FormatException wrong)
            {
                check.Add(FieldError.Invalid("spec.schedule", schedule, wrong.Message));
            }
        }
    }
}
