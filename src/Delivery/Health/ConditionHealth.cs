using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>
/// Health of any other kind by the conventions of kstatus (sigs.k8s.io/cli-utils): Reconciling and Stalled, then Ready;
/// an object without conditions has nothing to wait for.
/// </summary>
internal static class ConditionHealth
{
    public static HealthReport Check(MapNode live)
    {
        if (live.At("status", "observedGeneration") is not null && !live.IsObserved())
        {
            return HealthReport.Progressing("Waiting for the controller to observe the new generation");
        }

        if (live.Condition("Stalled") is { } stalled && stalled.Is("True"))
        {
            return HealthReport.Degraded(stalled.Message());
        }

        if (live.Condition("Reconciling") is { } reconciling && reconciling.Is("True"))
        {
            return HealthReport.Progressing(reconciling.Message());
        }

        return live.Condition("Ready") switch
        {
            null => HealthReport.Healthy,
            { } ready when ready.Is("True") => new HealthReport(HealthStatus.Healthy, ready.Message()),
            { } ready when ready.Is("False") => HealthReport.Degraded(ready.Message()),
            { } ready => HealthReport.Progressing(ready.Message()),
        };
    }
}
