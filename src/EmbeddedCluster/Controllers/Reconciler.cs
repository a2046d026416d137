using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>
/// One controller: <see cref="Subscribe"/> says which changes concern which keys, <see cref="ReconcileAsync"/> reads the
/// mirrors, lets a pure function decide and carries the decision out.
/// </summary>
internal abstract partial class Reconciler(ControlPlane plane) : IDisposable
{
    protected ControlPlane Plane { get; } = plane;

    public WorkQueue<ObjectName> Queue { get; } = new(plane.Time, TimeSpan.FromMilliseconds(5), TimeSpan.FromMinutes(1));

    public virtual string Name => GetType().Name;

    /// <summary>How many keys may be worked on at once.</summary>
    protected virtual int Workers => 1;

    public abstract void Subscribe();

    /// <summary>Brings one object on its way; returns when to look again, or null.</summary>
    public abstract Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken);

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None)));

    public void Dispose()
    {
        Queue.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void Watch(KindMirror? mirror, Action<Change> handler)
    {
        if (mirror is not null)
        {
            mirror.Changed += handler;
        }
    }

    /// <summary>Enqueues the changed object itself.</summary>
    protected void WatchOwn(KindMirror? mirror) => Watch(mirror, change => Queue.Add(ObjectName.Of(change.Any)));

    /// <summary>Enqueues the controller of a changed object, before and after the change.</summary>
    protected void WatchOwned(KindMirror? mirror, string ownerKind) => Watch(mirror, change =>
    {
        EnqueueOwner(change.Old, ownerKind);
        EnqueueOwner(change.New, ownerKind);
    });

    private void EnqueueOwner(MapNode? node, string ownerKind)
    {
        if (node?.ControllerReference() is { } owner && owner.Text("kind") == ownerKind)
        {
            Queue.Add(new ObjectName(node.Namespace(), owner.Text("name")));
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ObjectName key;
            try
            {
                key = await Queue.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
            {
                return;
            }

            await WorkOnAsync(key, cancellationToken).ConfigureAwait(false);
            Queue.Done(key);
        }
    }

    private async Task WorkOnAsync(ObjectName key, CancellationToken cancellationToken)
    {
        try
        {
            TimeSpan? again = await ReconcileAsync(key, cancellationToken).ConfigureAwait(false);
            Queue.Forget(key);
            if (again is { } delay)
            {
                Queue.AddAfter(key, delay);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (ClusterException error) when (error.IsConflict || error.IsNotFound)
        {
            // Someone else was quicker; the mirror will show what is there now.
            Queue.AddLimited(key);
        }
#pragma warning disable CA1031 // One broken object must not stop a controller that serves all the others.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Log.ReconcileFailed(Plane.Logger, Name, key.ToString(), error);
            Queue.AddLimited(key);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller} failed on {Key} and will try again")]
        public static partial void ReconcileFailed(ILogger logger, string controller, string key, Exception error);
    }
}
