using Bowline.Applications.Model;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>All that is known of an application at a moment, for those who tell others.</summary>
/// <param name="Observation">Null when it could not be looked at.</param>
public sealed record ApplicationReport(ApplicationStatus Status, RenderedApplication Application, Observation? Observation)
{
    /// <summary>How each object that the plan names stands.</summary>
    public IReadOnlyList<(PlannedAction Action, HealthReport Health)> Objects { get; init; } = [];

    /// <summary>What lies in the application's namespace, top-level objects first, and belongs to no application; where its project looks for that.</summary>
    public IReadOnlyList<ResourceId> Orphans { get; init; } = [];

    /// <summary>Whether it could not be looked at for a fault of the program's own.</summary>
    public bool IsBug { get; init; }

    /// <summary>The sync that runs or ran last in this process; null while there has been none.</summary>
    public SyncAttempt? Attempt { get; init; }

    /// <summary>Whether it will not get further by itself.</summary>
    public bool IsSettled { get; init; }
}

public enum AttemptPhase
{
    Running,
    Terminating,
    Failed,
    Succeeded,
}

/// <summary>One sync from its beginning to its end, retries included.</summary>
/// <param name="Steps">What became of each object so far.</param>
public sealed record SyncAttempt(RenderedApplication Application, SyncOrder Order, DateTimeOffset Started, AttemptPhase Phase, string Message, IReadOnlyList<SyncStep> Steps)
{
    public DateTimeOffset? Finished { get; init; }

    public int Retries { get; init; }

    /// <summary>The plan that it carries out.</summary>
    public required SyncPlan Plan { get; init; }
}
