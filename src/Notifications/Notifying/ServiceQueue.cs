using System.Threading.Channels;

namespace Bowline.Notifications.Notifying;

/// <summary>
/// The deliveries of one service, so many at a time: a service that hangs or asks to wait holds up its own queue and no other. A full
/// queue takes nothing more; who could not be told is looked at again later.
/// </summary>
internal sealed class ServiceQueue
{
    public const int Capacity = 1000;
    private const int Workers = 4;

    private readonly Channel<Delivery> channel = Channel.CreateBounded<Delivery>(Capacity);
    private readonly CancellationTokenSource stopping = new();
    private readonly Action<Delivery> giveBack;
    private readonly TimeProvider time;
    private readonly Task[] workers;
    private volatile bool closed;

    /// <param name="deliver">Delivers one; throws nothing but cancellation.</param>
    /// <param name="giveBack">Told of those that were not sent after all.</param>
    public ServiceQueue(Func<Delivery, CancellationToken, Task> deliver, Action<Delivery> giveBack, TimeProvider time)
    {
        this.giveBack = giveBack;
        this.time = time;
        workers = [.. Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(deliver), CancellationToken.None))];
    }

    /// <returns>Whether there was room.</returns>
    public bool TryAdd(Delivery delivery) => channel.Writer.TryWrite(delivery);

    /// <summary>Begins nothing more, and waits for what is under way; what takes longer than the grace is given up.</summary>
    public async Task CloseAsync(TimeSpan grace)
    {
        closed = true;
        channel.Writer.TryComplete();
        using CancellationTokenSource late = new(grace, time);
        using CancellationTokenRegistration stop = late.Token.Register(stopping.Cancel);
        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task WorkAsync(Func<Delivery, CancellationToken, Task> deliver)
    {
        await foreach (Delivery delivery in channel.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (closed)
            {
                giveBack(delivery);
                continue;
            }

            try
            {
                await deliver(delivery, stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                giveBack(delivery);
            }
        }
    }
}
