using System.Collections.Concurrent;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Server.Composition.Up;

/// <summary>
/// The clusters that Argo CD's cluster Secrets describe. One that does not answer keeps nobody else waiting, and one whose Secret goes is
/// let go of: what was delivered there stays as it is, and so do the applications.
/// </summary>
public sealed partial class UpSession
{
    private static readonly TimeSpan ClusterRetry = TimeSpan.FromSeconds(10);

    /// <summary>Registered clusters that are being connected to; each completes its <c>Tried</c> when it answered or failed once.</summary>
    private readonly ConcurrentDictionary<string, Connecting> connecting = new(StringComparer.Ordinal);

    private HubSettings? hubSettings;

    /// <summary>The real cluster that an application's destination means: its Secret's server, null for the hub's own, empty when there is none.</summary>
    private string? ClusterOf(string application, IReadOnlyDictionary<string, ApplicationSpec> declared)
    {
        try
        {
            return declared.TryGetValue(application, out ApplicationSpec? spec) ? repository.ClusterOf(application, spec.Destination)?.Server : null;
        }
        catch (ApplicationException)
        {
            // It is a fault of the workspace, too, which says why.
            return string.Empty;
        }
    }

    /// <summary>By what deliveries to a cluster are known as these: of several hubs that deliver to it, each has its own.</summary>
    private string IdentityOn(string cluster) => workspace!.Home.IsNone && hub is not null && fleet.IsRegistered(cluster)
        ? ApplicationHub.IdentityOf(hub.Namespace, hub.Uid)
        : repository.IdentityOf(workspace.Home);

    /// <summary>The clusters that applications which are being deleted have objects in, by application; those of unknown destinations are left out.</summary>
    private Dictionary<string, string> ClustersOfLeaving()
    {
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (LeavingApplication leaving in workspace!.Leaving)
        {
            try
            {
                found[leaving.Name] = repository.ClusterOf(leaving.Name, leaving.Destination)?.Server ?? string.Empty;
            }
            catch (ApplicationException unreachable)
            {
                NoteOnce($"leaving/{leaving.Name}", repository.KnowsClusterOf(leaving.Destination)
                    ? $"application {leaving.Name} is being deleted and waits: {unreachable.Message}"
                    : $"application {leaving.Name} is deleted; what it delivered stays where it is: {unreachable.Message}");
            }
        }

        return found;
    }

    /// <summary>Ends what runs on clusters that are reached in another way by now, or not at all, and runners whose application goes elsewhere now.</summary>
    private async Task RetireAsync()
    {
        IReadOnlyList<string> changed = fleet.Register(repository.Settings.Clusters);
        foreach ((string name, Running running) in runners)
        {
            if (changed.Contains(running.Cluster) || (placement.ClusterOf.GetValueOrDefault(name) is { } now && now != running.Cluster))
            {
                runners.TryRemove(name, out _);
                await running.StopAsync().ConfigureAwait(false);
            }
        }

        foreach ((string name, Departure departure) in departing.Where(departure => changed.Contains(departure.Value.Cluster)))
        {
            departing.TryRemove(name, out _);
            await departure.StopAsync().ConfigureAwait(false);
        }

        foreach (string cluster in changed)
        {
            if (connecting.TryRemove(cluster, out Connecting? attempt))
            {
                await attempt.StopAsync().ConfigureAwait(false);
            }
        }

        await fleet.DropAsync(changed).ConfigureAwait(false);
    }

    /// <summary>Whether what was delivered to a cluster is known by now; a registered one is asked in the background.</summary>
    private bool IsKnown(string cluster, DeliveryTarget target)
    {
        if (!fleet.IsRegistered(cluster) || target.IsPrepared)
        {
            return true;
        }

        connecting.GetOrAdd(cluster, _ =>
        {
            TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
            CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            return new Connecting(Task.Run(() => ConnectAsync(cluster, target, tried, stop.Token), CancellationToken.None), tried.Task, stop);
        });
        return false;
    }

    private async Task ConnectAsync(string cluster, DeliveryTarget target, TaskCompletionSource tried, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await target.PrepareAsync(cancellationToken).ConfigureAwait(false);
                connecting.TryRemove(cluster, out _);
                // Whose objects there are whose is known only now.
                rulesChanged = true;
                HearOfHub();
                tried.TrySetResult();
                return;
            }
            catch (ClusterException unreachable)
            {
                NoteOnce($"cluster/{cluster}", $"cluster {target.Name} does not answer: {unreachable.Message}");
                tried.TrySetResult();
                await Task.Delay(ClusterRetry, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Says once what of Argo CD's ConfigMaps cannot be read or makes no difference here, and has everybody look again when they say something else.</summary>
    /// <returns>Whether they do.</returns>
    private bool TellOfSettings()
    {
        foreach (string sentence in repository.Settings.Installation.Problems.Concat(KnownSettings.Ignored(repository.Settings)))
        {
            NoteOnce(sentence, sentence);
        }

        if (ReferenceEquals(settled, repository.Settings.Installation))
        {
            return false;
        }

        settled = repository.Settings.Installation;
        sets?.SettingsChanged();
        return true;
    }

    private InstallationSettings settled = InstallationSettings.Usual;

    private readonly ConcurrentDictionary<string, string> noted = new(StringComparer.Ordinal);

    private void NoteOnce(string about, string sentence)
    {
        string before = noted.GetValueOrDefault(about) ?? string.Empty;
        noted[about] = sentence;
        if (before != sentence)
        {
            observer.Note(sentence);
        }
    }

    private async ValueTask DisposeConnectingAsync()
    {
        foreach (Connecting attempt in connecting.Values)
        {
            await attempt.StopAsync().ConfigureAwait(false);
        }

        if (hubSettings is not null)
        {
            await hubSettings.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed record Connecting(Task Task, Task Tried, CancellationTokenSource Stop)
    {
        public Task StopAsync() => EndAsync(Task, Stop);
    }
}
