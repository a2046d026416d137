using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;

namespace Bowline.Applications.Tests.Reconciling;

public sealed class SettlingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Synced_and_healthy_is_settled() =>
        Assert.True(Settling.Begin.Next(new Evidence(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Healthy), Noon).IsSettled);

    [Fact]
    public void Progressing_is_waited_for() =>
        Assert.False(Settling.Begin.Next(new Evidence(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Progressing), Noon).IsSettled);

    [Fact]
    public void A_failed_sync_is_tried_again_with_longer_pauses_and_settles_after_three()
    {
        Evidence failed = new(Synced: false, SyncFailed: true, CanAct: true, HealthStatus.Missing);
        Settling first = Settling.Begin.Next(failed, Noon);
        Settling second = first.Next(failed, Noon.AddSeconds(1));
        Settling third = second.Next(failed, Noon.AddSeconds(2));
        Assert.False(first.IsSettled);
        Assert.False(second.IsSettled);
        Assert.True(third.IsSettled);
        Assert.True(first.RetryAfter < second.RetryAfter);
    }

    [Fact]
    public void Degraded_counts_only_after_a_while_and_asks_to_look_again_by_then()
    {
        Evidence degraded = new(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Degraded);
        Settling at = Settling.Begin.Next(degraded, Noon);
        Assert.False(at.IsSettled);
        Assert.Equal(Settling.DegradedGrace, at.RetryAfter);
        Assert.True(at.Next(degraded, Noon + Settling.DegradedGrace).IsSettled);
    }

    [Fact]
    public void Recovery_starts_the_wait_anew()
    {
        Settling degraded = Settling.Begin.Next(new Evidence(true, false, false, HealthStatus.Degraded), Noon);
        Settling recovered = degraded.Next(new Evidence(true, false, false, HealthStatus.Progressing), Noon.AddSeconds(4));
        Assert.Null(recovered.DegradedSince);
    }
}
