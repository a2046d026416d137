using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Conditions of a CustomResourceDefinition.</summary>
internal static class DefinitionStatus
{
    public static void MarkTerminating(MapNode definition, string now) => SetCondition(definition, "Terminating", "True", "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", now);

    /// <returns>Whether this is news.</returns>
    public static bool MarkInProgress(MapNode definition, string now)
    {
        bool isNews = !(definition.At("status", "conditions")?.AsList() ?? []).Any(condition => condition["type"]?.AsString() == "Terminating" && condition["reason"]?.AsString() == "InstanceDeletionInProgress");
        SetCondition(definition, "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress", now);
        return isNews;
    }

    public static bool IsTrue(MapNode definition, string type) =>
        (definition.At("status", "conditions")?.AsList() ?? []).Any(condition => condition["type"]?.AsString() == type && condition["status"]?.AsString() == "True");

    public static void SetCondition(MapNode definition, string type, string status, string reason, string message, string now)
    {
        MapNode container = definition.EnsureMap("status");
        ListNode conditions = container["conditions"] is ListNode old ? (ListNode)old.DeepClone() : [];
        MapNode? found = conditions.OfType<MapNode>().FirstOrDefault(condition => condition["type"]?.AsString() == type);
        if (found is null)
        {
            found = new MapNode { ["type"] = type, ["status"] = string.Empty };
            conditions.Add(found);
        }

        if (found["status"]?.AsString() != status)
        {
            found["lastTransitionTime"] = now;
        }

        found["status"] = status;
        found["reason"] = reason;
        found["message"] = message;
        container["conditions"] = conditions;
    }
}
