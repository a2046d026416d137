using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;

namespace Bowline.Applications.Tests.Reconciling;

public sealed class HealBackoffTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_few_heals_are_immediate() => Assert.Equal(TimeSpan.Zero, After(4).Delay(Noon));

    [Fact]
    public void Drift_that_keeps_coming_back_is_undone_ever_more_slowly_up_to_five_minutes()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), After(5).Delay(Noon));
        Assert.Equal(TimeSpan.FromSeconds(8), After(8).Delay(Noon));
        Assert.Equal(TimeSpan.FromMinutes(5), After(40).Delay(Noon));
        Assert.Equal(TimeSpan.Zero, After(5).Delay(Noon.AddSeconds(2)));
    }

    [Fact]
    public void An_installation_may_say_how_slowly()
    {
        HealPace pace = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), 3, TimeSpan.FromSeconds(60));
        Assert.Equal([0, 5, 5, 5, 18, 60], [.. new[] { 0, 1, 4, 5, 7, 12 }.Select(heals => (int)(After(heals) with { Pace = pace }).Delay(Noon).TotalSeconds)]);
    }

    [Fact]
    public void A_quiet_while_starts_anew() => Assert.Equal(TimeSpan.Zero, After(40).Delay(Noon.AddMinutes(20)));

    private static HealBackoff After(int heals) => Enumerable.Range(0, heals).Aggregate(HealBackoff.None, (backoff, _) => backoff.Healed(Noon, "\"hpa\" writes spec.replicas"));

    [Fact]
    public void The_other_writer_is_named_while_it_pauses()
    {
        string fight = After(7).Describe(Noon);
        Assert.Contains("\"hpa\" writes spec.replicas", fight);
        Assert.Contains("7 times", fight);
        Assert.Contains("pauses for 4 s", fight);
    }
}
