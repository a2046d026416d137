using System.Threading.Channels;

namespace Bowline.Applications.Reconciling;

/// <summary>Reasons to look at an application again. What moved before the last look began is none: mostly it is what the sync itself applied.</summary>
internal sealed class Attention
{
    private readonly Channel<bool> signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool asked;
    private bool moved;

    /// <summary>Somebody wants it looked at, whatever was seen already.</summary>
    public void Ask()
    {
        Volatile.Write(ref asked, true);
        signals.Writer.TryWrite(true);
    }

    /// <summary>One of its objects changed.</summary>
    public void Notice()
    {
        Volatile.Write(ref moved, true);
        signals.Writer.TryWrite(true);
    }

    /// <summary>A look begins: it sees all that moved until now.</summary>
    public void Look() => Interlocked.Exchange(ref moved, false);

    /// <summary>Returns when there is a reason to look.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        do
        {
            await signals.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!Interlocked.Exchange(ref asked, false) && !Volatile.Read(ref moved));
    }
}
