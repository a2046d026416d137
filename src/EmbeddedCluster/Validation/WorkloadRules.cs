using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Controllers of long-running pods; jobs are <see cref="JobRules"/>'.</summary>
internal static class WorkloadRules
{
    private static readonly string[] StatefulMutable = ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    public static void Deployment(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        Common(check, node, "deployment", "ReplicaSet");
        Node? strategy = spec?["strategy"];
        string type = strategy?["type"]?.AsString() ?? string.Empty;
        Node? rolling = strategy?["rollingUpdate"];
        if (type is not ("Recreate" or "RollingUpdate"))
        {
            check.Add(FieldError.NotSupported("spec.strategy", strategy, "Recreate", "RollingUpdate"));
        }

        if (type == "Recreate" && rolling is MapNode)
        {
            check.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        }

        if (type == "RollingUpdate" && rolling is not MapNode)
        {
            check.Add(FieldError.Required("spec.strategy.rollingUpdate", "this should be defaulted and never be nil"));
        }
        else if (type == "RollingUpdate")
        {
            check.IntOrPercent(rolling!["maxUnavailable"], "spec.strategy.rollingUpdate.maxUnavailable");
            check.IntOrPercent(rolling["maxSurge"], "spec.strategy.rollingUpdate.maxSurge");
            if (IsZero(rolling["maxUnavailable"]) && IsZero(rolling["maxSurge"]))
            {
                check.Add(FieldError.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"));
            }

            check.AtMostAll(rolling["maxUnavailable"], "spec.strategy.rollingUpdate.maxUnavailable");
        }

        check.NotNegative(spec?["minReadySeconds"], "spec.minReadySeconds");
        check.NotNegative(spec?["revisionHistoryLimit"], "spec.revisionHistoryLimit");
        check.NotNegative(spec?["progressDeadlineSeconds"], "spec.progressDeadlineSeconds");
        if (spec?["progressDeadlineSeconds"]?.AsInteger() is { } deadline && deadline <= (spec["minReadySeconds"]?.AsInteger() ?? 0))
        {
            check.Add(FieldError.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
        }
    }

    public static void ReplicaSet(Checks check, MapNode node)
    {
        Common(check, node, "replicaset", "ReplicaSet");
        check.NotNegative(node.At("spec", "minReadySeconds"), "spec.minReadySeconds");
    }

    public static void StatefulSet(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string policy = spec?["podManagementPolicy"]?.AsString() ?? string.Empty;
        if (policy.Length == 0)
        {
            check.Add(FieldError.Required("spec.podManagementPolicy"));
        }
        else if (policy is not ("OrderedReady" or "Parallel"))
        {
            check.Add(FieldError.Invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"));
        }

        Node? strategy = spec?["updateStrategy"];
        switch (strategy?["type"]?.AsString())
        {
            case null or "":
                check.Add(FieldError.Required("spec.updateStrategy"));
                break;
            case "OnDelete":
                if (strategy["rollingUpdate"] is MapNode rolling)
                {
                    check.Add(FieldError.Invalid("spec.updateStrategy.rollingUpdate", rolling, "only allowed for updateStrategy 'RollingUpdate'"));
                }

                break;
            case "RollingUpdate":
                check.NotNegative(strategy.At("rollingUpdate", "partition"), "spec.updateStrategy.rollingUpdate.partition");
                break;
            default:
                check.Add(FieldError.Invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'"));
                break;
        }

        foreach (string when in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
        {
            check.OneOf(spec?.At("persistentVolumeClaimRetentionPolicy", when), $"spec.persistentVolumeClaimRetentionPolicy.{when}", "Delete", "Retain");
        }

        check.NotNegative(spec?["minReadySeconds"], "spec.minReadySeconds");
        check.NotNegative(spec?.At("ordinals", "start"), "spec.ordinals.start");
        Common(check, node, "statefulset", "StatefulSet");
    }

    public static void DaemonSet(Checks check, MapNode node)
    {
        Common(check, node, "daemonset", "DaemonSet");
        check.NotNegative(node.At("spec", "minReadySeconds"), "spec.minReadySeconds");
        check.NotNegative(node.At("spec", "revisionHistoryLimit"), "spec.revisionHistoryLimit");
        Node? strategy = node.At("spec", "updateStrategy");
        switch (strategy?["type"]?.AsString())
        {
            case "OnDelete":
                break;
            case "RollingUpdate":
                DaemonRollout(check, strategy["rollingUpdate"], "spec.updateStrategy.rollingUpdate");
                break;
            default:
                check.Add(FieldError.NotSupported("spec.updateStrategy", strategy, "RollingUpdate", "OnDelete"));
                break;
        }
    }

    private static void DaemonRollout(Checks check, Node? rolling, string path)
    {
        if (rolling is not MapNode)
        {
            check.Add(FieldError.Required(path));
            return;
        }

        check.IntOrPercent(rolling["maxUnavailable"], $"{path}.maxUnavailable");
        check.AtMostAll(rolling["maxUnavailable"], $"{path}.maxUnavailable");
        check.IntOrPercent(rolling["maxSurge"], $"{path}.maxSurge");
        check.AtMostAll(rolling["maxSurge"], $"{path}.maxSurge");
        bool unavailable = rolling["maxUnavailable"] is { } least && !IsZero(least);
        bool surge = rolling["maxSurge"] is { } most && !IsZero(most);
        if (unavailable && surge)
        {
            check.Add(FieldError.Invalid($"{path}.maxSurge", rolling["maxSurge"], "may not be set when maxUnavailable is non-zero"));
        }
        else if (!unavailable && !surge)
        {
            check.Add(FieldError.Invalid($"{path}.maxUnavailable", rolling["maxUnavailable"], "cannot be 0 when maxSurge is 0"));
        }
    }

    public static void ReplicationController(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.NotNegative(spec?["minReadySeconds"], "spec.minReadySeconds");
        if (spec?["selector"] is not MapNode { Count: > 0 } selector)
        {
            check.Add(FieldError.Required("spec.selector"));
            selector = [];
        }

        check.NotNegative(spec?["replicas"], "spec.replicas");
        if (spec?["template"] is not MapNode template)
        {
            check.Add(FieldError.Required("spec.template"));
            return;
        }

        Node? labels = template.At("metadata", "labels");
        if (selector.Count > 0 && !LabelSelector.OfLabels(selector).Matches(labels))
        {
            check.Add(FieldError.Invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
        }

        PodRules.Template(check, template, "spec.template");
        Restarts(check, template, "ReplicationController");
    }

    /// <summary>Sent status counts that cannot be.</summary>
    public static void Status(Checks check, string kind, MapNode node)
    {
        Node? status = node["status"];
        long replicas = status?["replicas"]?.AsInteger() ?? 0;
        string[] counts = kind switch
        {
            "deployments.apps" => ["updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"],
            "replicasets.apps" or "replicationcontrollers" => ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
            "statefulsets.apps" => ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
            _ => [],
        };
        if (counts.Length == 0)
        {
            return;
        }

        check.NotNegative(status?["observedGeneration"], "status.observedGeneration");
        check.NotNegative(status?["replicas"], "status.replicas");
        foreach (string count in counts)
        {
            check.NotNegative(status?[count], $"status.{count}");
        }

        check.NotNegative(status?["collisionCount"], "status.collisionCount");
        foreach (string count in counts.Where(count => count != "unavailableReplicas"))
        {
            long number = status?[count]?.AsInteger() ?? 0;
            if (number > replicas)
            {
                check.Add(FieldError.Invalid($"status.{count}", number, "cannot be greater than status.replicas"));
            }
        }

        long ready = status?["readyReplicas"]?.AsInteger() ?? 0;
        if ((status?["availableReplicas"]?.AsInteger() ?? 0) is var available && available > ready)
        {
            check.Add(FieldError.Invalid("status.availableReplicas", available, "cannot be greater than readyReplicas"));
        }
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
            case "controllerrevisions.apps":
                check.Immutable(node["data"], live["data"], "data");
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

    public static void Revision(Checks check, MapNode node)
    {
        if (node["data"] is null or NullNode)
        {
            check.Add(FieldError.Required("data", "data is mandatory"));
        }

        check.NotNegative(node["revision"], "revision");
    }

    private static void Common(Checks check, MapNode node, string kind, string shown)
    {
        check.NotNegative(node.At("spec", "replicas"), "spec.replicas");
        Node? selector = node.At("spec", "selector");
        int before = check.Errors.Count;
        if (selector is null && kind != "daemonset")
        {
            check.Add(FieldError.Required("spec.selector"));
        }
        else if (selector is MapNode { Count: 0 })
        {
            check.Add(FieldError.Invalid("spec.selector", selector, $"empty selector is invalid for {(kind == "replicaset" ? "deployment" : kind)}"));
        }
        else
        {
            check.Selector(selector, "spec.selector");
        }

        Node? template = node.At("spec", "template");
        if (selector is MapNode { Count: > 0 } && check.Errors.Count > before)
        {
            // A selector that cannot be read selects nothing that could be compared; only sets of nodes look at their pods all the same.
            if (kind != "daemonset")
            {
                check.Add(FieldError.Invalid("spec.selector", selector, kind == "statefulset" ? string.Empty : "invalid label selector"));
                Restarts(check, kind == "statefulset" ? template : null, shown);
                return;
            }
        }
        else if (selector is not MapNode { Count: 0 } && (selector is null || !LabelSelector.Of(selector).Matches(template?.At("metadata", "labels"))))
        {
            check.Add(FieldError.Invalid("spec.template.metadata.labels", template?.At("metadata", "labels") ?? Node.Null, "`selector` does not match template `labels`"));
        }

        if (kind == "statefulset")
        {
            // The reference leaves the pods themselves unchecked: their volumes come with the claims.
            PodRules.TemplateMetadata(check, template, "spec.template");
        }
        else
        {
            PodRules.Template(check, template, "spec.template");
        }

        Restarts(check, template, shown);
    }

    private static void Restarts(Checks check, Node? template, string kind)
    {
        if (template?.At("spec", "restartPolicy") is StringNode)
        {
            check.OneOf(template.At("spec", "restartPolicy"), "spec.template.spec.restartPolicy", "Always");
        }

        if (template?.At("spec", "activeDeadlineSeconds") is { IsNull: false })
        {
            check.Add(FieldError.Forbidden("spec.template.spec.activeDeadlineSeconds", $"activeDeadlineSeconds in {kind} is not Supported"));
        }
    }

    private static bool IsZero(Node? value) => value is IntegerNode { Value: 0 } or StringNode { Value: "0%" };
}
