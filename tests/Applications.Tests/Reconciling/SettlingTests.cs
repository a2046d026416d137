using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;

namespace Bowline.Applications.Tests.Reconciling;

public sealed class SettlingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Synced_and_healthy_is_settled() =>
        Assert.True(Settling.Begin.Next(new Evidence(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Healthy), Noon, RetryPolicy.Default).IsSettled);

    [Fact]
    public void Progressing_is_waited_for() =>
        Assert.False(Settling.Begin.Next(new Evidence(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Progressing), Noon, RetryPolicy.Default).IsSettled);

    [Fact]
    public void A_failed_sync_is_tried_again_with_longer_pauses_and_settles_after_three()
    {
        Evidence failed = new(Synced: false, SyncFailed: true, CanAct: true, HealthStatus.Missing);
        Settling first = Settling.Begin.Next(failed, Noon, RetryPolicy.Default);
        Settling second = first.Next(failed, Noon.AddSeconds(1), RetryPolicy.Default);
        Settling third = second.Next(failed, Noon.AddSeconds(2), RetryPolicy.Default);
        Assert.False(first.IsSettled);
        Assert.False(second.IsSettled);
        Assert.True(third.IsSettled);
        Assert.True(first.RetryAfter < second.RetryAfter);
    }

    [Fact]
    public void Degraded_counts_only_after_a_while_and_asks_to_look_again_by_then()
    {
        Evidence degraded = new(Synced: true, SyncFailed: false, CanAct: false, HealthStatus.Degraded);
        Settling at = Settling.Begin.Next(degraded, Noon, RetryPolicy.Default);
        Assert.False(at.IsSettled);
        Assert.Equal(Settling.DegradedGrace, at.RetryAfter);
        Assert.True(at.Next(degraded, Noon + Settling.DegradedGrace, RetryPolicy.Default).IsSettled);
    }

    [Fact]
    public void Recovery_starts_the_wait_anew()
    {
        Settling degraded = Settling.Begin.Next(new Evidence(true, false, false, HealthStatus.Degraded), Noon, RetryPolicy.Default);
        Settling recovered = degraded.Next(new Evidence(true, false, false, HealthStatus.Progressing), Noon.AddSeconds(4), RetryPolicy.Default);
        Assert.Null(recovered.DegradedSince);
    }

    [Fact]
    public void A_retry_policy_sets_the_pauses_and_the_number_of_attempts()
    {
        RetryPolicy policy = new(2, TimeSpan.FromSeconds(10), 3, TimeSpan.FromSeconds(60));
        Evidence failed = new(Synced: false, SyncFailed: true, CanAct: true, HealthStatus.Missing);
        Settling first = Settling.Begin.Next(failed, Noon, policy);
        Settling second = first.Next(failed, Noon, policy);
        Settling third = second.Next(failed, Noon, policy);
        Assert.Equal([10, 30], new[] { first, second }.Select(settling => settling.RetryAfter!.Value.TotalSeconds));
        Assert.True(third.IsExhausted);
        Assert.Null(third.RetryAfter);
        Assert.False(third.MaySync(Noon.AddDays(1)));
    }

    [Fact]
    public void A_change_that_is_heard_of_during_the_pause_does_not_shorten_it()
    {
        Settling failed = Settling.Begin.Next(new Evidence(false, SyncFailed: true, CanAct: true, HealthStatus.Missing), Noon, RetryPolicy.Default);
        Settling heard = failed.Next(new Evidence(false, SyncFailed: false, CanAct: true, HealthStatus.Missing), Noon.AddSeconds(0.2), RetryPolicy.Default);
        Assert.False(heard.MaySync(Noon.AddSeconds(0.2)));
        Assert.Equal(0.3, heard.RetryAfter!.Value.TotalSeconds, 3);
        Assert.True(heard.MaySync(Noon.AddSeconds(0.5)));
    }

    [Fact]
    public void Whoever_waits_for_a_gate_that_may_open_is_not_settled() =>
        Assert.False(Settling.Begin.Next(new Evidence(false, false, CanAct: false, HealthStatus.Healthy) { Waits = true }, Noon, RetryPolicy.Default).IsSettled);
}
