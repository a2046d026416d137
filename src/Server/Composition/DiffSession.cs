using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;

namespace Bowline.Server.Composition;

/// <summary>Plans without carrying out: what <c>up</c> would change now.</summary>
public sealed class DiffSession(UpOptions options, TimeProvider time)
{
    /// <param name="only">One application's name; empty for all.</param>
    public async Task<DiffReport> CompareAsync(string only, CancellationToken cancellationToken)
    {
        using Repository repository = await Repository.OpenAsync(options, time, cancellationToken).ConfigureAwait(false);
        WorkspaceState workspace = await repository.LoadAsync(previous: null, WorkspaceChange.Everything, rendering: null, cancellationToken).ConfigureAwait(false);
        if (only.Length > 0 && workspace.Declared.All(spec => spec.Name != only) && workspace.Faults.All(fault => fault.Name != only))
        {
            throw new UsageException($"there is no application {only}; there are: {string.Join(", ", workspace.Declared.Select(spec => spec.Name))}");
        }

        ClusterFleet fleet = new(options, repository.Name, time);
        await using (fleet.ConfigureAwait(false))
        {
            return await CompareAsync(workspace, fleet, only, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<DiffReport> CompareAsync(WorkspaceState workspace, ClusterFleet fleet, string only, CancellationToken cancellationToken)
    {
        IReadOnlyList<Claims> claims = [.. workspace.Rendered.Select(application => application.ClaimsOf(ServedKinds.IsNamespaced))];
        Placement placement = fleet.Place(claims, settled: []);
        string against = await fleet.StartForReadingAsync(placement.Clusters, cancellationToken).ConfigureAwait(false);
        List<ApplicationDiff> diffs = [];
        foreach (RenderedApplication application in workspace.Rendered.Where(application => only.Length == 0 || application.Spec.Name == only))
        {
            string cluster = placement.ClusterOf[application.Spec.Name];
            DeliveryTarget target = fleet.Target(cluster);
            target.Ownership = new Ownership(claims.Where(claim => placement.ClusterOf[claim.Application] == cluster), []);
            Observation observation = await new ApplicationReconciler(target).ObserveAsync(application, cancellationToken).ConfigureAwait(false);
            diffs.Add(new ApplicationDiff(application.Spec.Name, cluster, observation.Plan));
        }

        return new DiffReport(diffs, [.. workspace.Faults.Where(fault => only.Length == 0 || fault.Name == only)], against);
    }
}
