using Bowline.Delivery.Health;

namespace Bowline.Applications.Reconciling;

/// <summary>What one look at an application found.</summary>
/// <param name="Synced">Everything is as the repository says.</param>
/// <param name="SyncFailed">A sync was tried just now and failed.</param>
/// <param name="CanAct">The plan still has something to do.</param>
public readonly record struct Evidence(bool Synced, bool SyncFailed, bool CanAct, HealthStatus Health);

/// <summary>
/// Decides when waiting for an application makes no more sense: it is delivered, or failed as often as it may, or has been degraded
/// for a while. Pure: the time comes in.
/// </summary>
/// <param name="Failures">Failed syncs in a row.</param>
/// <param name="DegradedSince">Since when health has been bad without a break; null while it is not.</param>
public sealed record Settling(int Failures, DateTimeOffset? DegradedSince, bool IsSettled)
{
    public static readonly Settling Begin = new(0, null, IsSettled: false);

    /// <summary>How long an application may be degraded before that counts as its answer.</summary>
    public static readonly TimeSpan DegradedGrace = TimeSpan.FromSeconds(5);

    private const int MostFailures = 3;

    // What keeps it out of sync may pass without any object of its own changing: a CRD is installed, another application lets go.
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(10);

    /// <summary>When to look again even if nothing is heard of; null to wait for a change.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public static Settling Failed(DateTimeOffset now) => Begin.Next(new Evidence(Synced: false, SyncFailed: true, CanAct: true, HealthStatus.Unknown), now) with { IsSettled = true };

    public Settling Next(Evidence evidence, DateTimeOffset now)
    {
        int failures = evidence.SyncFailed ? Failures + 1 : evidence.CanAct ? Failures : 0;
        DateTimeOffset? degradedSince = evidence.Health is HealthStatus.Degraded or HealthStatus.Missing or HealthStatus.Unknown ? DegradedSince ?? now : null;
        bool healthy = evidence.Health is HealthStatus.Healthy or HealthStatus.Suspended;
        bool degradedForGood = degradedSince is { } since && now - since >= DegradedGrace;
        bool settled = failures >= MostFailures || (!evidence.CanAct && !evidence.SyncFailed && (healthy || degradedForGood));
        TimeSpan? retry = evidence.SyncFailed || (evidence.CanAct && failures > 0) ? Backoff(failures)
            : degradedSince is { } start && !degradedForGood ? DegradedGrace - (now - start)
            : evidence is { Synced: false, CanAct: false } ? Recheck
            : null;
        return new Settling(failures, degradedSince, settled) { RetryAfter = retry };
    }

    /// <summary>0.5 s, 1 s, 2 s … up to 3 minutes, Argo CD's longest.</summary>
    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(180, 0.5 * Math.Pow(2, Math.Min(failures - 1, 12))));
}
