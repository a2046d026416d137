using Bowline.Applications.ApplicationSets.Rollouts;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>What a set's status says, in Argo CD's conditions and words.</summary>
internal static class SetStatus
{
    /// <summary>Most applications that <c>status.resources</c> names, as in Argo CD; <c>resourcesCount</c> counts all.</summary>
    private const int MostResources = 5000;

    /// <summary>Most applications that the condition of a rollout names.</summary>
    private const int MostAwaited = 5;
    private const string Generated = "Successfully generated parameters for all Applications";

    /// <param name="trouble">The first thing that went wrong, as reason and message; null when nothing did.</param>
    /// <param name="generated">Whether every generator answered.</param>
    /// <param name="rollout">Null for a set that rolls nothing out.</param>
    public static MapNode Of(MapNode set, (string Reason, string Message)? trouble, bool generated, IReadOnlyList<MapNode> applications, RolloutDecision? rollout, DateTimeOffset now)
    {
        Node? before = set.At("status", "conditions");
        List<MapNode> conditions =
        [
            trouble is { } wrong ? Condition(before, "ErrorOccurred", "True", wrong.Reason, wrong.Message, now) : Condition(before, "ErrorOccurred", "False", "ApplicationSetUpToDate", Generated, now),
            generated ? Condition(before, "ParametersGenerated", "True", "ParametersGenerated", Generated, now) : Condition(before, "ParametersGenerated", "False", "ErrorOccurred", trouble?.Message ?? string.Empty, now),
            trouble is { } problem ? Condition(before, "ResourcesUpToDate", "False", problem.Reason, problem.Message, now) : Condition(before, "ResourcesUpToDate", "True", "ApplicationSetUpToDate", "All applications have been generated successfully", now),
        ];
        if (rollout is not null)
        {
            conditions.Add(rollout.Step is { } step
                ? Condition(before, "RolloutProgressing", "True", "ApplicationSetModified", $"ApplicationSet is performing rollout of step {step}{Awaited(rollout, step)}", now)
                : Condition(before, "RolloutProgressing", "False", "ApplicationSetRolloutComplete", "ApplicationSet Rollout has completed", now));
        }

        MapNode status = new()
        {
            ["conditions"] = new ListNode(conditions),
            ["resources"] = new ListNode(applications.OrderBy(application => application.At("metadata", "name")?.AsString(), StringComparer.Ordinal).Take(MostResources).Select(Resource)),
            ["resourcesCount"] = applications.Count,
            ["health"] = Health(set.At("status", "health"), conditions, now),
        };
        if (rollout is not null)
        {
            status.Set("applicationStatus", new ListNode(rollout.Progress.Select(item => item.ToNode())));
        }

        return status;
    }

    /// <summary>Which applications of a step have yet to get healthy, as words that follow the step's number.</summary>
    private static string Awaited(RolloutDecision rollout, int step)
    {
        string[] open = [.. rollout.Progress.Where(item => item.Step == step && item.Status != ApplicationProgress.Healthy).Select(item => $"{item.Application} is {item.Status}")];
        return open.Length == 0 ? string.Empty : $": {string.Join(", ", open.Take(MostAwaited))}{(open.Length > MostAwaited ? $" and {open.Length - MostAwaited} more" : string.Empty)}";
    }

    /// <summary>The condition that says most, and what it says, as Argo CD computes it: trouble, else a rollout, else that all is up to date.</summary>
    private static MapNode Health(Node? before, List<MapNode> conditions, DateTimeOffset now)
    {
        MapNode? Holding(string type) => conditions.Find(condition => condition["type"]?.AsString() == type && condition["status"]?.AsString() == "True");
        (string status, MapNode? reason) = Holding("ErrorOccurred") is { } trouble ? ("Degraded", trouble)
            : Holding("RolloutProgressing") is { } rollout ? ("Progressing", rollout)
            : ("Healthy", Holding("ResourcesUpToDate"));
        string message = reason?["message"]?.AsString() ?? string.Empty;
        bool same = before?["status"]?.AsString() == status && before["message"]?.AsString() == message;
        return new MapNode { ["status"] = status, ["message"] = message, ["lastTransitionTime"] = same && before!["lastTransitionTime"] is { } since ? since : Timestamp.Text(now) };
    }

    private static MapNode Resource(MapNode application)
    {
        MapNode resource = new()
        {
            ["group"] = "argoproj.io",
            ["version"] = "v1alpha1",
            ["kind"] = "Application",
            ["namespace"] = application.At("metadata", "namespace") ?? StringNode.Empty,
            ["name"] = application.At("metadata", "name") ?? StringNode.Empty,
        };
        if (application.At("status", "sync", "status") is StringNode { Value.Length: > 0 } sync)
        {
            resource.Set("status", sync);
        }

        if (application.At("status", "health") is MapNode { Count: > 0 } health)
        {
            resource.Set("health", health);
        }

        return resource;
    }

    private static MapNode Condition(Node? before, string type, string status, string reason, string message, DateTimeOffset now)
    {
        Node? known = (before as ListNode ?? []).FirstOrDefault(condition => condition["type"]?.AsString() == type);
        bool same = known is not null && known["status"]?.AsString() == status && known["reason"]?.AsString() == reason && known["message"]?.AsString() == message;
        return new MapNode
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = same && known!["lastTransitionTime"] is { } since ? since : Timestamp.Text(now),
        };
    }
}
