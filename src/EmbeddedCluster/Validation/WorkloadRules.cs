using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Controllers of pods.</summary>
internal static class WorkloadRules
{
    private static readonly string[] StatefulMutable = ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    public static void Deployment(Checks check, MapNode node)
    {
        Common(check, node, "deployment");
        Node? strategy = node.At("spec", "strategy");
        string type = strategy?["type"]?.AsString() ?? string.Empty;
        if (type is not ("Recreate" or "RollingUpdate"))
        {
            check.Add(FieldError.NotSupported("spec.strategy", strategy, "Recreate", "RollingUpdate"));
        }

        if (type == "Recreate" && strategy?["rollingUpdate"] is MapNode)
        {
            check.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        }

        if (type == "RollingUpdate" && IsZero(strategy?.At("rollingUpdate", "maxUnavailable")) && IsZero(strategy?.At("rollingUpdate", "maxSurge")))
        {
            check.Add(FieldError.Invalid("spec.strategy.rollingUpdate.maxUnavailable", strategy?.At("rollingUpdate", "maxUnavailable"), "may not be 0 when `maxSurge` is 0"));
        }

        check.NotNegative(node.At("spec", "minReadySeconds"), "spec.minReadySeconds");
        check.NotNegative(node.At("spec", "revisionHistoryLimit"), "spec.revisionHistoryLimit");
        check.NotNegative(node.At("spec", "progressDeadlineSeconds"), "spec.progressDeadlineSeconds");
    }

    public static void ReplicaSet(Checks check, MapNode node) => Common(check, node, "replicaset");

    public static void StatefulSet(Checks check, MapNode node)
    {
        if (node.At("spec", "podManagementPolicy")?.AsString() is { } policy && policy is not ("OrderedReady" or "Parallel"))
        {
            check.Add(FieldError.Invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"));
        }

        Common(check, node, "statefulset");
    }

    public static void DaemonSet(Checks check, MapNode node)
    {
        Common(check, node, "daemonset");
        Node? strategy = node.At("spec", "updateStrategy");
        if (strategy?["type"]?.AsString() is not ("RollingUpdate" or "OnDelete"))
        {
            check.Add(FieldError.NotSupported("spec.updateStrategy", strategy, "RollingUpdate", "OnDelete"));
        }
    }

    public static void ReplicationController(Checks check, MapNode node)
    {
        check.NotNegative(node.At("spec", "replicas"), "spec.replicas");
        if (node.At("spec", "selector") is not MapNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.selector"));
        }

        Template(check, node.At("spec", "template"), "spec.template", [], "Always");
    }

    public static void Job(Checks check, MapNode node)
    {
        foreach (string number in (ReadOnlySpan<string>)["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"])
        {
            check.NotNegative(node.At("spec", number), $"spec.{number}");
        }

        check.OneOf(node.At("spec", "completionMode"), "spec.completionMode", "NonIndexed", "Indexed");
        JobTemplate(check, node.At("spec", "template"), "spec.template");
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

        if (spec?["timeZone"]?.AsString() is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            check.Add(FieldError.Invalid("spec.timeZone", zone, zone.Length == 0 ? "timeZone must be nil or non-empty string" : $"unknown time zone {zone}"));
        }

        check.OneOf(spec?["concurrencyPolicy"], "spec.concurrencyPolicy", "Allow", "Forbid", "Replace");
        check.NotNegative(spec?["startingDeadlineSeconds"], "spec.startingDeadlineSeconds");
        check.NotNegative(spec?["successfulJobsHistoryLimit"], "spec.successfulJobsHistoryLimit");
        check.NotNegative(spec?["failedJobsHistoryLimit"], "spec.failedJobsHistoryLimit");
        JobTemplate(check, node.At("spec", "jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template");
        if (node.At("metadata", "name")?.AsString() is { Length: > 52 } name)
        {
            check.Add(FieldError.Invalid("metadata.name", name, "must be no more than 52 characters"));
        }
    }

    public static void Autoscaler(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        long most = spec?["maxReplicas"]?.AsInteger() ?? 0;
        if (spec?["minReplicas"]?.AsInteger() is { } least and < 1)
        {
            check.Add(FieldError.Invalid("spec.minReplicas", least, "must be greater than or equal to 1"));
        }

        if (most < 1)
        {
            check.Add(FieldError.Required("spec.maxReplicas", "must be set and greater than 0"));
        }

        if (spec?["minReplicas"]?.AsInteger() is { } minimum && most < minimum)
        {
            check.Add(FieldError.Invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
        }

        check.Require(spec?.At("scaleTargetRef", "kind"), "spec.scaleTargetRef.kind");
        check.Require(spec?.At("scaleTargetRef", "name"), "spec.scaleTargetRef.name");
        string apiVersion = spec?.At("scaleTargetRef", "apiVersion")?.AsString() ?? string.Empty;
        if (apiVersion.Length == 0 && spec?.At("scaleTargetRef", "kind")?.AsString() is not "ReplicationController")
        {
            check.Add(FieldError.Invalid("spec.scaleTargetRef.apiVersion", apiVersion, "apiVersion must specify API group"));
        }
    }

    public static void Budget(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["minAvailable"] is not null && spec["maxUnavailable"] is not null)
        {
            check.Add(FieldError.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
        }

        foreach (string bound in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            check.NotNegative(spec?[bound], $"spec.{bound}");
            if (spec?[bound]?.AsString() is { } percent && percent.EndsWith('%') && int.TryParse(percent[..^1], out int number) && number > 100)
            {
                check.Add(FieldError.Invalid($"spec.{bound}", percent, "must not be greater than 100%"));
            }
        }

        check.Selector(spec?["selector"], "spec.selector");
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "deployments.apps" or "replicasets.apps" or "daemonsets.apps":
                check.Immutable(node.At("spec", "selector"), live.At("spec", "selector"), "spec.selector");
                break;
            case "statefulsets.apps":
                if (!SameBut(node["spec"], live["spec"], StatefulMutable))
                {
                    check.Add(FieldError.Forbidden(
                        "spec",
                        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
                }

                break;
            case "jobs.batch":
                check.Immutable(node.At("spec", "completions"), live.At("spec", "completions"), "spec.completions");
                check.Immutable(node.At("spec", "selector"), live.At("spec", "selector"), "spec.selector");
                check.Immutable(node.At("spec", "template"), live.At("spec", "template"), "spec.template");
                check.Immutable(node.At("spec", "completionMode"), live.At("spec", "completionMode"), "spec.completionMode");
                break;
            default:
                break;
        }
    }

    internal static bool SameBut(Node? next, Node? live, IReadOnlyList<string> except)
    {
        MapNode a = next as MapNode ?? [];
        MapNode b = live as MapNode ?? [];
        return a.Keys.Union(b.Keys).Where(key => !except.Contains(key)).All(key => Node.DeepEquals(a[key], b[key]));
    }

    private static void Common(Checks check, MapNode node, string kind)
    {
        check.NotNegative(node.At("spec", "replicas"), "spec.replicas");
        Node? selector = node.At("spec", "selector");
        if (selector is null)
        {
            check.Add(FieldError.Required("spec.selector"));
        }
        else if (selector is MapNode { Count: 0 })
        {
            check.Add(FieldError.Invalid("spec.selector", selector, $"empty selector is invalid for {kind}"));
        }
        else
        {
            check.Selector(selector, "spec.selector");
        }

        Node? template = node.At("spec", "template");
        Node? labels = template?.At("metadata", "labels");
        if (selector is not MapNode { Count: 0 } && (selector is null || !Selects(selector, labels)))
        {
            check.Add(FieldError.Invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
        }

        IEnumerable<string> claims = (node.At("spec", "volumeClaimTemplates")?.AsList() ?? []).Select(claim => claim.At("metadata", "name")?.AsString() ?? string.Empty);
        Template(check, template, "spec.template", claims, "Always");
    }

    private static void Template(Checks check, Node? template, string path, IEnumerable<string> claims, params string[] restart)
    {
        MetadataRules.CheckLabels(template?.At("metadata", "labels"), $"{path}.metadata.labels", check.Errors);
        PodRules.Spec(check, template?["spec"], $"{path}.spec", claims);
        if (template?.At("spec", "restartPolicy")?.AsString() is { } policy && policy is "OnFailure" or "Never")
        {
            check.OneOf(template!.At("spec", "restartPolicy"), $"{path}.spec.restartPolicy", restart);
        }
    }

    private static void JobTemplate(Checks check, Node? template, string path)
    {
        PodRules.Spec(check, template?["spec"], $"{path}.spec");
        if (template?.At("spec", "restartPolicy")?.AsString() is "Always" or null)
        {
            check.Add(FieldError.Required($"{path}.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        }
    }

    private static void Schedule(Checks check, string schedule)
    {
        if (schedule.Contains("TZ", StringComparison.Ordinal))
        {
            check.Add(FieldError.Invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
            return;
        }

        string[] fields = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!schedule.StartsWith('@') && fields.Length != 5)
        {
            check.Add(FieldError.Invalid("spec.schedule", schedule, $"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]"));
        }
    }

    private static bool IsZero(Node? value) => value is IntegerNode { Value: 0 } or StringNode { Value: "0%" };

    private static bool Selects(Node selector, Node? labels)
    {
        bool plain = (selector["matchLabels"] as MapNode ?? []).All(pair => labels?[pair.Key]?.AsString() == pair.Value.AsString());
        return plain && (selector["matchExpressions"]?.AsList() ?? []).All(expression => Matches(expression, labels));
    }

    private static bool Matches(Node expression, Node? labels)
    {
        string? value = labels?[expression["key"]?.AsString() ?? string.Empty]?.AsString();
        bool contained = (expression["values"]?.AsList() ?? []).Any(item => item.AsString() == value);
        return expression["operator"]?.AsString() switch
        {
            "In" => value is not null && contained,
            "NotIn" => value is null || !contained,
            "Exists" => value is not null,
            _ => value is null,
        };
    }
}
