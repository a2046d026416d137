using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

/// <summary>Says in one line why an application is not Synced and Healthy: the causes, and the number of those left out.</summary>
internal static class StatusMessage
{
    private const int Most = 4;

    public static string Compose(SyncPlan plan, SyncResult? result, HealthReport health)
    {
        List<string> causes = [];
        if (result is not null)
        {
            causes.AddRange(result.Failures.Select(step => $"{step.Id}: {step.Message}"));
            if (result.Stopped.Length > 0)
            {
                causes.Add(result.Stopped);
            }
        }

        foreach (PlannedAction action in plan.Actions.Where(action => !action.InSync))
        {
            causes.Add(action.Change switch
            {
                PlannedChange.Shared => $"SharedResource: {action.Id} {action.Reason}",
                PlannedChange.MissingKind => $"{action.Desired!.Origin}: {action.Id}: {action.Reason}",
                PlannedChange.Orphan => $"{action.Id} {action.Reason}",
                PlannedChange.Update or PlannedChange.Create or PlannedChange.Prune when result is null => $"{action.Id}: {action.Reason}",
                _ => string.Empty,
            });
        }

        if (health.Status is not (HealthStatus.Healthy or HealthStatus.Missing) || (health.Status == HealthStatus.Missing && causes.Count == 0))
        {
            causes.Add(health.Message);
        }

        string[] told = [.. causes.Where(cause => cause.Length > 0).Distinct()];
        string others = told.Length > Most ? $"; and {told.Length - Most} more" : string.Empty;
        return string.Join("; ", told.Take(Most)) + others;
    }
}
