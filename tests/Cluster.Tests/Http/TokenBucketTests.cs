using System.Diagnostics;
using Bowline.Cluster.Http;

namespace Bowline.Cluster.Tests.Http;

public sealed class TokenBucketTests
{
    [Fact]
    public async Task A_burst_passes_at_once_and_what_follows_at_the_rate()
    {
        TokenBucket bucket = new(perSecond: 100, burst: 10, TimeProvider.System);
        Stopwatch watch = Stopwatch.StartNew();
        for (int write = 0; write < 10; write++)
        {
            Assert.True(bucket.TakeAsync(CancellationToken.None).IsCompletedSuccessfully);
        }

        for (int write = 0; write < 20; write++)
        {
            await bucket.TakeAsync(CancellationToken.None);
        }

        Assert.True(watch.ElapsedMilliseconds >= 180, $"{watch.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task Without_a_rate_nothing_waits()
    {
        TokenBucket bucket = new(perSecond: 0, burst: 1, TimeProvider.System);
        for (int write = 0; write < 100_000; write++)
        {
            Assert.True(bucket.TakeAsync(CancellationToken.None).IsCompletedSuccessfully);
        }

        await Task.CompletedTask;
    }
}
