using Bowline.Applications.Model;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>
/// Holds back a sync of which any object, hooks included, is outside of what the application's project allows: nothing is applied, and
/// nothing is deleted either, until the project or the application changes.
/// </summary>
/// <param name="find">The application as it is declared; null when it is not.</param>
/// <param name="rules">The projects as they are now.</param>
public sealed class ProjectGate(Func<string, ApplicationSpec?> find, Func<ProjectRules> rules) : ISyncGate
{
    public const string Name = "project";
    private const int MostTold = 3;

    public GateDecision Decide(SyncPlan plan)
    {
        if (find(plan.Owner) is not { } application)
        {
            return Allow;
        }

        if (rules().Find(application.Project) is not { } project)
        {
            return Deny($"Application referencing project {application.Project} which does not exist");
        }

        if (project.Refuses(application) is { Length: > 0 } refusal)
        {
            return Deny(refusal);
        }

        if (project.ActsAs(application).Problem is { Length: > 0 } nobody)
        {
            return Deny(nobody);
        }

        string[] refused = [.. plan.Actions
            .Where(action => action.Desired is { Untracked: false })
            .Select(action => (Id: action.Id, Why: project.Refuses(application.Destination, action.Id, IsNamespaced(action.Desired!))))
            .Where(found => found.Why.Length > 0)
            .Select(found => $"{found.Id}: {found.Why}")];
        return refused.Length == 0 ? Allow : Deny(string.Join("; ", refused.Take(MostTold)) + (refused.Length > MostTold ? $"; and {refused.Length - MostTold} more" : string.Empty));
    }

    private static GateDecision Allow { get; } = new(Name, GateVerdict.Allow, string.Empty);

    private static GateDecision Deny(string reason) => new(Name, GateVerdict.Deny, reason);

    private static bool IsNamespaced(DesiredObject desired) => desired.Kind?.Namespaced ?? desired.Id.Namespace.Length > 0;
}
