using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Planning;

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

    /// <summary>It is to be deleted as soon as somebody confirms it (Prune=confirm, Delete=confirm).</summary>
    AwaitsConfirmation,
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

    public ObjectOptions Options { get; init; } = ObjectOptions.Default;

    /// <summary>Why the API server refuses it already on trial; empty when it does not, or could not be asked yet.</summary>
    public string Refusal { get; init; } = string.Empty;

    /// <summary>An object that left the repository and does not count against the application (compare-options: IgnoreExtraneous).</summary>
    public bool IsExtraneous { get; init; }

    /// <summary>Whether carrying it out touches the cluster.</summary>
    public bool Acts => Change is PlannedChange.Create or PlannedChange.Update or PlannedChange.Prune or PlannedChange.RunHook;

    /// <summary>Whether the object is what the repository says.</summary>
    public bool InSync => IsExtraneous || Change is PlannedChange.None or PlannedChange.RunHook;

    /// <summary>What names a hook within one sync: an object may be a hook of several phases.</summary>
    public string HookKey => $"{Hook?.Phase} {Id}{(Id.Name.Length == 0 ? Desired?.Body.At("metadata", "generateName")?.AsString() : string.Empty)}";
}

/// <summary>Actions that belong together: all of them are done and healthy before the next wave starts.</summary>
public sealed record SyncWave(SyncPhase Phase, int Number, IReadOnlyList<PlannedAction> Actions);

/// <summary>Everything a sync of one application will do, in order.</summary>
public sealed record SyncPlan(string Owner, IReadOnlyList<SyncWave> Waves)
{
    public IEnumerable<PlannedAction> Actions => Waves.SelectMany(wave => wave.Actions);

    /// <summary>Whether somebody asks for this sync, so that it is not automation's.</summary>
    public bool IsAsked { get; init; }

    /// <summary>What the gates say, those first that do not let it through.</summary>
    public IReadOnlyList<GateDecision> Gates { get; init; } = [];

    /// <summary>Whether a sync would change anything; hooks alone are no reason to sync.</summary>
    public bool HasChanges => Actions.Any(action => action.Acts && action.Change != PlannedChange.RunHook);

    public bool InSync => Actions.All(action => action.InSync);

    /// <summary>The first gate that keeps the plan from being carried out; null when none does.</summary>
    public GateDecision? HeldBy => Gates.FirstOrDefault(gate => gate.Verdict != GateVerdict.Allow);

    /// <summary>The part of the plan that these actions make up.</summary>
    public SyncPlan Only(Func<PlannedAction, bool> chosen) =>
        this with { Waves = [.. Waves.Select(wave => wave with { Actions = [.. wave.Actions.Where(chosen)] }).Where(wave => wave.Actions.Count > 0)] };

    /// <summary>Asks the gates; the plan with their answers.</summary>
    public SyncPlan Through(IEnumerable<ISyncGate> gates) =>
        this with { Gates = [.. gates.Select(gate => gate.Decide(this)).OrderByDescending(decision => decision.Verdict)] };
}
