namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>
/// A clock that starts at the true time, or where a kept state was left, and runs faster, or slower: with a factor of 60 a minute passes in a second.
/// With a factor of 1 it stays as far ahead of the true time as it began, sleep of the machine and corrections of its clock included.
/// </summary>
public sealed class FasterTime : TimeProvider
{
    private readonly TimeProvider inner;
    private readonly double factor;
    private readonly DateTimeOffset began;
    private readonly long beganAt;
    private long ahead;

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
    internal double Factor => factor;

    /// <summary>The clock that this one started with, which is also that of whoever checks certificates from outside.</summary>
    internal TimeProvider True => inner;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() =>
        (factor == 1 ? inner.GetUtcNow() : began + TimeSpan.FromTicks((long)(inner.GetElapsedTime(beganAt).Ticks * factor))) + TimeSpan.FromTicks(Interlocked.Read(ref ahead));

    public override long GetTimestamp() => beganAt + (long)((inner.GetTimestamp() - beganAt) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        factor == 1 ? inner.CreateTimer(callback, state, dueTime, period) : new FasterTimer(inner.CreateTimer(callback, state, Scale(dueTime), Scale(period)), this);

    /// <summary>Goes on from where an earlier clock was, if that is later; spans of time that are being waited for are not touched.</summary>
    /// <returns>How far that is ahead.</returns>
    internal TimeSpan NotBefore(DateTimeOffset moment)
    {
        TimeSpan jump = moment - GetUtcNow();
        if (jump <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        Interlocked.Add(ref ahead, jump.Ticks);
        return jump;
    }

    // Rounded up to whole milliseconds: a timer that is early finds nothing due and would spin.
    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds / factor));

    private sealed class FasterTimer(ITimer timer, FasterTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Scale(dueTime), time.Scale(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
