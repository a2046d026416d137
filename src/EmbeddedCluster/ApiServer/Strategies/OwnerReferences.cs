using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>An owner counts once; who names it twice is told.</summary>
internal static class OwnerReferences
{
    public static void Deduplicate(MapNode node, WriteContext context)
    {
        if (node["metadata"]?["ownerReferences"] is not ListNode { Count: > 1 } owners)
        {
            return;
        }

        List<Node> kept = [];
        List<string> repeated = [];
        foreach (Node owner in owners)
        {
            if (kept.Any(other => other.DeepEquals(owner)))
            {
                string uid = owner["uid"]?.AsString() ?? string.Empty;
                repeated.Add(uid);
            }
            else
            {
                kept.Add(owner);
            }
        }

        if (repeated.Count == 0)
        {
            return;
        }

        ObjectMeta.Of(node)["ownerReferences"] = new ListNode(kept.Select(owner => owner.DeepClone()));
        context.Warn($".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {string.Join(", ", repeated.Distinct().Order(StringComparer.Ordinal))}");
    }
}
