namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>A clock that starts at the true time and runs faster, or slower: with a factor of 60 a minute passes in a second.</summary>
public sealed class FasterTime : TimeProvider
{
    private readonly TimeProvider inner;
    private readonly double factor;
    private readonly DateTimeOffset began;
    private readonly long beganAt;

    /// <param name="factor">More than zero, at most 100,000.</param>
    public FasterTime(TimeProvider inner, double factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(factor, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(factor, 100_000);
        this.inner = inner;
        this.factor = factor;
        began = inner.GetUtcNow();
        beganAt = inner.GetTimestamp();
    }

    /// <summary>How many seconds pass in a true one.</summary>
    public double Factor => factor;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => began + TimeSpan.FromTicks((long)(inner.GetElapsedTime(beganAt).Ticks * factor));

    public override long GetTimestamp() => beganAt + (long)((inner.GetTimestamp() - beganAt) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FasterTimer(inner.CreateTimer(callback, state, Scale(dueTime), Scale(period)), this);

    // Rounded up to whole milliseconds: a timer that is early finds nothing due and would spin.
    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds / factor));

    private sealed class FasterTimer(ITimer timer, FasterTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Scale(dueTime), time.Scale(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
