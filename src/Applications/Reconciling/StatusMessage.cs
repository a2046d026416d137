using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;

namespace Bowline.Applications.Reconciling;

/// <summary>Says in one line why an application is not Synced and Healthy: the causes, and the number of those left out.</summary>
internal static class StatusMessage
{
    private const int Most = 4;

    /// <param name="fight">That self-heal pauses, and why; empty when it does not.</param>
    public static string Compose(Observation observation, SyncResult? result, HealthReport health, string fight)
    {
        List<string> causes = [];
        if (observation.Inventory.Hold is { } hold)
        {
            causes.Add(hold.Reason);
        }

        if (observation.Plan.HeldBy is { } gate)
        {
            causes.Add($"{gate.Gate}: {gate.Reason}");
        }

        causes.Add(fight);
        if (result is not null)
        {
            causes.AddRange(CausesOf(result));
        }
        else if (observation is { HasFailed: true, Plan.InSync: true })
        {
            causes.Add(observation.Inventory.Failure);
        }

        foreach (PlannedAction action in observation.Plan.Actions.Where(action => !action.InSync))
        {
            causes.Add(action.Change switch
            {
                PlannedChange.Shared => $"SharedResource: {action.Id} {action.Reason}",
                PlannedChange.MissingKind => $"{action.Desired!.Origin}: {action.Id}: {action.Reason}",
                PlannedChange.Orphan or PlannedChange.AwaitsConfirmation => $"{action.Id} {action.Reason}",
                PlannedChange.Update or PlannedChange.Create or PlannedChange.Prune when result is null => $"{action.Id}: {action.Reason}",
                _ => string.Empty,
            });
        }

        if (health.Status is not (HealthStatus.Healthy or HealthStatus.Missing) || (health.Status == HealthStatus.Missing && causes.TrueForAll(cause => cause.Length == 0)))
        {
            causes.Add(health.Message);
        }

        return Join(causes);
    }

    /// <summary>Why a sync did not succeed.</summary>
    public static string Of(SyncResult result) => Join(CausesOf(result));

    private static IEnumerable<string> CausesOf(SyncResult result) => result.Failures.Select(step => $"{step.Id}: {step.Message}").Append(result.Stopped);

    private static string Join(IEnumerable<string> causes)
    {
        string[] told = [.. causes.Where(cause => cause.Length > 0).Distinct()];
        string others = told.Length > Most ? $"; and {told.Length - Most} more" : string.Empty;
        return string.Join("; ", told.Take(Most)) + others;
    }
}
