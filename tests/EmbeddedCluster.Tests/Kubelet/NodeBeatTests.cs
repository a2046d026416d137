using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Model;

namespace Bowline.Tests.Kubelet;

/// <summary>How often simulated nodes renew their leases.</summary>
public sealed class NodeBeatTests
{
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    // nodes, speed, lease in seconds
    [Theory]
    [InlineData(3, 1, 40)]
    [InlineData(50, 1, 40)]
    [InlineData(51, 1, 80)]
    [InlineData(5000, 1, 4000)]
    [InlineData(1, 60, 80)]
    [InlineData(3, 60, 160)]
    [InlineData(3, 1000, 2400)]
    [InlineData(1000, 60, 48000)]
    public void Leases_promise_as_much_as_is_kept(int nodes, double speed, int lease)
    {
        NodeBeat beat = new(TenSeconds, speed);
        Assert.Equal(TimeSpan.FromSeconds(lease), beat.DurationFor(nodes));

        // Each node has its turn four times in that time, and all together do not renew more often than an idle cluster can afford.
        MapNode[] all = [.. Enumerable.Range(0, nodes).Select(_ => new MapNode())];
        Dictionary<MapNode, int> turns = new(all.Select(node => KeyValuePair.Create(node, 0)), ReferenceEqualityComparer.Instance);
        long ticks = (long)(beat.DurationFor(nodes) / beat.Tick);
        for (long tick = 0; tick < ticks; tick++)
        {
            foreach (MapNode node in beat.Turn(all, tick))
            {
                turns[node]++;
            }
        }

        Assert.All(turns.Values, count => Assert.Equal(4, count));
        Assert.InRange(nodes * 4 * speed / lease, 0, 5.001);
    }
}
