using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Planning;

/// <summary>The steps of a sync, in order.</summary>
public enum SyncPhase
{
    PreSync,
    Sync,
    PostSync,

    /// <summary>Only after a failure in one of the others.</summary>
    SyncFail,
}

public enum PlannedChange
{
    /// <summary>The object already is as desired.</summary>
    None,
    Create,
    Update,
    Prune,
    RunHook,

    /// <summary>Another application owns the object; it is left alone.</summary>
    Shared,

    /// <summary>The cluster serves no such kind.</summary>
    MissingKind,

    /// <summary>It left the repository, but pruning is off for it or for its application.</summary>
    Orphan,
}

/// <summary>One object, what will happen to it and why.</summary>
public sealed record PlannedAction(ResourceId Id, PlannedChange Change, string Reason)
{
    public DesiredObject? Desired { get; init; }

    public MapNode? Live { get; init; }

    /// <summary>What the object will be; null when it goes or nothing happens.</summary>
    public MapNode? After { get; init; }

    /// <summary>Null for what is pruned or not a hook.</summary>
    public Hook? Hook { get; init; }

    /// <summary>Whether carrying it out touches the cluster.</summary>
    public bool Acts => Change is PlannedChange.Create or PlannedChange.Update or PlannedChange.Prune or PlannedChange.RunHook;

    /// <summary>Whether the object is what the repository says.</summary>
    public bool InSync => Change is PlannedChange.None or PlannedChange.RunHook;
}

/// <summary>Actions that belong together: all of them are done and healthy before the next wave starts.</summary>
public sealed record SyncWave(SyncPhase Phase, int Number, IReadOnlyList<PlannedAction> Actions);

/// <summary>Everything a sync of one application will do, in order.</summary>
public sealed record SyncPlan(string Owner, IReadOnlyList<SyncWave> Waves)
{
    public IEnumerable<PlannedAction> Actions => Waves.SelectMany(wave => wave.Actions);

    /// <summary>Whether a sync would change anything; hooks alone are no reason to sync.</summary>
    public bool HasChanges => Actions.Any(action => action.Acts && action.Change != PlannedChange.RunHook);

    public bool InSync => Actions.All(action => action.InSync);
}
