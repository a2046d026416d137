namespace Bowline.Cluster.Http;

/// <summary>Lets so many requests through a second, and a burst of them at once; shared by everything that speaks to one cluster.</summary>
internal sealed class TokenBucket(double perSecond, int burst, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly int burst = Math.Max(1, burst);
    private double tokens = Math.Max(1, burst);
    private long filled = time.GetTimestamp();

    /// <summary>Returns when the request may go; in the order of the calls.</summary>
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        if (perSecond > 0 && Take() is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a token, on credit if there is none, and says how long it takes until that is paid.</summary>
    private TimeSpan Take()
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            tokens = Math.Min(burst, tokens + (time.GetElapsedTime(filled, now).TotalSeconds * perSecond));
            filled = now;
            tokens -= 1;
            return tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-tokens / perSecond);
        }
    }
}
