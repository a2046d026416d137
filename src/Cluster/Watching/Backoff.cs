namespace Bowline.Cluster.Watching;

/// <summary>Waits that double with every failure in a row.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    public int Failures { get; private set; }

    public TimeSpan Wait
    {
        get
        {
            double factor = Math.Pow(2, Math.Clamp(Failures - 1, 0, 30));
            return first.TotalMilliseconds * factor >= longest.TotalMilliseconds ? longest : first * factor;
        }
    }

    /// <summary>Counts a failure and returns how many there were in a row.</summary>
    public int Fail() => ++Failures;

    public void Reset() => Failures = 0;
}
