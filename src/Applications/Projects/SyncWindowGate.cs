using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Delivery.Planning;

namespace Bowline.Applications.Projects;

/// <summary>
/// Argo CD's sync windows: an open deny window keeps everything back; where there are allow windows, one of them has to be open. What
/// somebody asks for passes where the windows that hold it back have manualSync.
/// </summary>
public sealed class SyncWindowGate(Func<string, ApplicationSpec?> find, Func<ProjectRules> rules, TimeProvider time) : ISyncGate
{
    public const string Name = "sync-window";

    public GateDecision Decide(SyncPlan plan)
    {
        ApplicationSpec? application = find(plan.Owner);
        if (application is null || rules().Find(application.Project) is not { Windows.Count: > 0 } project)
        {
            return new GateDecision(Name, GateVerdict.Allow, string.Empty);
        }

        IReadOnlyList<SyncWindow> windows = project.WindowsOf(application);
        if (windows.FirstOrDefault(window => window.Problem.Length > 0) is { } unreadable)
        {
            return new GateDecision(Name, GateVerdict.Deny, unreadable.Problem);
        }

        DateTimeOffset now = time.GetUtcNow();
        SyncWindow[] denying = [.. windows.Where(window => !window.Allows && window.IsOpen(now))];
        SyncWindow[] allowing = [.. windows.Where(window => window.Allows)];
        if (denying.Length > 0)
        {
            return plan.IsAsked && denying.All(window => window.ManualSync)
                ? new GateDecision(Name, GateVerdict.Allow, string.Empty)
                : new GateDecision(Name, GateVerdict.Wait, $"a deny window of project '{project.Name}' is open");
        }

        if (allowing.Length == 0 || allowing.Any(window => window.IsOpen(now)) || (plan.IsAsked && allowing.Any(window => window.ManualSync)))
        {
            return new GateDecision(Name, GateVerdict.Allow, string.Empty);
        }

        DateTimeOffset? next = allowing.Select(window => window.OpensNext(now)).Min();
        string when = next is { } moment ? $"; the next opens at {moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture)}" : string.Empty;
        return new GateDecision(Name, GateVerdict.Wait, $"no allow window of project '{project.Name}' is open{when}");
    }
}
