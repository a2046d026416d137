namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>What the controller remembers of one autoscaler: recommendations and changes of size, as long as a window looks back on them.</summary>
internal sealed class AutoscalerMemory
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private readonly List<(int Replicas, DateTimeOffset At)> recommendations = [];
    private readonly List<(int Change, DateTimeOffset At)> changes = [];

    /// <summary>Rounds in a row without a figure.</summary>
    public int Failures { get; set; }

    public void Begin(int current, DateTimeOffset now)
    {
        if (recommendations.Count == 0)
        {
            recommendations.Add((current, now));
        }
    }

    public void Recommend(int replicas, DateTimeOffset now)
    {
        recommendations.RemoveAll(entry => now - entry.At > Longest);
        recommendations.Add((replicas, now));
    }

    public void NoteChange(int before, int after, DateTimeOffset now)
    {
        changes.RemoveAll(entry => now - entry.At > Longest);
        changes.Add((after - before, now));
    }

    /// <summary>The recommendations younger than a window.</summary>
    public IEnumerable<int> Within(TimeSpan window, DateTimeOffset now) => recommendations.Where(entry => entry.At > now - window).Select(entry => entry.Replicas);

    /// <summary>How many replicas were added and removed on the whole within a period.</summary>
    public int ChangeWithin(TimeSpan period, DateTimeOffset now) => changes.Where(entry => entry.At > now - period).Sum(entry => entry.Change);
}
