namespace Bowline.Tests.Controllers;

/// <summary>A clock that stands still until it is told to go on; then it stops at every timer on the way, so that hours pass at once.</summary>
internal sealed class StoppedTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private TimeSpan elapsed;
    private TimeSpan jumped;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return start + elapsed + jumped;
        }
    }

    public override long GetTimestamp()
    {
        lock (gate)
        {
            return elapsed.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Sets the clock without time passing.</summary>
    public void Jump(TimeSpan by)
    {
        lock (gate)
        {
            jumped += by;
        }
    }

    /// <summary>Lets time pass; <paramref name="settle"/> runs after each stop, and its work is done at the time of the stop.</summary>
    public async Task PassAsync(TimeSpan span, Func<Task> settle)
    {
        TimeSpan end;
        lock (gate)
        {
            end = elapsed + span;
        }

        await settle();
        while (FireNext(end))
        {
            await settle();
        }
    }

    private bool FireNext(TimeSpan end)
    {
        List<Timer> due;
        lock (gate)
        {
            TimeSpan next = timers.Select(timer => timer.Due).DefaultIfEmpty(TimeSpan.MaxValue).Min();
            if (next > end)
            {
                elapsed = end;
                return false;
            }

            elapsed = next > elapsed ? next : elapsed;
            due = [.. timers.Where(timer => timer.Due <= elapsed)];
            due.ForEach(timer => timer.Rearm(elapsed));
            timers.RemoveAll(timer => timer.Due == TimeSpan.MaxValue);
        }

        due.ForEach(timer => timer.Fire());
        return true;
    }

    private sealed class Timer(StoppedTime time, Action fire) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public TimeSpan Due { get; private set; } = TimeSpan.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                period = newPeriod;
                Due = dueTime < TimeSpan.Zero ? TimeSpan.MaxValue : time.elapsed + dueTime;
                if (Due != TimeSpan.MaxValue)
                {
                    time.timers.Add(this);
                }
            }

            return true;
        }

        public void Rearm(TimeSpan now) => Due = period > TimeSpan.Zero ? now + period : TimeSpan.MaxValue;

        public void Fire() => fire();

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
