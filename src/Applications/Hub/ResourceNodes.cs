using System.Globalization;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>The entries of <c>status.resources</c>: every object that an application wants or still has.</summary>
internal static class ResourceNodes
{
    public static IEnumerable<Node> Of(ApplicationReport report, Observation observation)
    {
        IEnumerable<MapNode> kept = report.Objects.Select(item => Entry(item.Action, item.Health));
        IEnumerable<MapNode> hooks = observation.Plan.Actions.Where(action => action.Hook is not null && action.Id.Name.Length > 0).DistinctBy(action => action.Id).Select(HookEntry);
        return kept.Concat(hooks);
    }

    private static MapNode Entry(PlannedAction action, HealthReport health)
    {
        MapNode entry = Identity(action);
        entry["status"] = action.InSync ? "Synced" : "OutOfSync";
        MapNode state = new() { ["status"] = health.Status.ToString() };
        if (health.Message.Length > 0 && health.Status != HealthStatus.Missing)
        {
            state["message"] = health.Message;
        }

        entry["health"] = state;
        if (action.Change is PlannedChange.Prune or PlannedChange.Orphan or PlannedChange.AwaitsConfirmation)
        {
            entry["requiresPruning"] = true;
        }

        if (action.Options.ConfirmPrune || action.Options.ConfirmDelete)
        {
            entry["requiresDeletionConfirmation"] = true;
        }

        return entry;
    }

    private static MapNode HookEntry(PlannedAction action)
    {
        MapNode entry = Identity(action);
        entry["hook"] = true;
        return entry;
    }

    private static MapNode Identity(PlannedAction action)
    {
        MapNode body = action.Desired?.Body ?? action.Live ?? new MapNode();
        MapNode entry = new();
        void Set(string key, string value)
        {
            if (value.Length > 0)
            {
                entry[key] = value;
            }
        }

        Set("group", action.Id.Group);
        Set("version", ResourceKind.Of(body["apiVersion"]?.AsString() ?? string.Empty, action.Id.Kind).Version);
        Set("kind", action.Id.Kind);
        Set("namespace", action.Id.Namespace);
        Set("name", action.Id.Name);
        if (int.TryParse(body.At("metadata", "annotations", "argocd.argoproj.io/sync-wave")?.AsString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int wave) && wave != 0)
        {
            entry["syncWave"] = wave;
        }

        return entry;
    }
}
