using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Server.Composition.Verbs;

/// <summary>One application's plan, as <c>diff</c> and <c>plan</c> show it.</summary>
public sealed record ApplicationDiff(string Cluster, Observation Observation, HealthReport Health)
{
    public string Application => Observation.Application.Spec.Name;

    public SyncPlan Plan => Observation.Plan;

    /// <summary>The one object of the application that is meant.</summary>
    /// <param name="resource">Kind/name, Kind/namespace/name or a name.</param>
    /// <exception cref="UsageException">None or several are.</exception>
    public ResourceId Find(string resource)
    {
        string[] parts = resource.Split('/');
        bool Matches(ResourceId id) => parts.Length switch
        {
            1 => id.Name == parts[0],
            2 => IsKind(id, parts[0]) && id.Name == parts[1],
            _ => IsKind(id, parts[0]) && id.Namespace == parts[^2] && id.Name == parts[^1],
        };
        ResourceId[] found = [.. Plan.Actions.Select(action => action.Id).Where(Matches).Distinct()];
        return found.Length == 1 ? found[0] : throw new UsageException(found.Length == 0
            ? $"{Application} has no {resource}; it has: {string.Join(", ", Plan.Actions.Select(action => $"{action.Id.Kind}/{action.Id.Name}").Take(20))}"
            : $"{resource} means several: {string.Join(", ", found.Select(id => $"{id.Kind}/{id.Namespace}/{id.Name}"))}");
    }

    private static bool IsKind(ResourceId id, string kind) => string.Equals(id.Kind, kind, StringComparison.OrdinalIgnoreCase) || string.Equals(id.Kind + "s", kind, StringComparison.OrdinalIgnoreCase);
}

/// <param name="Against">What was compared with, in words.</param>
public sealed record DiffReport(IReadOnlyList<ApplicationDiff> Applications, IReadOnlyList<ApplicationFault> Faults, string Against)
{
    public bool HasChanges => Applications.Any(application => application.Plan.Actions.Any(action => action.Acts));
}
