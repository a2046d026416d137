namespace Bowline.Cluster.Tests;

internal static class Eventually
{
    public static async Task True(Func<bool> condition, string what = "condition")
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"{what}: not within 10 s");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
