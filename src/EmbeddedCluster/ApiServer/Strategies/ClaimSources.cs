using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>
/// dataSource and dataSourceRef of a claim say one thing in an old and a new way: what only the old one cannot name goes,
/// and each is filled in from the other (KEP 1495).
/// </summary>
internal static class ClaimSources
{
    public static void Prepare(MapNode claim)
    {
        if (claim["spec"] is not MapNode spec)
        {
            return;
        }

        if (spec["dataSource"] is MapNode old && !IsKnown(old))
        {
            spec.Remove("dataSource");
        }

        if (spec["dataSourceRef"] is MapNode reference && reference["namespace"] is StringNode { Value.Length: > 0 })
        {
            // Other namespaces need a feature that is off: the reference is as if it had not been sent.
            reference.Remove("namespace");
        }

        if (spec["dataSource"] is MapNode source && spec["dataSourceRef"] is not MapNode)
        {
            spec["dataSourceRef"] = Copy(source);
        }
        else if (spec["dataSourceRef"] is MapNode newer && spec["dataSource"] is not MapNode)
        {
            spec["dataSource"] = Copy(newer);
        }
    }

    private static bool IsKnown(MapNode source) => (source["kind"]?.AsString(), source["apiGroup"]?.AsString() ?? string.Empty) is ("PersistentVolumeClaim", "") or ("VolumeSnapshot", "snapshot.storage.k8s.io");

    private static MapNode Copy(MapNode source) => new()
    {
        ["apiGroup"] = source["apiGroup"] ?? Node.Null,
        ["kind"] = source["kind"] ?? StringNode.Empty,
        ["name"] = source["name"] ?? StringNode.Empty,
    };
}
