namespace Bowline.Delivery.Planning;

public enum GateVerdict
{
    Allow,

    /// <summary>Not now; asked again when something changes.</summary>
    Wait,

    /// <summary>Not as the plan stands: the repository or a setting has to change.</summary>
    Deny,
}

/// <summary>What one gate says of a plan.</summary>
/// <param name="Gate">The gate's name: <c>depends-on</c>, <c>shared-resource</c>, <c>confirmation</c>.</param>
/// <param name="Reason">Why, in a sentence; empty when it allows.</param>
public sealed record GateDecision(string Gate, GateVerdict Verdict, string Reason);

/// <summary>Something that may hold back a sync as a whole: dependencies, sync windows, approvals.</summary>
public interface ISyncGate
{
    GateDecision Decide(SyncPlan plan);
}

/// <summary>Refuses a sync of which an object belongs to another application, where FailOnSharedResource says so.</summary>
public sealed class SharedResourceGate : ISyncGate
{
    public const string Name = "shared-resource";

    public GateDecision Decide(SyncPlan plan) =>
        plan.Actions.FirstOrDefault(action => action is { Change: PlannedChange.Shared, Desired.Options.FailOnSharedResource: true }) is { } shared
            ? new GateDecision(Name, GateVerdict.Deny, $"{shared.Id} {shared.Reason}, and FailOnSharedResource is on")
            : new GateDecision(Name, GateVerdict.Allow, string.Empty);
}
