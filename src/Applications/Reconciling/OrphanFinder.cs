using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Live;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// Finds what lies in an application's namespace and belongs to no application, where its project looks for that (<c>orphanedResources</c>), by
/// Argo CD's rules (getResourceTree): objects that nothing owns, of kinds that the project permits, with all that they own.
/// </summary>
/// <param name="rules">The projects as they are now.</param>
/// <param name="isApplication">Whether there is an application of that name, whoever delivers it.</param>
public sealed class OrphanFinder(Func<ProjectRules> rules, Func<string, bool> isApplication)
{
    /// <summary>Whether the application's project looks for them.</summary>
    public bool Monitors(ApplicationSpec application) => rules().Find(application.Project)?.Orphans is { Warns: true };

    /// <returns>In the order of their names, each followed by what it owns; none where nobody looks.</returns>
    public async Task<IReadOnlyList<ResourceId>> FindAsync(Observation observation, DeliveryTarget target, CancellationToken cancellationToken)
    {
        ApplicationSpec application = observation.Application.Spec;
        if (rules().Find(application.Project) is not { Orphans: { Warns: true } orphans } project)
        {
            return [];
        }

        HashSet<ResourceId> own = [.. observation.Plan.Actions.Select(action => action.Id)];
        bool IsOrphan(ResourceId id, MapNode live) => !own.Contains(id) && !orphans.Ignores(id)
            && (Tracking.Owner(id, live) is not { } owner || (owner != application.Name && !isApplication(owner)))
            && project.Refuses(application.Destination, id, namespaced: true).Length == 0;
        IReadOnlyList<MapNode> present = await target.Everything.ListAsync(ApplicationReconciler.NamespaceOf(application), cancellationToken).ConfigureAwait(false);
        return [.. present
            .Select(live => (new Resource(live).Id, Live: live))
            .Where(found => IsOrphan(found.Id, found.Live))
            .OrderBy(found => found.Id.ToString(), StringComparer.Ordinal)
            .SelectMany(found => Family(target.Live, found.Id, found.Live))];
    }

    private static IEnumerable<ResourceId> Family(LiveState live, ResourceId id, MapNode root) =>
        live.OwnedBy(root).SelectMany(owned => Family(live, new Resource(owned).Id, owned)).Prepend(id);
}
