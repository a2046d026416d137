using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>An Application's status as Argo CD's CLI and UI read it. Pure.</summary>
internal static class StatusNode
{
    /// <param name="held">The Application as the hub holds it, whose present status keeps what there is nothing new to say of.</param>
    public static MapNode Of(ApplicationReport report, MapNode held, IReadOnlyList<ApplicationCondition> conditions, string controllerNamespace, DateTimeOffset now)
    {
        MapNode status = held["status"] is MapNode before ? (MapNode)before.DeepClone() : new MapNode();
        MapNode spec = held["spec"] as MapNode ?? new MapNode();
        if (report.Observation is { } observation)
        {
            status["sync"] = SyncOf(report, spec);
            status["resources"] = new ListNode(ResourceNodes.Of(report, observation));
            Replace(status, "history", HistoryOf(observation.Inventory.History, SourcesOfLast(report, observation, spec), held));
            status["summary"] = SummaryNode.Of(report, held);
            SetSourceTypes(status, report.Application);
            status["controllerNamespace"] = controllerNamespace;
        }
        else if (report.Attempt is not { Phase: AttemptPhase.Running })
        {
            status["sync"] = SyncOf(report, spec);
        }

        SetHealth(status, report.Status, now);
        Replace(status, "conditions", ConditionNodes.Of(conditions, held, now));
        if (report.Attempt is { } attempt)
        {
            status["operationState"] = OperationNodes.Of(attempt, spec);
        }

        return status;
    }

    /// <summary>For one that cannot be delivered at all: its status is unknown, its conditions say why.</summary>
    public static MapNode OfFault(MapNode held, IReadOnlyList<ApplicationCondition> conditions, string controllerNamespace, DateTimeOffset now)
    {
        MapNode status = held["status"] is MapNode before ? (MapNode)before.DeepClone() : new MapNode();
        MapNode sync = status.EnsureMap("sync");
        sync["status"] = "Unknown";
        sync["comparedTo"] = ComparedTo(held["spec"] as MapNode ?? new MapNode());
        SetHealth(status, new ApplicationStatus(string.Empty), now);
        Replace(status, "conditions", ConditionNodes.Of(conditions, held, now));
        status["controllerNamespace"] = controllerNamespace;
        return status;
    }

    /// <summary>The present status with one condition of a type, or none, and the others as they are.</summary>
    public static MapNode With(MapNode held, string type, string? message, DateTimeOffset now)
    {
        MapNode status = held["status"] is MapNode before ? (MapNode)before.DeepClone() : new MapNode();
        IEnumerable<Node> others = (status["conditions"] as ListNode ?? []).Where(condition => condition["type"]?.AsString() != type);
        ListNode own = ConditionNodes.Of(message is null ? [] : [new ApplicationCondition(type, message)], held, now);
        Replace(status, "conditions", new ListNode([.. others, .. own]));
        return status;
    }

    /// <summary>The present status, compared with what is the same at another revision.</summary>
    public static MapNode At(MapNode held, RenderedApplication application)
    {
        MapNode status = held["status"] is MapNode before ? (MapNode)before.DeepClone() : new MapNode();
        SetRevisions(status.EnsureMap("sync"), RevisionsOf(application), held["spec"] as MapNode ?? new MapNode(), withSources: false);
        return status;
    }

    /// <summary>Sets <c>revision</c> and <c>source</c>, or <c>revisions</c> and <c>sources</c>, as the application has one or several.</summary>
    public static void SetRevisions(MapNode node, IReadOnlyList<string> revisions, MapNode spec, bool withSources)
    {
        if (spec["sources"] is ListNode { Count: > 0 } sources)
        {
            node["revisions"] = new ListNode(revisions.Select(Node (revision) => revision));
            if (withSources)
            {
                node["sources"] = sources;
            }
        }
        else
        {
            node["revision"] = revisions.Count > 0 ? revisions[0] : string.Empty;
            if (withSources && spec["source"] is { } source)
            {
                node["source"] = source;
            }
        }
    }

    /// <summary>The commit or version of every source; of files that are not committed, what stands for it.</summary>
    public static IReadOnlyList<string> RevisionsOf(RenderedApplication application) =>
        [.. application.Sources.Select(source => source.Resolved.Length > 0 ? source.Resolved : application.Revision)];

    /// <summary>
    /// As in Argo CD, whether the cluster is as the repository says. That a hook failed after all was in place is told by the operation, while
    /// for <c>up</c>, and for whoever waits for the application, it is not delivered.
    /// </summary>
    private static MapNode SyncOf(ApplicationReport report, MapNode spec)
    {
        SyncState state = report.Observation is not { } observation ? report.Status.Sync
            : observation.Plan.InSync && observation.Inventory.Hold is null ? SyncState.Synced
            : SyncState.OutOfSync;
        MapNode sync = new() { ["status"] = state.ToString(), ["comparedTo"] = ComparedTo(spec) };
        SetRevisions(sync, RevisionsOf(report.Application), spec, withSources: false);
        return sync;
    }

    private static MapNode ComparedTo(MapNode spec)
    {
        MapNode compared = new();
        foreach (string part in (string[])["source", "sources", "destination", "ignoreDifferences"])
        {
            if (spec[part] is { } value)
            {
                compared[part] = value;
            }
        }

        compared.EnsureMap("destination");
        return compared;
    }

    private static void SetHealth(MapNode status, ApplicationStatus now, DateTimeOffset time)
    {
        MapNode before = status["health"] as MapNode ?? new MapNode();
        MapNode health = new() { ["status"] = now.Health.ToString() };
        bool same = before["status"]?.AsString() == now.Health.ToString();
        if (now.Health is not (HealthStatus.Healthy or HealthStatus.Unknown) && now.Message.Length > 0)
        {
            health["message"] = now.Message;
        }

        health["lastTransitionTime"] = same && before["lastTransitionTime"] is { } since ? since : Timestamp.Text(time);
        status["health"] = health;
    }

    private static ListNode HistoryOf(IReadOnlyList<DeliveredRevision> deliveries, MapNode spec, MapNode held)
    {
        Dictionary<long, Node> told = [];
        foreach (Node entry in held.At("status", "history") as ListNode ?? [])
        {
            told[entry["id"]?.AsInteger() ?? -1] = entry;
        }

        // What was written of a delivery then knows its sources better than the specification of now.
        return new ListNode(deliveries.Select(delivery => told.TryGetValue(delivery.Id, out Node? entry) ? entry : HistoryEntry(delivery, spec)));
    }

    /// <summary>What names the sources of the delivery that was made last.</summary>
    private static MapNode SourcesOfLast(ApplicationReport report, Observation observation, MapNode spec) =>
        report.Attempt is { Phase: AttemptPhase.Succeeded } attempt && attempt.Application.Fingerprint == observation.Inventory.Synced ? OperationNodes.SourcesOf(attempt, spec) : spec;

    private static MapNode HistoryEntry(DeliveredRevision delivery, MapNode spec)
    {
        MapNode entry = new() { ["id"] = delivery.Id, ["deployedAt"] = Timestamp.Text(delivery.At), ["deployStartedAt"] = Timestamp.Text(delivery.At) };
        SetRevisions(entry, [.. delivery.Sources.Select(source => source.Revision)], spec, withSources: true);
        bool automated = delivery.Cause == "automation";
        entry["initiatedBy"] = automated ? new MapNode { ["automated"] = true } : new MapNode { ["username"] = delivery.Cause.Split(" by ")[^1] };
        return entry;
    }

    private static void SetSourceTypes(MapNode status, RenderedApplication application)
    {
        string[] types = [.. application.Sources.Select(source => source.Tool switch { SourceTool.Helm => "Helm", SourceTool.Kustomize => "Kustomize", _ => "Directory" })];
        if (types.Length == 1)
        {
            status["sourceType"] = types[0];
        }
        else if (types.Length > 1)
        {
            status["sourceTypes"] = new ListNode(types.Select(Node (type) => type));
        }
    }

    private static void Replace(MapNode status, string part, ListNode list)
    {
        if (list.Count > 0)
        {
            status[part] = list;
        }
        else
        {
            status.Remove(part);
        }
    }
}
