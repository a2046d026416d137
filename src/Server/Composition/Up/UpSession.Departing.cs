using System.Collections.Concurrent;
using System.Threading.Channels;
using Bowline.Applications.Hub;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;

namespace Bowline.Server.Composition.Up;

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
                Channel<bool> heard = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
                CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
                TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
                departing[owner] = new Departure(cluster, Task.Run(() => DepartAsync(target, owner, heard, tried, stop.Token), CancellationToken.None), tried.Task, heard, stop);
            }
        }

        foreach ((string owner, Departure departure) in departing)
        {
            if (FarewellOf(owner).Approved)
            {
                departure.Heard.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>How an application's objects part from it, by what its object in the hub says now.</summary>
    private Farewell FarewellOf(string owner)
    {
        LeavingApplication? leaving = workspace!.Leaving.FirstOrDefault(application => application.Name == owner);
        Farewell farewell = leaving is not null ? new Farewell(leaving.Propagation.Length > 0, leaving.Propagation, leaving.IsApproved)
            : hub?.PropagationOf(owner) is { } last ? new Farewell(last.Length > 0, last)
            : new Farewell(Prune: null, string.Empty);
        return repository.InTheNameOf(leaving?.Spec, farewell);
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
    private async Task DepartAsync(DeliveryTarget target, string owner, Channel<bool> heard, TaskCompletionSource tried, CancellationToken cancellationToken)
    {
        using Interest interest = target.Live.Subscribe(_ => heard.Writer.TryWrite(true));
        interest.Follow([InventoryStore.IdOf(owner)]);
        string said = string.Empty;
        for (bool done = false; !done;)
        {
            string sentence;
            string? wrong = null;
            try
            {
                RemovalResult result = await new ApplicationRemoval(target, time).RemoveAsync(owner, FarewellOf(owner), cancellationToken).ConfigureAwait(false);
                done = result.Waiting.Count == 0 && result.Left.Count == 0 && result.Problem.Length == 0;
                interest.Follow([InventoryStore.IdOf(owner), .. result.Left]);
                wrong = result.Problem.Length > 0 ? result.Problem : null;
                sentence = result.Problem.Length > 0 ? $"application {owner} is gone and cannot be removed: {result.Problem}"
                    : done ? $"application {owner} is gone: {result.Pruned} of its objects pruned on {target.Name}"
                    : result.Waiting.Count == 0 ? $"application {owner} is gone: {result.Pruned} of its objects pruned on {target.Name}, {result.Left.Count} left to the applications that declare them now"
                    : $"application {owner} is gone: {string.Join(", ", result.Waiting)} wait for 'bowline confirm {owner}' (or argocd app confirm-deletion)";
            }
            catch (ClusterException refused)
            {
                wrong = refused.Message;
                sentence = $"application {owner} is gone and cannot be removed: {refused.Message}";
            }

            if (sentence != said)
            {
                observer.Note(said = sentence);
                if (!done)
                {
                    statuses?.Report(owner, "DeletionError", wrong);
                }
            }

            tried.TrySetResult();

            if (!done)
            {
                await WaitAsync(heard.Reader, cancellationToken).ConfigureAwait(false);
            }
        }

        departing.TryRemove(owner, out _);
        HearOfHub();
    }

    /// <param name="Tried">Completes when the removal was tried once and told of, whether or not anything is left.</param>
    /// <param name="Heard">Makes it be tried again at once.</param>
    private sealed record Departure(string Cluster, Task Task, Task Tried, Channel<bool> Heard, CancellationTokenSource Stop)
    {
        public Task StopAsync() => EndAsync(Task, Stop);
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
