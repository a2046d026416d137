using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

internal static class ScalingHealth
{
    /// <summary>An autoscaler that cannot read its metrics or its target is degraded; one that can scale, or is held at a bound, is healthy.</summary>
    public static HealthReport HorizontalPodAutoscaler(MapNode live)
    {
        Node? able = live.Condition("AbleToScale");
        Node? active = live.Condition("ScalingActive");
        if (able.Is("False") && IsFailure(able))
        {
            return HealthReport.Degraded(able.Message());
        }

        if (active.Is("False") && IsFailure(active))
        {
            return HealthReport.Degraded(active.Message());
        }

        return able.Is("True") || live.Condition("ScalingLimited").Is("True")
            ? new HealthReport(HealthStatus.Healthy, (able ?? active).Message())
            : HealthReport.Progressing("Waiting to autoscale");
    }

    private static bool IsFailure(Node? condition) =>
        condition?["reason"]?.AsString() is { } reason
        && (reason.StartsWith("FailedGet", StringComparison.Ordinal) || reason.StartsWith("FailedUpdate", StringComparison.Ordinal) || reason.StartsWith("Invalid", StringComparison.Ordinal));
}
