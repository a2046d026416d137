using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Status is the server's: a create or an update of the object does not set it.</summary>
internal static class ResetOnCreate
{
    public static void Apply(ServedKind kind, MapNode node)
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
