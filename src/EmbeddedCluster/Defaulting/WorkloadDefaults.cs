using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Controllers of pods.</summary>
internal static class WorkloadDefaults
{
    public static void Deployment(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        PodDefaults.Template(spec["template"]);
        spec.Default("replicas", 1).Default("revisionHistoryLimit", 10).Default("progressDeadlineSeconds", 600);
        MapNode strategy = spec.EnsureMap("strategy").Default("type", "RollingUpdate");
        if (strategy["type"]?.AsString() == "RollingUpdate")
        {
            strategy.EnsureMap("rollingUpdate").Default("maxUnavailable", "25%").Default("maxSurge", "25%");
        }
    }

    public static void ReplicaSet(MapNode node)
    {
        if (node.Part("spec") is { } spec)
        {
            PodDefaults.Template(spec["template"]);
            spec.Default("replicas", 1);
        }
    }

    public static void ReplicationController(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        PodDefaults.Template(spec["template"]);
        spec.Default("replicas", 1);
        if (spec["template"].Part("metadata").Part("labels") is { Count: > 0 } labels)
        {
            spec.Default("selector", labels.DeepClone());
            node.EnsureMap("metadata").Default("labels", labels.DeepClone());
        }
    }

    public static void StatefulSet(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        PodDefaults.Template(spec["template"]);
        spec.Default("podManagementPolicy", "OrderedReady").Default("replicas", 1).Default("revisionHistoryLimit", 10);
        spec.EnsureMap("persistentVolumeClaimRetentionPolicy").Default("whenDeleted", "Retain").Default("whenScaled", "Retain");
        MapNode strategy = spec.EnsureMap("updateStrategy").Default("type", "RollingUpdate");
        if (strategy["type"]?.AsString() == "RollingUpdate")
        {
            strategy.EnsureMap("rollingUpdate").Default("partition", 0);
        }

        foreach (MapNode claim in spec.Each("volumeClaimTemplates"))
        {
            claim.Default("kind", "PersistentVolumeClaim").Default("apiVersion", "v1");
            StorageKindDefaults.Claim(claim);
            claim.EnsureMap("status").Default("phase", "Pending");
        }
    }

    public static void DaemonSet(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        PodDefaults.Template(spec["template"]);
        spec.Default("revisionHistoryLimit", 10);
        node.EnsureMap("metadata").EnsureMap("annotations").Default("deprecated.daemonset.template.generation", "1");
        MapNode strategy = spec.EnsureMap("updateStrategy").Default("type", "RollingUpdate");
        if (strategy["type"]?.AsString() == "RollingUpdate")
        {
            strategy.EnsureMap("rollingUpdate").Default("maxUnavailable", 1).Default("maxSurge", 0);
        }
    }

    public static void Job(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        PodDefaults.Template(spec["template"]);
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
        }

        spec.Default("parallelism", 1).Default("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6 : int.MaxValue);
        spec.Default("completionMode", "NonIndexed").Default("suspend", false).Default("manualSelector", false).Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        if (spec["template"].Part("metadata").Part("labels") is { Count: > 0 } labels && node.Part("metadata").Part("labels") is null)
        {
            node.EnsureMap("metadata")["labels"] = labels.DeepClone();
        }

        foreach (MapNode condition in spec.Part("podFailurePolicy").Each("rules").SelectMany(rule => rule.Each("onPodConditions")))
        {
            condition.Default("status", "True");
        }
    }

    public static void CronJob(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        spec.Default("concurrencyPolicy", "Allow").Default("suspend", false).Default("successfulJobsHistoryLimit", 3).Default("failedJobsHistoryLimit", 1);
        PodDefaults.Template(spec.At("jobTemplate", "spec", "template"));
    }

    /// <summary>The first version knows one metric, which is there unless an annotation brings others.</summary>
    public static void OldAutoscaler(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        spec.Default("minReplicas", 1);
        if (node.At("metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics") is null)
        {
            spec.Default("targetCPUUtilizationPercentage", 80);
        }
    }

    public static void Autoscaler(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        spec.Default("minReplicas", 1);
        if (spec["metrics"] is null)
        {
            spec["metrics"] = new ListNode(new MapNode
            {
                ["type"] = "Resource",
                ["resource"] = new MapNode { ["name"] = "cpu", ["target"] = new MapNode { ["type"] = "Utilization", ["averageUtilization"] = 80 } },
            });
        }

        if (spec.Part("behavior") is { } behavior)
        {
            Scaling(behavior.EnsureMap("scaleUp"), up: true);
            Scaling(behavior.EnsureMap("scaleDown"), up: false);
        }
    }

    private static void Scaling(MapNode rules, bool up)
    {
        MapNode Policy(string type, int value) => new() { ["type"] = type, ["value"] = value, ["periodSeconds"] = 15 };
        if (up)
        {
            rules.Default("stabilizationWindowSeconds", 0);
        }

        rules.Default("selectPolicy", "Max");
        if (rules["policies"] is not ListNode)
        {
            rules["policies"] = up ? new ListNode(Policy("Pods", 4), Policy("Percent", 100)) : new ListNode(Policy("Percent", 100));
        }
    }
}
