using System.Threading.Channels;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Homes;

namespace Bowline.Server.Composition.Up;

public sealed partial class UpSession
{
    /// <summary>What may change the hub in one go is looked at once.</summary>
    private static readonly TimeSpan HubPause = TimeSpan.FromMilliseconds(20);

    /// <summary>How soon to ask again whether anything is still to come.</summary>
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<bool> hubSignals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ApplicationHub? hub;
    private StatusWriter? statuses;
    private Task listening = Task.CompletedTask;
    private string[] leftAlone = [];
    private volatile bool rulesChanged;
    private int heard;
    private int handled;

    /// <summary>Makes the cluster that holds Argo CD's objects ready, writes the repository's to it, and takes in what else it holds.</summary>
    private async Task StartHubAsync(CancellationToken cancellationToken)
    {
        string home = HubPlace.ClusterOf(options, workspace!, placement, fleet.Usual);
        await fleet.StartAsync([home], observer, cancellationToken).ConfigureAwait(false);
        ICluster cluster = fleet.Target(home).Cluster;
        string @namespace = HubPlace.NamespaceOf(options, workspace!);
        try
        {
            if (options.TargetsRealCluster)
            {
                await ForeignController.RefuseAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false);
            }

            hub = await ApplicationHub.StartAsync(cluster, new ApplicationNamespaces(@namespace, options.ApplicationNamespaces), repository.IdentityOf(workspace!.Home), time, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException refused) when (refused.Status is 401 or 403)
        {
            // Whoever may deliver objects but not hold Applications still delivers what the repository declares.
            observer.Note($"applications are not kept as objects: {refused.Message}");
            return;
        }

        await WatchSettingsAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false);
        hub.Changed = HearOfHub;
        hub.Delivers = Delivers;
        hub.HoldsSets = HoldsSets;
        if (options.Replica is { } replica)
        {
            replica.Changed += HearOfHub;
            replica.Announced += HearOfAnnounced;
            hub.StatusChanged = TellOfOthers;
            dependencies.Elsewhere = StandingElsewhere;
        }

        statuses = new StatusWriter(hub, time) { Complain = sentence => observer.Note(sentence) };
        repository.ConsultHubAsync = async (found, token) =>
        {
            await hub.PublishAsync(found, token).ConfigureAwait(false);
            return hub.View();
        };
        await LoadAsync(Nothing, cancellationToken).ConfigureAwait(false);
        await LeadSetsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>From now on a change of argocd-cm, of a repository or of a cluster counts at once.</summary>
    private async Task WatchSettingsAsync(ICluster cluster, string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            hubSettings = await HubSettings.StartAsync(cluster, @namespace, time, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException refused) when (refused.Status is 401 or 403)
        {
            observer.Note($"changes of Argo CD's Secrets and ConfigMaps are seen only when something else changes: {refused.Message}");
            return;
        }

        repository.WatchedSettings = hubSettings.Current;
        hubSettings.Changed = () =>
        {
            rulesChanged = true;
            HearOfHub();
        };
    }

    private static WorkspaceChange Nothing { get; } = new() { HomeFiles = [] };

    private void HearOfHub(CacheChange change)
    {
        rulesChanged |= change.Id.Kind == ArgoDefinitions.Projects.Kind.Kind;
        HearOfHub();
    }

    /// <summary>Something in the hub changed: look at it again.</summary>
    private void HearOfHub()
    {
        Interlocked.Increment(ref heard);
        hubSignals.Writer.TryWrite(true);
    }

    private async Task ListenToHubAsync(CancellationToken cancellationToken)
    {
        await foreach (bool _ in hubSignals.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(HubPause, time, cancellationToken).ConfigureAwait(false);
            int now = Volatile.Read(ref heard);
            string[] refreshed = await AnswerHubAsync(cancellationToken).ConfigureAwait(false);
            await FollowAsync(Nothing with { Applications = refreshed }, cancellationToken).ConfigureAwait(false);
            await LeadSetsAsync(cancellationToken).ConfigureAwait(false);
            if (rulesChanged)
            {
                // What projects and settings allow is looked at when a plan is made.
                rulesChanged = false;
                runners.Values.ToList().ForEach(running => running.Runner.Signal());
            }

            Volatile.Write(ref handled, now);
            Wake();
        }
    }

    /// <summary>Takes up what is asked of applications by their objects; each is asked once, whatever becomes of it.</summary>
    /// <returns>Those that are to be rendered again.</returns>
    private async Task<string[]> AnswerHubAsync(CancellationToken cancellationToken)
    {
        List<string> refreshed = [];
        foreach ((string application, HubRequest request) in hub?.Requests() ?? [])
        {
            try
            {
                await hub!.PatchAsync(application, request.TakeUp(time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException refused)
            {
                observer.Note($"what is asked of application {application} cannot be taken up: {refused.Message}");
                continue;
            }

            if (request.Refresh.Length > 0)
            {
                refreshed.Add(application);
                repository.Notify([.. workspace!.Declared.Where(spec => spec.Name == application).SelectMany(spec => spec.Sources).Select(source => source.RepoUrl)]);
            }

            if (runners.TryGetValue(application, out Running? running))
            {
                running.Runner.Answer(request.Order, request.Refusal, request.Terminate);
            }
        }

        return [.. refreshed];
    }

    /// <summary>Goes on with what was asked of an application when whoever delivered it before ended.</summary>
    private void Resume(ApplicationRunner runner)
    {
        if (hub?.Find(runner.Status.Name) is { } held && HubRequest.Interrupted(held) is { } interrupted)
        {
            runner.Answer(interrupted.Order, interrupted.Refusal, terminate: false);
        }
    }

    private void TellLeftAlone()
    {
        string[] alone = [.. hub?.LeftAlone() ?? []];
        foreach (string name in alone.Except(leftAlone))
        {
            observer.Note($"application {name} is left alone, as its annotation argocd.argoproj.io/skip-reconcile asks");
        }

        leftAlone = alone;
    }

    private bool IsApplication(string name) => workspace?.Names.Contains(name) == true || hub?.Find(name) is not null;

    /// <summary>Tells the hub how an application stands, unless its declaration is at fault: then that is what there is to say.</summary>
    private void Report(ApplicationReport report)
    {
        if (!faulted.ContainsKey(report.Status.Name))
        {
            statuses?.Report(report);
        }
    }

    /// <summary>Tells the hub why applications cannot be delivered at all.</summary>
    private void ReportFaults()
    {
        foreach (ApplicationFault fault in workspace!.Faults)
        {
            statuses?.Report(fault.Name, new ApplicationCondition(fault.IsInvalid ? "InvalidSpecError" : "ComparisonError", fault.Message));
        }
    }

    /// <summary>Whether nothing is under way: every application is settled, and the hub holds nothing that is not known yet.</summary>
    private async Task<bool> IsQuietAsync(CancellationToken cancellationToken)
    {
        if (connecting.Values.Any(attempt => !attempt.Tried.IsCompleted) || departing.Values.Any(departure => !departure.Tried.IsCompleted) || sets is { IsIdle: false } || Volatile.Read(ref handled) != Volatile.Read(ref heard) || !runners.Values.All(running => running.Runner.Settling.IsSettled))
        {
            return false;
        }

        return hub is null || (await hub.IsCurrentAsync(cancellationToken).ConfigureAwait(false) && Volatile.Read(ref handled) == Volatile.Read(ref heard) && runners.Values.All(running => running.Runner.Settling.IsSettled));
    }

    /// <summary>Lets Applications go whose objects are dealt with, or are in a cluster that nobody knows any more.</summary>
    private async Task ReleaseAsync(Dictionary<string, string> clusters, CancellationToken cancellationToken)
    {
        foreach (LeavingApplication leaving in workspace!.Leaving.Where(leaving => !departing.ContainsKey(leaving.Name)))
        {
            bool dealtWith = clusters.TryGetValue(leaving.Name, out string? cluster)
                ? cluster.Length == 0 || (fleet.Started.Contains(cluster) && fleet.Target(cluster).IsPrepared)
                : !repository.KnowsClusterOf(leaving.Destination);
            if (dealtWith || leaving.Propagation.Length == 0)
            {
                await hub!.ReleaseAsync(leaving.Name, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask DisposeHubAsync()
    {
        if (options.Replica is { } replica)
        {
            replica.Changed -= HearOfHub;
            replica.Announced -= HearOfAnnounced;
        }

        await DisposeSetsAsync().ConfigureAwait(false);
        if (hub is not null)
        {
            await statuses!.DisposeAsync().ConfigureAwait(false);
            await EndNotifyingAsync().ConfigureAwait(false);
            await hub.DisposeAsync().ConfigureAwait(false);
        }
    }
}
