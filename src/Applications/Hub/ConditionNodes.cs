using Bowline.Applications.Reconciling;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>What is wrong with an application, under Argo CD's types: ComparisonError, InvalidSpecError, SyncError, DeletionError, UnknownError, and warnings.</summary>
public sealed record ApplicationCondition(string Type, string Message);

internal static class ConditionNodes
{
    private const int MostNamed = 5;

    /// <summary>What a report says is wrong.</summary>
    public static IReadOnlyList<ApplicationCondition> In(ApplicationReport report)
    {
        List<ApplicationCondition> found = [];
        if (report.Observation is null && report.Attempt is not { Phase: AttemptPhase.Running } && report.Status.Message.Length > 0)
        {
            found.Add(new ApplicationCondition(report.IsBug ? "UnknownError" : "ComparisonError", report.Status.Message));
        }

        if (report.Attempt is { Phase: AttemptPhase.Failed, Order.IsAutomated: true } failed)
        {
            found.Add(new ApplicationCondition("SyncError", $"Failed last sync attempt: {failed.Message}"));
        }

        foreach (PlannedAction action in report.Observation?.Plan.Actions ?? [])
        {
            if (action.Change == PlannedChange.Shared)
            {
                found.Add(new ApplicationCondition("SharedResourceWarning", $"{action.Id} {action.Reason}"));
            }
        }

        foreach (DesiredObject repeated in report.Observation?.Desired.Where(desired => desired.Times > 1) ?? [])
        {
            found.Add(new ApplicationCondition("RepeatedResourceWarning", $"Resource {repeated.Id.Group}/{repeated.Id.Kind}/{repeated.Id.Namespace}/{repeated.Id.Name} appeared {repeated.Times} times among application resources."));
        }

        if (report.Orphans.Count > 0)
        {
            string others = report.Orphans.Count > MostNamed ? $" and {report.Orphans.Count - MostNamed} more" : string.Empty;
            found.Add(new ApplicationCondition("OrphanedResourceWarning", $"Application has {report.Orphans.Count} orphaned resources: {string.Join(", ", report.Orphans.Take(MostNamed))}{others}"));
        }

        foreach (ResourceId excluded in report.Observation?.Excluded ?? [])
        {
            found.Add(new ApplicationCondition("ExcludedResourceWarning", $"Resource {excluded.Group}/{excluded.Kind} {excluded.Name} is excluded in the settings"));
        }

        if (report.Observation?.Plan.HeldBy is { Verdict: GateVerdict.Deny } gate)
        {
            found.Add(new ApplicationCondition("SyncError", $"{gate.Gate}: {gate.Reason}"));
        }

        return found;
    }

    /// <param name="held">Whose conditions keep the time since when they are so.</param>
    public static ListNode Of(IReadOnlyList<ApplicationCondition> conditions, MapNode held, DateTimeOffset now)
    {
        ListNode before = held.At("status", "conditions") as ListNode ?? [];
        return new ListNode(conditions.Distinct().Select(condition => Of(condition, before, now)));
    }

    private static MapNode Of(ApplicationCondition condition, ListNode before, DateTimeOffset now)
    {
        Node? since = before.FirstOrDefault(known => known["type"]?.AsString() == condition.Type && known["message"]?.AsString() == condition.Message)?["lastTransitionTime"];
        return new MapNode { ["type"] = condition.Type, ["message"] = condition.Message, ["lastTransitionTime"] = since ?? Timestamp.Text(now) };
    }
}
