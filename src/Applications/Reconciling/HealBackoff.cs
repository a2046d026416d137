namespace Bowline.Applications.Reconciling;

/// <summary>
/// How eagerly drift is undone: at once, unless it keeps coming back. Then somebody else writes the same fields, and the pauses
/// grow from a second to a minute, so that the two do not fight as fast as the cluster lets them. Pure: the time comes in.
/// </summary>
/// <param name="Heals">When drift was undone lately, oldest first.</param>
public sealed record HealBackoff(IReadOnlyList<DateTimeOffset> Heals)
{
    public static readonly HealBackoff None = new([]);

    /// <summary>So many heals in a row pass without a pause.</summary>
    private const int Free = 5;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Heals longer ago than this are forgotten, so that a quiet while starts anew.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(3);

    /// <summary>How long to wait before the next heal; zero for at once.</summary>
    public TimeSpan Delay(DateTimeOffset now)
    {
        DateTimeOffset[] recent = [.. Heals.Where(heal => now - heal < Memory)];
        if (recent.Length < Free)
        {
            return TimeSpan.Zero;
        }

        TimeSpan pause = TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, Math.Pow(2, Math.Min(recent.Length - Free, 10))));
        TimeSpan left = recent[^1] + pause - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public HealBackoff Healed(DateTimeOffset now) => new([.. Heals.Where(heal => now - heal < Memory), now]);
}
