using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Health of the kinds that run pods; the rules are those by which <c>kubectl rollout status</c> and Argo CD decide.</summary>
internal static class WorkloadHealth
{
    public static HealthReport Deployment(MapNode live)
    {
        if (live.At("spec", "paused")?.AsBool() == true)
        {
            return HealthReport.Suspended("Deployment is paused");
        }

        if (!live.IsObserved())
        {
            return HealthReport.Progressing("Waiting for the controller to observe the new generation");
        }

        Node? progressing = live.Condition("Progressing");
        if (progressing?["reason"]?.AsString() == "ProgressDeadlineExceeded")
        {
            return HealthReport.Degraded($"Deployment exceeded its progress deadline: {progressing.Message()}");
        }

        long wanted = live.Count("spec", "replicas", absent: 1);
        long updated = live.Count("status", "updatedReplicas");
        long total = live.Count("status", "replicas");
        long available = live.Count("status", "availableReplicas");
        return updated < wanted ? HealthReport.Progressing($"{updated} of {wanted} new replicas have been updated")
            : total > updated ? HealthReport.Progressing($"{total - updated} old replicas are pending termination")
            : available < updated ? HealthReport.Progressing($"{available} of {updated} updated replicas are available")
            : HealthReport.Healthy;
    }

    public static HealthReport StatefulSet(MapNode live)
    {
        if (live.Count("status", "observedGeneration") == 0 || !live.IsObserved())
        {
            return HealthReport.Progressing("Waiting for the controller to observe the new generation");
        }

        long wanted = live.Count("spec", "replicas", absent: 1);
        long ready = live.Count("status", "readyReplicas");
        if (ready < wanted)
        {
            return HealthReport.Progressing($"{ready} of {wanted} pods are ready");
        }

        MapNode? strategy = live.At("spec", "updateStrategy") as MapNode;
        if (strategy?["type"]?.AsString() == "OnDelete")
        {
            return HealthReport.Healthy;
        }

        long partition = strategy?.At("rollingUpdate", "partition")?.AsInteger() ?? 0;
        long updated = live.Count("status", "updatedReplicas");
        if (partition > 0)
        {
            return updated < wanted - partition
                ? HealthReport.Progressing($"Partitioned roll out: {updated} of {wanted - partition} new pods have been updated")
                : HealthReport.Healthy;
        }

        return live.At("status", "updateRevision")?.AsString() == live.At("status", "currentRevision")?.AsString()
            ? HealthReport.Healthy
            : HealthReport.Progressing($"{updated} of {wanted} pods are at the new revision");
    }

    public static HealthReport DaemonSet(MapNode live)
    {
        if (!live.IsObserved())
        {
            return HealthReport.Progressing("Waiting for the controller to observe the new generation");
        }

        if (live.At("spec", "updateStrategy", "type")?.AsString() == "OnDelete")
        {
            return HealthReport.Healthy;
        }

        long wanted = live.Count("status", "desiredNumberScheduled");
        long updated = live.Count("status", "updatedNumberScheduled");
        long available = live.Count("status", "numberAvailable");
        return updated < wanted ? HealthReport.Progressing($"{updated} of {wanted} new pods have been updated")
            : available < wanted ? HealthReport.Progressing($"{available} of {wanted} updated pods are available")
            : HealthReport.Healthy;
    }

    public static HealthReport ReplicaSet(MapNode live)
    {
        if (!live.IsObserved())
        {
            return HealthReport.Progressing("Waiting for the controller to observe the new generation");
        }

        if (live.Condition("ReplicaFailure") is { } failure && failure.Is("True"))
        {
            return HealthReport.Degraded(failure.Message());
        }

        long wanted = live.Count("spec", "replicas", absent: 1);
        long available = live.Count("status", "availableReplicas");
        return available < wanted ? HealthReport.Progressing($"{available} of {wanted} replicas are available") : HealthReport.Healthy;
    }

    public static HealthReport Pod(MapNode live)
    {
        string message = live.At("status", "message")?.AsString() ?? string.Empty;
        return live.At("status", "phase")?.AsString() switch
        {
            "Succeeded" => new HealthReport(HealthStatus.Healthy, message),
            "Failed" => HealthReport.Degraded(message.Length > 0 ? message : WaitingReason(live) ?? "Pod failed"),
            "Running" when live.At("spec", "restartPolicy")?.AsString() is "OnFailure" or "Never" => HealthReport.Progressing("Running"),
            "Running" when live.Condition("Ready").Is("True") => new HealthReport(HealthStatus.Healthy, message),
            "Unknown" => new HealthReport(HealthStatus.Unknown, message),
            _ => WaitingReason(live) is { } reason && IsFailure(reason) ? HealthReport.Degraded(reason) : HealthReport.Progressing(WaitingReason(live) ?? "Waiting for the pod to become ready"),
        };
    }

    public static HealthReport Job(MapNode live)
    {
        if (live.Condition("Failed") is { } failed && failed.Is("True"))
        {
            return HealthReport.Degraded(failed.Message());
        }

        if (live.Condition("Complete") is { } complete && complete.Is("True"))
        {
            return new HealthReport(HealthStatus.Healthy, complete.Message());
        }

        return live.Condition("Suspended") is { } suspended && suspended.Is("True")
            ? HealthReport.Suspended(suspended.Message())
            : HealthReport.Progressing($"{live.Count("status", "succeeded")} of {live.Count("spec", "completions", absent: 1)} completions");
    }

    public static HealthReport CronJob(MapNode live) =>
        live.At("spec", "suspend")?.AsBool() == true ? HealthReport.Suspended("CronJob is suspended") : HealthReport.Healthy;

    private static string? WaitingReason(MapNode pod)
    {
        foreach (string section in (ReadOnlySpan<string>)["initContainerStatuses", "containerStatuses"])
        {
            foreach (Node container in pod.At("status", section).AsItems())
            {
                if (container.At("state", "waiting") is { } waiting)
                {
                    string reason = waiting["reason"]?.AsString() ?? "Waiting";
                    return waiting["message"]?.AsString() is { Length: > 0 } message ? $"{reason}: {message}" : reason;
                }

                if (container.At("state", "terminated") is { } ended && ended["exitCode"]?.AsInteger() is > 0)
                {
                    return $"container {container["name"]} ended with exit code {ended["exitCode"]}";
                }
            }
        }

        return NotScheduled(pod);
    }

    private static string? NotScheduled(MapNode pod) =>
        pod.Condition("PodScheduled") is { } scheduled && scheduled.Is("False") ? scheduled.Message() : null;

    private static bool IsFailure(string reason) =>
        reason.StartsWith("Err", StringComparison.Ordinal) || reason.Contains("BackOff", StringComparison.Ordinal) || reason.Contains("Error", StringComparison.Ordinal);
}
