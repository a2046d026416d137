using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

public enum SyncOutcome
{
    Unchanged,
    Created,
    Configured,
    Pruned,
    HookSucceeded,

    /// <summary>Not tried: shared with another application, kept from pruning, or of a kind that the cluster does not serve.</summary>
    Skipped,
    Failed,
}

/// <summary>What became of one object; <paramref name="Message"/> says why where that is not plain.</summary>
public sealed record SyncStep(ResourceId Id, SyncOutcome Outcome, string Message)
{
    /// <summary>What the plan calls the object: a hook of a generated name has none there.</summary>
    public ResourceId Planned { get; init; } = Id;
}

/// <summary>What a sync did. <see cref="Stopped"/> is the reason why later waves were not reached; empty when all were.</summary>
public sealed record SyncResult(IReadOnlyList<SyncStep> Steps, string Stopped)
{
    public bool Succeeded => Stopped.Length == 0 && Steps.All(step => step.Outcome != SyncOutcome.Failed);

    public IEnumerable<SyncStep> Failures => Steps.Where(step => step.Outcome == SyncOutcome.Failed);
}

/// <summary>Bounds of one sync.</summary>
public sealed record SyncOptions
{
    /// <summary>Requests in flight within a wave.</summary>
    public int Parallelism { get; init; } = 32;

    /// <summary>How long a wave may take to become healthy before the next one is given up.</summary>
    public TimeSpan WaveTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a hook may run.</summary>
    public TimeSpan HookTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Attempts for one object against conflicts, throttling and server errors.</summary>
    public int Attempts { get; init; } = 5;
}
