using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;

namespace Bowline.Server.Composition;

/// <summary>One application's plan, as <c>diff</c> and <c>plan</c> show it.</summary>
public sealed record ApplicationDiff(string Cluster, Observation Observation, HealthReport Health)
{
    public string Application => Observation.Application.Spec.Name;

    public SyncPlan Plan => Observation.Plan;
}

/// <param name="Against">What was compared with, in words.</param>
public sealed record DiffReport(IReadOnlyList<ApplicationDiff> Applications, IReadOnlyList<ApplicationFault> Faults, string Against)
{
    public bool HasChanges => Applications.Any(application => application.Plan.Actions.Any(action => action.Acts));
}
