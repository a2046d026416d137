using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;

namespace Bowline.Tests.Scheduler;

public sealed class SchedulingQueueTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_most_important_pod_comes_first_and_among_equals_the_oldest()
    {
        SchedulingQueue queue = new();
        queue.Add(Name("old"), 0, Start);
        queue.Add(Name("new"), 0, Start.AddSeconds(1));
        queue.Add(Name("urgent"), 1000, Start.AddSeconds(2));
        Assert.Equal(["urgent", "old", "new"], Drain(queue));
    }

    [Fact]
    public void A_pod_without_a_place_waits_for_a_change_that_may_help_it_and_for_its_back_off()
    {
        SchedulingQueue queue = new();
        queue.Add(Name("p"), 0, Start);
        Assert.Equal(["p"], Drain(queue));
        queue.Fail(Name("p"), Wakeups.NodeChanged, Start);
        queue.Wake(Wakeups.PodGone, Start.AddSeconds(5));
        queue.Advance(Start.AddSeconds(5));
        Assert.Empty(Drain(queue));
        queue.Wake(Wakeups.NodeChanged, Start.AddMilliseconds(300));
        Assert.Equal(TimeSpan.FromMilliseconds(700), queue.Advance(Start.AddMilliseconds(300)));
        Assert.Empty(Drain(queue));
        queue.Advance(Start.AddSeconds(1));
        Assert.Equal(["p"], Drain(queue));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(5, 10)]
    [InlineData(1000, 10)]
    public void The_back_off_doubles_from_one_second_to_ten(int attempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), SchedulingQueue.Backoff(attempts));

    [Theory]
    [InlineData(50, 50)]
    [InlineData(100, 100)]
    [InlineData(1000, 420)]
    [InlineData(5000, 500)]
    [InlineData(20000, 1000)]
    public void Of_many_nodes_only_a_share_is_searched(int nodes, int searched) => Assert.Equal(searched, Placement.EnoughNodes(nodes));

    private static ObjectName Name(string name) => new("n", name);

    private static List<string> Drain(SchedulingQueue queue)
    {
        List<string> taken = [];
        while (queue.TryTake(out ObjectName name))
        {
            taken.Add(name.Name);
        }

        return taken;
    }
}
