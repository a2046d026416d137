using Bowline.Applications.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// How eagerly drift is undone: at once, unless it keeps coming back. Then somebody else writes the same fields, and the pauses
/// grow from a second to five minutes, or as <see cref="Pace"/> says, so that the two do not fight as fast as the cluster lets them. Pure: the time comes in.
/// </summary>
/// <param name="Heals">When drift was undone lately, oldest first.</param>
public sealed record HealBackoff(IReadOnlyList<DateTimeOffset> Heals)
{
    public static readonly HealBackoff None = new([]);

    /// <summary>So many heals in a row pass without a pause.</summary>
    private const int Free = 5;

    /// <summary>Heals longer ago than this are forgotten, so that a quiet while starts anew.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    /// <summary>Who wrote what was undone last, as people are told; empty when nobody is known.</summary>
    public string Rival { get; private init; } = string.Empty;

    public HealPace Pace { get; init; } = HealPace.Usual;

    /// <summary>How long to wait before the next heal; zero for at once.</summary>
    public TimeSpan Delay(DateTimeOffset now)
    {
        DateTimeOffset[] recent = Recent(now);
        if (recent.Length == 0)
        {
            return TimeSpan.Zero;
        }

        double growing = recent.Length < Free ? 0 : Math.Min(Pace.Longest.TotalSeconds, Pace.First.TotalSeconds * Math.Pow(Pace.Factor, Math.Min(recent.Length - Free, 10)));
        TimeSpan pause = TimeSpan.FromSeconds(Math.Max(Pace.Least.TotalSeconds, growing));
        TimeSpan left = recent[^1] + pause - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <param name="rival">Who wrote what is undone.</param>
    public HealBackoff Healed(DateTimeOffset now, string rival) => this with { Heals = [.. Recent(now), now], Rival = rival };

    /// <summary>The fight in a sentence, for as long as there is a pause.</summary>
    public string Describe(DateTimeOffset now) =>
        $"drift was undone {Recent(now).Length} times lately and keeps coming back{(Rival.Length > 0 ? $": {Rival}" : string.Empty)}; self-heal pauses for {Math.Ceiling(Delay(now).TotalSeconds):0} s";

    private DateTimeOffset[] Recent(DateTimeOffset now) => [.. Heals.Where(heal => now - heal < Memory)];
}
