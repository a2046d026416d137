using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="Revisions"/> decides about the ControllerRevisions of one set.</summary>
internal static class RevisionHistory
{
    /// <summary>Makes or renumbers the revision of the present template.</summary>
    /// <returns>
    /// False when another template's revision has its name: the set's <c>collisionCount</c> was raised, which goes into the name that the next round gives.
    /// </returns>
    public static async Task<bool> KeepAsync(ControlPlane plane, KindMirror history, KindMirror sets, MapNode set, RevisionPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Renumber is { } renumber)
        {
            await plane.Writer.UpdateAsync(history, renumber, cancellationToken).ConfigureAwait(false);
        }

        if (plan.Create is not { } create)
        {
            return true;
        }

        try
        {
            await plane.Writer.CreateAsync(history, set.Namespace(), create, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ClusterException error) when (error.Reason == "AlreadyExists")
        {
            MapNode? present = await plane.Writer.RefreshAsync(history, ObjectName.Of(create), cancellationToken).ConfigureAwait(false);
            if (present is null || Node.DeepEquals(present["data"], create["data"]))
            {
                return present is not null;
            }

            MapNode status = set.Status().Clone();
            status["collisionCount"] = set.Status().Int("collisionCount") + 1;
            await plane.Writer.SetStatusAsync(sets, set, status, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }
}
