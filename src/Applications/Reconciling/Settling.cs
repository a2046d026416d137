using Bowline.Applications.Model;
using Bowline.Delivery.Health;

namespace Bowline.Applications.Reconciling;

/// <summary>What one look at an application found.</summary>
/// <param name="Synced">Everything is as the repository says.</param>
/// <param name="SyncFailed">A sync was tried just now and failed.</param>
/// <param name="CanAct">The plan still has something to do, and nothing holds it back.</param>
public readonly record struct Evidence(bool Synced, bool SyncFailed, bool CanAct, HealthStatus Health)
{
    /// <summary>A gate holds it back that may open by itself, and whoever has to move first still may.</summary>
    public bool Waits { get; init; }
}

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

    /// <summary>Before this moment a failed sync is not tried again, whatever is heard of.</summary>
    public DateTimeOffset? NotBefore { get; private init; }

    /// <summary>The sync failed as often as its retry policy lets it: only something new is a reason to try again.</summary>
    public bool IsExhausted { get; private init; }

    public static Settling Failed(DateTimeOffset now) =>
        Begin.Next(new Evidence(Synced: false, SyncFailed: true, CanAct: true, HealthStatus.Unknown), now, RetryPolicy.Default) with { IsSettled = true };

    public bool MaySync(DateTimeOffset now) => !IsExhausted && (NotBefore is not { } moment || now >= moment);

    public Settling Next(Evidence evidence, DateTimeOffset now, RetryPolicy retry)
    {
        int failures = evidence.SyncFailed ? Failures + 1 : evidence.CanAct ? Failures : 0;
        bool exhausted = failures > 0 && retry.IsExhausted(failures);
        DateTimeOffset? degradedSince = evidence.Health is HealthStatus.Degraded or HealthStatus.Missing or HealthStatus.Unknown ? DegradedSince ?? now : null;
        bool healthy = evidence.Health is HealthStatus.Healthy or HealthStatus.Suspended;
        bool degradedForGood = degradedSince is { } since && now - since >= DegradedGrace;
        bool settled = !evidence.Waits && (exhausted || failures >= MostFailures || (!evidence.CanAct && !evidence.SyncFailed && (healthy || degradedForGood)));
        DateTimeOffset? notBefore = evidence.SyncFailed ? now + retry.PauseAfter(failures) : failures > 0 ? NotBefore : null;
        TimeSpan? retryAfter = exhausted ? null
            : failures > 0 && notBefore is { } moment ? (moment > now ? moment - now : TimeSpan.Zero)
            : degradedSince is { } start && !degradedForGood ? DegradedGrace - (now - start)
            : evidence is { Synced: false, CanAct: false } ? Recheck
            : null;
        return new Settling(failures, degradedSince, settled) { RetryAfter = retryAfter, NotBefore = notBefore, IsExhausted = exhausted };
    }
}
