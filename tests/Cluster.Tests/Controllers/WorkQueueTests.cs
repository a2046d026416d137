using Bowline.Cluster.Controllers;
using Bowline.Tests;

namespace Bowline.Cluster.Tests.Controllers;

public sealed class WorkQueueTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly WorkQueue<string> queue;

    public WorkQueueTests() => queue = new WorkQueue<string>(time);

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task A_key_added_twice_comes_once()
    {
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        Assert.Equal("a", await queue.TakeAsync(default));
        Assert.Equal("b", await queue.TakeAsync(default));
        Assert.False(queue.TakeAsync(default).IsCompleted);
    }

    [Fact]
    public async Task A_key_added_while_it_is_worked_on_comes_again_afterwards()
    {
        queue.Add("a");
        await queue.TakeAsync(default);
        queue.Add("a");
        queue.Add("a");
        ValueTask<string> next = queue.TakeAsync(default);
        Assert.False(next.IsCompleted);
        Assert.False(queue.IsIdle);
        queue.Done("a");
        Assert.Equal("a", await next);
        queue.Done("a");
        Assert.True(queue.IsIdle);
    }

    [Fact]
    public void Of_several_times_the_earliest_counts()
    {
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(2));
        queue.AddAfter("b", TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, queue.Count);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, queue.Count);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(2, queue.Count);
    }

    [Fact]
    public async Task Failures_wait_twice_as_long_each_time_until_forgotten()
    {
        double waited = 0;
        foreach (int expected in (int[])[5, 10, 20, 40])
        {
            queue.AddLimited("a");
            time.Advance(TimeSpan.FromMilliseconds(expected - 1));
            Assert.Equal(0, queue.Count);
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal("a", await queue.TakeAsync(default));
            queue.Done("a");
            waited += expected;
        }

        for (int i = 0; i < 100; i++)
        {
            queue.AddLimited("a");
        }

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("a", await queue.TakeAsync(default));
        queue.Done("a");
        queue.Forget("a");
        Assert.Equal(1, queue.AddLimited("a"));
    }
}
