using System.Globalization;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Hub;

/// <summary>What people and tools ask of an application by writing to its object.</summary>
/// <param name="Order">A sync (<c>operation</c>); null when none is asked for.</param>
/// <param name="Refusal">Why the operation cannot be carried out; empty when it can.</param>
/// <param name="Refresh">normal or hard (<c>argocd.argoproj.io/refresh</c>); empty when it is not asked for.</param>
/// <param name="Terminate">End the sync that runs.</param>
public sealed record HubRequest(SyncOrder? Order, string Refusal, string Refresh, bool Terminate)
{
    private const string RefreshAnnotation = "argocd.argoproj.io/refresh";

    /// <summary>Null when nothing is asked for.</summary>
    public static HubRequest? Of(MapNode application)
    {
        string refresh = application.At("metadata", "annotations", RefreshAnnotation)?.AsString() ?? string.Empty;
        bool terminate = application.At("status", "operationState", "phase")?.AsString() == "Terminating";
        if (application["operation"] is not MapNode operation)
        {
            return refresh.Length > 0 || terminate ? new HubRequest(null, string.Empty, refresh, terminate) : null;
        }

        (SyncOrder order, string refusal) = Read(operation, application);
        return new HubRequest(order, refusal, refresh, terminate);
    }

    /// <summary>
    /// The operation that was under way when whoever delivered the application before ended, by what is left in its status; null when none was.
    /// </summary>
    public static HubRequest? Interrupted(MapNode application)
    {
        Node? state = application.At("status", "operationState");
        if (state?["phase"]?.AsString() != "Running" || state["operation"] is not MapNode operation)
        {
            return null;
        }

        bool automated = operation.At("initiatedBy", "automated")?.AsBool() == true && operation.At("initiatedBy", "username") is null;
        // What automation set out to deliver is what the application asks for, at the commit of then: by now there may be a newer one.
        (SyncOrder order, string refusal) = automated ? (SyncOrder.Automated, string.Empty) : Read(operation, application);
        DateTimeOffset? since = DateTimeOffset.TryParse(state["startedAt"]?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset started) ? started : null;
        return new HubRequest(order with { IsResumed = true, Since = since, Retries = (int)Math.Clamp(state["retryCount"]?.AsInteger() ?? 0, 0, int.MaxValue) }, refusal, string.Empty, Terminate: false);
    }

    /// <summary>Takes what is asked for away from the object, so that it is done once.</summary>
    public MapNode TakeUp(DateTimeOffset now)
    {
        MapNode patch = new();
        if (Order is not null)
        {
            // In one write: whoever comes after a crash finds it either asked for or under way.
            patch["operation"] = Node.Null;
            patch.EnsureMap("status")["operationState"] = new MapNode
            {
                ["operation"] = Order.Operation ?? new MapNode(),
                ["phase"] = "Running",
                ["startedAt"] = Timestamp.Text(now),
                ["finishedAt"] = Node.Null,
                ["message"] = Node.Null,
                ["retryCount"] = Node.Null,
                ["syncResult"] = Node.Null,
            };
        }

        if (Refresh.Length > 0)
        {
            patch["metadata"] = new MapNode { ["annotations"] = new MapNode { [RefreshAnnotation] = Node.Null } };
            patch.EnsureMap("status")["reconciledAt"] = Timestamp.Text(now);
        }

        if (Terminate && Order is null)
        {
            patch.EnsureMap("status")["operationState"] = new MapNode { ["phase"] = "Failed", ["message"] = "Operation terminated" };
        }

        return patch;
    }

    /// <summary>What an operation asks for, and why that cannot be done; the reason is empty when it can.</summary>
    private static (SyncOrder Order, string Refusal) Read(MapNode operation, MapNode application)
    {
        SyncOrder order = new() { Operation = operation, By = operation.At("initiatedBy", "username")?.AsString() is { Length: > 0 } user ? user : "kubectl" };
        try
        {
            return (Read(operation, order, application), string.Empty);
        }
        catch (ApplicationException refused)
        {
            return (order, refused.Message);
        }
    }

    private static SyncOrder Read(MapNode operation, SyncOrder order, MapNode application)
    {
        MapNode sync = operation["sync"] as MapNode ?? throw new ApplicationException("the operation asks for no sync, and there is no other");
        if (sync["manifests"] is ListNode { Count: > 0 })
        {
            throw new ApplicationException("the operation brings manifests of its own (argocd app sync --local), which Bowline does not deliver: the repository is the only source");
        }

        bool brings = sync["source"] is MapNode || sync["sources"] is ListNode { Count: > 0 };
        IReadOnlyList<ApplicationSource> sources = brings ? ArgoCdDialect.ReadSources(new Resource(application), sync) : [];
        IReadOnlyList<string> revisions = RevisionsOf(sync, brings ? sync : application["spec"]);
        if ((brings || revisions.Any(revision => revision.Length > 0)) && application.At("spec", "syncPolicy", "automated") is MapNode automated && automated["enabled"]?.AsBool() != false)
        {
            string what = brings ? "from sources of its own" : $"to {string.Join(", ", revisions)}";
            throw new ApplicationException($"cannot sync {what}: the application is synced automatically to {application.At("spec", "source", "targetRevision")?.AsString() ?? "HEAD"}");
        }

        return order with
        {
            Prune = sync["prune"]?.AsBool() == true,
            DryRun = sync["dryRun"]?.AsBool() == true,
            Objects = [.. (sync["resources"] as ListNode ?? []).Select(item => new SelectedObject(Text(item["group"]), Text(item["kind"]), Text(item["namespace"]), Text(item["name"])))],
            Options = [.. ArgoCdDialect.Texts(sync["syncOptions"]), .. Forced(sync)],
            Revisions = revisions,
            Sources = sources,
            Retry = operation["retry"] is MapNode retry ? PolicyReader.ReadRetry(retry) : order.Retry,
            SkipHooks = sync.At("syncStrategy", "apply") is MapNode,
        };
    }

    /// <summary>Revisions that are other than what the application asks for; those of a rollback are those of its sources then.</summary>
    /// <param name="spec">What names the sources.</param>
    private static IReadOnlyList<string> RevisionsOf(MapNode sync, Node? spec)
    {
        IEnumerable<string> asked = sync["revisions"] is ListNode { Count: > 0 } several ? several.Select(revision => Text(revision)) : [Text(sync["revision"])];
        string[] own = [.. (spec?["sources"] as ListNode ?? new ListNode(spec?["source"] is { } single ? [single] : [])).Select(source => Text(source["targetRevision"]))];
        return [.. asked.Select((revision, at) => at < own.Length && revision == own[at] ? string.Empty : revision)];
    }

    private static IEnumerable<string> Forced(MapNode sync) =>
        sync.At("syncStrategy", "apply", "force")?.AsBool() == true || sync.At("syncStrategy", "hook", "force")?.AsBool() == true ? ["Force=true"] : [];

    private static string Text(Node? node) => ArgoCdDialect.Text(node);
}
