using Bowline.Applications.Reconciling;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary><c>status.operationState</c>: the sync that runs or ran last, and what became of each object.</summary>
internal static class OperationNodes
{
    public static MapNode Of(SyncAttempt attempt, MapNode spec)
    {
        MapNode state = new()
        {
            ["operation"] = OperationOf(attempt),
            ["phase"] = attempt.Phase.ToString(),
            ["startedAt"] = Timestamp.Text(attempt.Started),
        };
        if (attempt.Message.Length > 0)
        {
            state["message"] = attempt.Message;
        }

        if (attempt.Finished is { } finished)
        {
            state["finishedAt"] = Timestamp.Text(finished);
        }

        if (attempt.Retries > 0)
        {
            state["retryCount"] = attempt.Retries;
        }

        MapNode result = new();
        IReadOnlyList<string> revisions = StatusNode.RevisionsOf(attempt.Application);
        StatusNode.SetRevisions(result, revisions, SourcesOf(attempt, spec), withSources: true);
        result["revision"] = revisions.Count > 0 ? revisions[0] : string.Empty;
        if (spec.At("syncPolicy", "managedNamespaceMetadata") is MapNode metadata)
        {
            result["managedNamespaceMetadata"] = metadata;
        }

        if (attempt.Steps.Count > 0)
        {
            Dictionary<string, PlannedAction> actions = attempt.Plan.Actions.DistinctBy(KeyOf).ToDictionary(KeyOf, StringComparer.Ordinal);
            result["resources"] = new ListNode(attempt.Steps.Select(step => ResultOf(step, actions)));
        }

        state["syncResult"] = result;
        return state;
    }

    /// <summary>What names the sources of a sync: the application, or an operation that brings others.</summary>
    public static MapNode SourcesOf(SyncAttempt attempt, MapNode spec) =>
        attempt.Order is { Sources.Count: > 0, Operation: { } operation } && operation["sync"] is MapNode sync ? sync : spec;

    private static MapNode OperationOf(SyncAttempt attempt)
    {
        SyncOrder order = attempt.Order;
        if (order.Operation is { } asked)
        {
            return asked;
        }

        MapNode operation = new()
        {
            ["initiatedBy"] = order.IsAutomated ? new MapNode { ["automated"] = true } : new MapNode { ["username"] = order.By },
            ["sync"] = new MapNode { ["revision"] = StatusNode.RevisionsOf(attempt.Application) is [{ } first, ..] ? first : string.Empty, ["prune"] = attempt.Application.Spec.Policy.Prune },
        };
        return operation;
    }

    private static MapNode ResultOf(SyncStep step, Dictionary<string, PlannedAction> actions)
    {
        PlannedAction? action = actions.GetValueOrDefault(step.Planned.ToString()) ?? actions.GetValueOrDefault($"hook {step.Planned}");
        MapNode body = action?.Desired?.Body ?? action?.Live ?? new MapNode();
        MapNode entry = new()
        {
            ["group"] = step.Id.Group,
            ["version"] = ResourceKind.Of(body["apiVersion"]?.AsString() ?? string.Empty, step.Id.Kind).Version,
            ["kind"] = step.Id.Kind,
            ["namespace"] = step.Id.Namespace,
            ["name"] = step.Id.Name,
            ["message"] = MessageOf(step),
            ["syncPhase"] = (action?.Hook?.Phase ?? SyncPhase.Sync).ToString(),
        };
        Node[] images = [.. SummaryNode.ImagesOf(body).Distinct()];
        if (images.Length > 0)
        {
            entry["images"] = new ListNode(images);
        }

        bool failed = step.Outcome == SyncOutcome.Failed;
        if (action?.Hook is { } hook)
        {
            entry["hookType"] = hook.Phase.ToString();
            entry["hookPhase"] = failed ? "Failed" : "Succeeded";
        }
        else
        {
            bool pruned = action is { Change: PlannedChange.Prune or PlannedChange.Orphan or PlannedChange.AwaitsConfirmation };
            entry["status"] = failed ? "SyncFailed" : pruned ? (step.Outcome == SyncOutcome.Pruned ? "Pruned" : "PruneSkipped") : "Synced";
            entry["hookPhase"] = failed ? "Failed" : "Running";
        }

        return entry;
    }

    /// <summary>kubectl's word for what happened, where nothing else is to say.</summary>
    private static string MessageOf(SyncStep step)
    {
        string name = $"{step.Id.Kind.ToLowerInvariant()}{(step.Id.Group.Length > 0 ? "." : string.Empty)}{step.Id.Group}/{step.Id.Name}";
        return step.Outcome switch
        {
            SyncOutcome.Created => $"{name} created",
            SyncOutcome.Configured => $"{name} configured",
            SyncOutcome.Unchanged => $"{name} unchanged",
            SyncOutcome.Pruned => "pruned",
            _ => step.Message,
        };
    }

    private static string KeyOf(PlannedAction action) => action.Hook is null ? action.Id.ToString() : $"hook {action.Id}";
}
