using System.Collections.Concurrent;
using System.Threading.Channels;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>
/// Writes how applications stand to their objects in the hub: only what changed, the latest state alone, at most one write a second and
/// application while work goes on, and at once when it comes to rest.
/// </summary>
public sealed class StatusWriter : IAsyncDisposable
{
    private const int Parallelism = 8;

    /// <summary>One commit may give every application another revision: what is news goes first, and of these only so many in one go.</summary>
    private const int AdvancedAtOnce = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ApplicationHub hub;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, Func<MapNode, MapNode>> pending = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> advanced = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> notBefore = new(StringComparer.Ordinal);
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;

    public StatusWriter(ApplicationHub hub, TimeProvider time)
    {
        this.hub = hub;
        this.time = time;
        writing = Task.Run(() => WriteAsync(stopping.Token), CancellationToken.None);
    }

    /// <summary>Told what cannot be written.</summary>
    public Action<string> Complain { get; set; } = static _ => { };

    /// <summary>Takes in how an application stands.</summary>
    public void Report(ApplicationReport report)
    {
        string name = report.Status.Name;
        advanced.TryRemove(name, out _);
        pending[name] = held => StatusNode.Of(report, held, ConditionNodes.In(report), hub.Namespace, time.GetUtcNow());
        if (report.IsSettled)
        {
            notBefore.TryRemove(name, out _);
        }
        else
        {
            notBefore.TryAdd(name, time.GetUtcNow() + Pause);
        }

        wake.Writer.TryWrite(true);
    }

    /// <summary>Takes in that an application is what it was, at another revision.</summary>
    public void Report(RenderedApplication application)
    {
        string name = application.Spec.Name;
        pending.AddOrUpdate(
            name,
            _ =>
            {
                advanced[name] = true;
                return held => StatusNode.At(held, application);
            },
            (_, before) => held => StatusNode.At(new MapNode { ["status"] = before(held), ["spec"] = held["spec"] ?? new MapNode() }, application));
        wake.Writer.TryWrite(true);
    }

    /// <summary>Takes in why an application cannot be delivered at all.</summary>
    public void Report(string application, ApplicationCondition condition)
    {
        pending[application] = held => StatusNode.OfFault(held, [condition], hub.Namespace, time.GetUtcNow());
        notBefore.TryRemove(application, out _);
        advanced.TryRemove(application, out _);
        wake.Writer.TryWrite(true);
    }

    /// <summary>Takes in something that is wrong beside how an application stands; null when nothing of that type is any more.</summary>
    public void Report(string application, string type, string? message)
    {
        pending.AddOrUpdate(
            application,
            _ => held => StatusNode.With(held, type, message, time.GetUtcNow()),
            (_, before) => held => StatusNode.With(new MapNode { ["status"] = before(held) }, type, message, time.GetUtcNow()));
        notBefore.TryRemove(application, out _);
        advanced.TryRemove(application, out _);
        wake.Writer.TryWrite(true);
    }

    /// <summary>Writes everything that is known by now.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        notBefore.Clear();
        do
        {
            await WriteDueAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!advanced.IsEmpty);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        while (await wake.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            wake.Reader.TryRead(out _);
            await WriteDueAsync(cancellationToken).ConfigureAwait(false);
            if (!pending.IsEmpty)
            {
                // Somebody works, and is told of once the pause is over, or more wait than are written in one go.
                await Task.Delay(Pause / 10, time, cancellationToken).ConfigureAwait(false);
                wake.Writer.TryWrite(true);
            }
        }
    }

    private async Task WriteDueAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        string[] due =
        [
            .. pending.Keys.Where(name => !advanced.ContainsKey(name) && (!notBefore.TryGetValue(name, out DateTimeOffset moment) || moment <= now)),
            .. advanced.Keys.Take(AdvancedAtOnce),
        ];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(due, parallel, async (name, token) =>
        {
            notBefore.TryRemove(name, out _);
            advanced.TryRemove(name, out _);
            if (pending.TryRemove(name, out Func<MapNode, MapNode>? make) && hub.Find(name) is { } held && StatusPatch.Between(held["status"] as MapNode, make(held)) is { } patch)
            {
                patch["reconciledAt"] = Timestamp.Text(time.GetUtcNow());
                try
                {
                    await hub.PatchAsync(name, new MapNode { ["status"] = patch }, token).ConfigureAwait(false);
                }
                catch (ClusterException refused) when (!refused.IsNotFound)
                {
                    Complain($"the status of application {name} cannot be written: {refused.Message}");
                }
                catch (ClusterException)
                {
                    // Deleted in the meantime.
                }
            }
        }).ConfigureAwait(false);
    }
}
