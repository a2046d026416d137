namespace Bowline.Tests.Controllers;

/// <summary>The system's clock, running faster; it can be set forward or back while it runs.</summary>
internal sealed class HurriedTime(double speed) : TimeProvider
{
    private readonly DateTimeOffset start = System.GetUtcNow();
    private long jumped;

    /// <summary>Sets the clock, as an administrator or NTP would; what waits for a span of time is not touched by it.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref jumped, by.Ticks);

    public override DateTimeOffset GetUtcNow() =>
        start + ((System.GetUtcNow() - start) * speed) + TimeSpan.FromTicks(Interlocked.Read(ref jumped));

    public override long GetTimestamp() => (long)(System.GetTimestamp() * speed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Shortened(dueTime), Shortened(period)), this);

    private TimeSpan Shortened(TimeSpan span) => span <= TimeSpan.Zero ? span : span / speed;

    private sealed class Timer(ITimer inner, HurriedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(time.Shortened(dueTime), time.Shortened(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
