using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Owned">Objects the controller works with, adopted ones included.</param>
/// <param name="Adopt">Matching objects without a controller.</param>
/// <param name="Release">Owned objects that match no more.</param>
internal sealed record ClaimPlan(IReadOnlyList<MapNode> Owned, IReadOnlyList<MapNode> Adopt, IReadOnlyList<MapNode> Release);

/// <summary>Who belongs to a controller: by reference and selector, with adoption of orphans (kube-controller-manager's ref manager).</summary>
internal static class Claims
{
    public static ClaimPlan Decide(MapNode owner, LabelSelector selector, IEnumerable<MapNode> controlled, IEnumerable<MapNode> orphans)
    {
        List<MapNode> owned = [];
        List<MapNode> adopt = [];
        List<MapNode> release = [];
        foreach (MapNode node in controlled)
        {
            if (!node.IsControlledBy(owner))
            {
                continue;
            }

            if (selector.Matches(node.Labels()))
            {
                owned.Add(node);
            }
            else if (!owner.IsDeleting() && !node.IsDeleting())
            {
                release.Add(node);
            }
        }

        if (!owner.IsDeleting())
        {
            adopt.AddRange(orphans.Where(node => !node.IsDeleting() && node.ControllerReference() is null && selector.Matches(node.Labels())));
        }

        return new ClaimPlan(owned, adopt, release);
    }

    /// <summary>Reads, decides and writes the references; returns what the owner has afterwards.</summary>
    public static async Task<List<MapNode>> ClaimAsync(ControlPlane plane, KindMirror mirror, MapNode owner, LabelSelector selector, CancellationToken cancellationToken)
    {
        ClaimPlan plan = Decide(owner, selector, mirror.OwnedBy(owner.Uid()), mirror.OrphansIn(owner.Namespace()));
        List<MapNode> owned = [.. plan.Owned];
        foreach (MapNode orphan in plan.Adopt)
        {
            ListNode references = new(orphan.OwnerReferences().Append(Objects.MakeControllerReference(owner)));
            owned.Add(await WriteReferencesAsync(plane, mirror, orphan, references, cancellationToken).ConfigureAwait(false));
        }

        foreach (MapNode stranger in plan.Release)
        {
            ListNode references = new(stranger.OwnerReferences().Where(reference => reference.Text("uid") != owner.Uid()));
            await WriteReferencesAsync(plane, mirror, stranger, references, cancellationToken).ConfigureAwait(false);
        }

        return owned;
    }

    private static Task<MapNode> WriteReferencesAsync(ControlPlane plane, KindMirror mirror, MapNode node, ListNode references, CancellationToken cancellationToken)
    {
        MapNode patch = new()
        {
            ["metadata"] = new MapNode
            {
                ["uid"] = node.Uid(),
                ["ownerReferences"] = references.Count == 0 ? Node.Null : references,
            },
        };
        return plane.Writer.MergePatchAsync(mirror, node, patch, cancellationToken);
    }
}
