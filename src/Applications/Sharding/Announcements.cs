using System.Globalization;
using System.Threading.Channels;
using Bowline.Resources.Model;

namespace Bowline.Applications.Sharding;

/// <summary>What replicas tell each other with their Leases: addresses of repositories that have moved, and how often anything was told.</summary>
internal sealed class Announcements(TimeProvider time)
{
    private const string Count = "bowline.dev/moved-count";
    private const string Moved = "bowline.dev/moved";
    private const int Most = 50;
    private const int LongestAddress = 500;

    /// <summary>Long enough for everybody to have looked several times.</summary>
    private static readonly TimeSpan ToldFor = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Dictionary<string, string> heard = new(StringComparer.Ordinal);
    private List<(string Address, long At)> told = [];
    private List<IReadOnlyList<string>> fresh = [];
    private long count;

    public void Add(IReadOnlyList<string> repositories)
    {
        lock (gate)
        {
            count++;
            told = [.. told.Where(item => time.GetElapsedTime(item.At) < ToldFor && !repositories.Contains(item.Address)).Concat(repositories.Where(address => address.Length <= LongestAddress).Select(address => (address, time.GetTimestamp()))).TakeLast(Most)];
        }

        news.Writer.TryWrite(true);
    }

    /// <summary>For the replica's own Lease.</summary>
    public MapNode Annotations()
    {
        lock (gate)
        {
            told.RemoveAll(item => time.GetElapsedTime(item.At) >= ToldFor);
            return new MapNode { [Count] = count.ToString(CultureInfo.InvariantCulture), [Moved] = string.Join('\n', told.Select(item => item.Address)) };
        }
    }

    /// <summary>Takes in the others' Leases; what one says that is seen for the first time was told before this replica came.</summary>
    public void Hear(IEnumerable<MapNode> leases)
    {
        Dictionary<string, string> present = new(StringComparer.Ordinal);
        foreach (MapNode lease in leases)
        {
            string name = lease.At("metadata", "name")?.AsString() ?? string.Empty;
            string now = lease.At("metadata", "annotations", Count)?.AsString() ?? string.Empty;
            if (heard.TryGetValue(name, out string? before) && before != now)
            {
                fresh.Add((lease.At("metadata", "annotations", Moved)?.AsString() ?? string.Empty).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }

            present[name] = now;
        }

        heard = present;
    }

    /// <summary>What was heard since it was asked last.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TakeHeard()
    {
        List<IReadOnlyList<string>> taken = fresh;
        fresh = [];
        return taken;
    }

    /// <summary>Waits as long, or until there is something to tell.</summary>
    public async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task due = Task.Delay(pause, time, ends.Token);
        await Task.WhenAny(due, news.Reader.WaitToReadAsync(ends.Token).AsTask()).ConfigureAwait(false);
        news.Reader.TryRead(out _);
        await ends.CancelAsync().ConfigureAwait(false);
        await due.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
