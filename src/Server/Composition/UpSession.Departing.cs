using System.Collections.Concurrent;
using System.Threading.Channels;
using Bowline.Applications.Hub;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;

namespace Bowline.Server.Composition;

public sealed partial class UpSession
{
    private static readonly TimeSpan RemovalRetry = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, Departure> departing = new(StringComparer.Ordinal);

    /// <summary>Applications that is gone take their objects with them when they were allowed to prune; nobody waits for that.</summary>
    private void Remove(string cluster, DeliveryTarget target, IReadOnlyList<string> former)
    {
        foreach (string owner in workspace!.IsComplete ? former : [])
        {
            if (!departing.ContainsKey(owner))
            {
                LeavingApplication? leaving = workspace.Leaving.FirstOrDefault(application => application.Name == owner);
                Farewell farewell = leaving is null ? new Farewell(Prune: null, string.Empty) : new Farewell(leaving.Propagation.Length > 0, leaving.Propagation);
                CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
                TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
                departing[owner] = new Departure(cluster, Task.Run(() => DepartAsync(target, owner, farewell, tried, stop.Token), CancellationToken.None), tried.Task, stop);
            }
        }
    }

    /// <summary>An application that is declared again is not removed any further.</summary>
    private async Task ReturnAsync(IReadOnlySet<string> declared)
    {
        foreach (string owner in departing.Keys.Where(declared.Contains))
        {
            if (departing.TryRemove(owner, out Departure? departure))
            {
                await departure.StopAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Tries until nothing is left: again when its record changes, which is how a confirmation comes, and from time to time.</summary>
    private async Task DepartAsync(DeliveryTarget target, string owner, Farewell farewell, TaskCompletionSource tried, CancellationToken cancellationToken)
    {
        Channel<bool> heard = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using Interest interest = target.Live.Subscribe(_ => heard.Writer.TryWrite(true));
        interest.Follow([InventoryStore.IdOf(owner)]);
        string said = string.Empty;
        for (bool done = false; !done;)
        {
            string sentence;
            try
            {
                RemovalResult result = await new ApplicationRemoval(target, time).RemoveAsync(owner, farewell, cancellationToken).ConfigureAwait(false);
                done = result.Waiting.Count == 0 && result.Problem.Length == 0;
                sentence = result.Problem.Length > 0 ? $"application {owner} is gone and cannot be removed: {result.Problem}"
                    : done ? $"application {owner} is gone: {result.Pruned} of its objects pruned on {target.Name}"
                    : $"application {owner} is gone: {string.Join(", ", result.Waiting)} wait for 'bowline confirm {owner}'";
            }
            catch (ClusterException refused)
            {
                sentence = $"application {owner} is gone and cannot be removed: {refused.Message}";
            }

            tried.TrySetResult();
            if (sentence != said)
            {
                observer.Note(said = sentence);
            }

            if (!done)
            {
                await WaitAsync(heard.Reader, cancellationToken).ConfigureAwait(false);
            }
        }

        departing.TryRemove(owner, out _);
        HearOfHub();
    }

    /// <param name="Tried">Completes when the removal was tried once, whether or not anything is left.</param>
    private sealed record Departure(string Cluster, Task Task, Task Tried, CancellationTokenSource Stop)
    {
        public async Task StopAsync()
        {
            await Stop.CancelAsync().ConfigureAwait(false);
            await Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Stop.Dispose();
        }
    }

    private async Task WaitAsync(ChannelReader<bool> heard, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(RemovalRetry, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await heard.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look again.
        }
    }
}
