using Bowline.EmbeddedCluster.ApiServer.Aggregation;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Status is the server's: a create or an update of the object does not set it.</summary>
internal static class ResetOnCreate
{
    /// <param name="now">RFC 3339, for what is said of the object at once.</param>
    public static void Apply(ServedKind kind, MapNode node, string now)
    {
        if (!kind.HasStatus)
        {
            return;
        }

        bool always = kind.Type?.ByName.TryGetValue("status", out WireField? field) == true && field.Always;
        if (always)
        {
            node["status"] = Empty(kind.Type!);
        }
        else
        {
            node.Remove("status");
        }

        if (kind.QualifiedPlural == "apiservices.apiregistration.k8s.io")
        {
            AggregatedServices.MarkLocal(node, now);
        }
    }

    /// <summary>Takes status over from the live object.</summary>
    public static void KeepStatus(MapNode node, MapNode live)
    {
        if (live["status"] is { } status)
        {
            node["status"] = status;
        }
        else
        {
            node.Remove("status");
        }
    }

    private static MapNode Empty(WireMessage type)
    {
        MapNode decoded = new ObjectDecoder().DecodePart(new MapNode { ["status"] = new MapNode() }, type, string.Empty);
        return (MapNode)decoded["status"]!;
    }
}
