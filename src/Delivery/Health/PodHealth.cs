using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Health of a pod. It is code rather than a rule because it is asked about every pod below a workload that is not ready.</summary>
internal static class PodHealth
{
    public static HealthReport Check(MapNode live)
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
