using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>
/// Decides by a script of the user where there is one, else by the rules of <c>Health/Rules</c>, of which
/// <c>otherwise.yaml</c> judges the kinds that no other knows.
/// </summary>
public sealed class HealthAssessor
{
    private readonly Func<ResourceId, bool> hasNoController;

    /// <param name="hasNoController">
    /// Kinds that nothing in the cluster acts upon (a CRD that the embedded cluster only assumes): such an object is as healthy as it gets.
    /// </param>
    public HealthAssessor(Func<ResourceId, bool>? hasNoController = null) => this.hasNoController = hasNoController ?? (_ => false);

    /// <summary>Checks of the user's own, asked first; null where they have nothing to say of a kind.</summary>
    public Func<MapNode, HealthReport?> Custom { get; init; } = static _ => null;

    public HealthReport Assess(ResourceId id, MapNode? live)
    {
        if (live is null)
        {
            return HealthReport.Missing;
        }

        if (live.At("metadata", "deletionTimestamp") is not null)
        {
            return HealthReport.Progressing("Pending deletion");
        }

        return hasNoController(id) ? HealthReport.Healthy : Judge(id.Group, id.Kind, live);
    }

    /// <summary>What an object says of itself, be it about to go or not.</summary>
    public HealthReport Judge(MapNode live) => Judge(HealthLanguage.GroupOf(live), live["kind"]?.AsString() ?? string.Empty, live);

    /// <summary>An application is as healthy as the worst of its objects, whose message it takes.</summary>
    public static HealthReport Worst(IEnumerable<(ResourceId Id, HealthReport Report)> reports)
    {
        HealthReport worst = HealthReport.Healthy;
        foreach ((ResourceId id, HealthReport report) in reports)
        {
            if (report.Status > worst.Status)
            {
                worst = report with { Message = report.Message.Length == 0 ? id.ToString() : $"{id}: {report.Message}" };
            }
        }

        return worst;
    }

    private HealthReport Judge(string group, string kind, MapNode live) =>
        Custom(live)
        ?? HealthRules.BuiltIn.Check(group, kind, live)
        ?? (group.Length == 0 && kind == "Pod" ? PodHealth.Check(live) : HealthRules.BuiltIn.CheckByConvention(live));
}
