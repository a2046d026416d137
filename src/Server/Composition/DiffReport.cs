using Bowline.Applications.Model;
using Bowline.Delivery.Planning;

namespace Bowline.Server.Composition;

/// <summary>One application's plan, as <c>diff</c> shows it.</summary>
public sealed record ApplicationDiff(string Application, string Cluster, SyncPlan Plan);

/// <param name="Against">What was compared with, in words.</param>
public sealed record DiffReport(IReadOnlyList<ApplicationDiff> Applications, IReadOnlyList<ApplicationFault> Faults, string Against)
{
    public bool HasChanges => Applications.Any(application => application.Plan.Actions.Any(action => action.Acts));
}
