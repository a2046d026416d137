using System.Collections.Concurrent;
using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Fetching;

namespace Bowline.Server.Composition.Up;

/// <summary>One run of <c>up</c>: the repository, the clusters, and a runner for every application.</summary>
public sealed partial class UpSession : IAsyncDisposable
{
    private readonly UpOptions options;
    private readonly TimeProvider time;
    private readonly Repository repository;
    private readonly ClusterFleet fleet;
    private readonly SemaphoreSlim settling = new(0);
    private readonly SemaphoreSlim loading = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, Running> runners = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ApplicationStatus> faulted = new(StringComparer.Ordinal);
    private readonly Dependencies dependencies = new();
    private readonly RunnerContext context;
    private readonly AddressGuard guard;
    private IUpObserver observer;
    private HashSet<string> troubled = [];
    private Task following = Task.CompletedTask;
    private WorkspaceState? workspace;
    private Placement placement = new([], new Dictionary<string, string>(), new Dictionary<string, string>());

    private UpSession(UpOptions options, Repository repository, TimeProvider time, IUpObserver observer)
    {
        this.options = options;
        this.time = time;
        this.observer = observer;
        this.repository = repository;
        guard = new AddressGuard(options.AllowedHosts);
        fleet = new ClusterFleet(options, repository.Name, time);
        context = new RunnerContext(time, dependencies) { Gates = repository.ProjectGates(time), RenderAtAsync = repository.RenderAtAsync, RenderWithAsync = repository.RenderWithAsync, Orphans = repository.Orphans(IsApplication), Moved = TellDependents, Reported = Reported, Advanced = application => statuses?.Report(application) };
    }

    /// <exception cref="UsageException">The path, or what goes with it, cannot be meant.</exception>
    public static async Task<UpSession> OpenAsync(UpOptions options, TimeProvider time, IUpObserver observer, CancellationToken cancellationToken)
    {
        (options, ArgoCdObjects? objects) = await ArgoCdObjects.OpenAsync(options, time, cancellationToken).ConfigureAwait(false);
        return new UpSession(options, await Repository.OpenAsync(options, objects, delivers: true, time, cancellationToken).ConfigureAwait(false), time, observer);
    }

    /// <summary>Brings everything up and returns when every application is delivered, has failed, or time is up.</summary>
    public async Task<UpReport> DeliverAsync(CancellationToken cancellationToken)
    {
        if (options.Stay)
        {
            repository.BeginWatching();
        }

        await LoadAsync(WorkspaceChange.Everything, cancellationToken).ConfigureAwait(false);
        await StartHubAsync(cancellationToken).ConfigureAwait(false);
        BeginNotifying();
        await StartAsync(cancellationToken).ConfigureAwait(false);
        listening = Task.Run(() => ListenToHubAsync(stopping.Token), CancellationToken.None);
        if (options.Stay)
        {
            // From now on, not only when all is delivered: a newer commit is often what that waits for.
            following = Task.Run(() => FollowAsync(stopping.Token), CancellationToken.None);
        }

        do
        {
            await WaitUntilSettledAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!options.Stay && await TakeInLateAsync(cancellationToken).ConfigureAwait(false));

        await (statuses?.FlushAsync(CancellationToken.None) ?? Task.CompletedTask).ConfigureAwait(false);
        await TellAsync(cancellationToken).ConfigureAwait(false);
        return await ReportAsync().ConfigureAwait(false);
    }

    /// <summary>For a run that ends: what did not answer in time is taken in when it does, after everything else is delivered.</summary>
    /// <returns>Whether there was anything.</returns>
    private async Task<bool> TakeInLateAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (!await repository.WaitForLateSourcesAsync(either.Token).ConfigureAwait(false))
            {
                return false;
            }

            await FollowAsync(Nothing, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time is up; the report says of each application what it waits for.
            return false;
        }
    }

    private async Task<UpReport> ReportAsync()
    {
        // Of an application that is delivered as it was and can no longer be rendered, the fault is the news.
        IEnumerable<ApplicationStatus> known = faulted.Values.Concat(SetFaults()).Concat(runners.Values.Select(running => running.Runner.Status));
        ApplicationStatus[] statuses = [.. known.DistinctBy(status => status.Name).OrderBy(status => status.Name, StringComparer.Ordinal)];
        IEnumerable<Assumption> placed = placement.Reasons.Select(reason => new Assumption("ClusterPlacement", reason.Key, reason.Key, reason.Value));
        return new UpReport(statuses, [.. workspace?.Assumptions ?? [], .. placed, .. await fleet.AssumptionsAsync(CancellationToken.None).ConfigureAwait(false)], fleet.KubeconfigFile);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(following, listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll([.. runners.Values.Select(running => running.StopAsync()), .. departing.Values.Select(departure => departure.Task)]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeConnectingAsync().ConfigureAwait(false);
        await DisposeHubAsync().ConfigureAwait(false);
        await fleet.DisposeAsync().ConfigureAwait(false);
        repository.Dispose();
        stopping.Dispose();
        settling.Dispose();
        loading.Dispose();
    }

    private async Task LoadAsync(WorkspaceChange change, CancellationToken cancellationToken)
    {
        workspace = await repository.LoadAsync(workspace, change, Rendering, cancellationToken).ConfigureAwait(false);
        troubled = [.. faulted.Keys];
        faulted.Clear();
        Dictionary<string, ApplicationSpec> declared = workspace.Declared.ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        foreach (ApplicationFault fault in workspace.Faults)
        {
            ApplicationSpec? spec = declared.GetValueOrDefault(fault.Name);
            faulted[fault.Name] = new ApplicationStatus(fault.Name) { Namespace = spec?.Destination.Namespace ?? string.Empty, Message = fault.Message };
        }

        if (workspace.Rendered is [{ Resources.Count: 0 }] && workspace.Declared is [{ Origin: var origin }] && origin == Origin.Unknown)
        {
            throw new UsageException(EmptyRepository.Describe(options.Path, workspace.Home.Snapshot.Files));
        }

        Place();
    }

    private void Rendering(ApplicationSpec spec)
    {
        // What could not be rendered is tried again whenever anything changes, and told of when something else comes of it.
        if (!runners.ContainsKey(spec.Name) && !faulted.ContainsKey(spec.Name))
        {
            observer.Status(new ApplicationStatus(spec.Name) { Namespace = spec.Destination.Namespace, Activity = "rendering" });
        }
    }

    /// <summary>Decides which cluster each application lives on; those that live somewhere stay there.</summary>
    private void Place()
    {
        fleet.Register(repository.Settings.Clusters);
        IReadOnlyList<Claims> claims = Claims();
        Dictionary<string, ApplicationSpec> declared = workspace!.Declared.DistinctBy(spec => spec.Name).ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        Placement placed = fleet.Place(claims, [.. placement.Clusters.Select(SettledRule)], name => ClusterOf(name, declared));
        // Why a cluster came to be is what it was, however often applications are placed on it since.
        placement = placed with { Reasons = placed.Clusters.Where(cluster => placed.Reasons.ContainsKey(cluster) || placement.Reasons.ContainsKey(cluster)).ToDictionary(cluster => cluster, cluster => placement.Reasons.GetValueOrDefault(cluster) ?? placed.Reasons[cluster]) };
        foreach (ApplicationStatus status in faulted.Values)
        {
            faulted[status.Name] = status with { Cluster = fleet.NameOf(placement.ClusterOf.GetValueOrDefault(status.Name) ?? string.Empty) };
        }

        observer.Applications([.. claims.Select(claim => runners.TryGetValue(claim.Application, out Running? running)
            ? running.Runner.Status
            : faulted.GetValueOrDefault(claim.Application) ?? new ApplicationStatus(claim.Application) { Cluster = fleet.NameOf(placement.ClusterOf[claim.Application]), Activity = "waiting" })]);
    }

    private PlacementRule SettledRule(string cluster) =>
        new(cluster, []) { Names = placement.ClusterOf.Where(placed => placed.Value == cluster && runners.ContainsKey(placed.Key)).Select(placed => placed.Key).ToHashSet(StringComparer.Ordinal) };

    /// <summary>Applications that could not be rendered claim nothing, yet their names place them beside their siblings.</summary>
    private IReadOnlyList<Claims> Claims() =>
    [
        .. workspace!.Rendered.Select(application => application.Claims),
        .. workspace.Declared.Where(spec => faulted.ContainsKey(spec.Name)).Select(spec => new Claims(spec.Name, spec.Destination.Name.Length > 0 ? spec.Destination.Name : spec.Destination.Server, new HashSet<ResourceId>())),
    ];

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await RetireAsync().ConfigureAwait(false);
        bool otherRules = TellOfSettings();
        Dictionary<string, string> leaving = ClustersOfLeaving();
        HashSet<string> needed = [.. workspace!.Rendered.Select(application => placement.ClusterOf[application.Spec.Name]), .. leaving.Values];
        await fleet.StartAsync([.. placement.Clusters.Concat(leaving.Values).Distinct().Where(cluster => cluster.Length > 0 && needed.Contains(cluster))], observer, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Claims> claims = Claims();
        foreach (string cluster in fleet.Started)
        {
            DeliveryTarget target = fleet.Target(cluster);
            target.Home = IdentityOn(cluster);
            target.Settings = repository.Settings.Installation;
            target.Scripts.Use(repository.Settings.Config, message => observer.Note(message));
            string[] former = !IsKnown(cluster, target) ? []
                : [.. (await target.OwnersAsync(cancellationToken).ConfigureAwait(false)).Where(owner => !workspace.Names.Contains(owner) && MayRemove(owner))];
            target.Ownership = new Ownership(claims.Where(claim => placement.ClusterOf.GetValueOrDefault(claim.Application) == cluster), former, target.Settings.Tracking);
            target.ActsAs = repository.ActsAs;
            target.PrunesOnRemoval = spec => hub?.PropagationOf(spec.Name) is null && spec.Policy.Prune;
            // Of an application that is being deleted, the objects are where its destination says; what it left elsewhere earlier is not touched.
            Remove(cluster, target, [.. former.Where(owner => !leaving.TryGetValue(owner, out string? home) || home == (fleet.IsRegistered(cluster) ? cluster : string.Empty))]);
        }

        await ReturnAsync(workspace.Names).ConfigureAwait(false);
        await ReleaseAsync(leaving, cancellationToken).ConfigureAwait(false);
        ReportFaults();
        TellLeftAlone();
        dependencies.Declare(workspace.Declared, workspace.Rendered, name => placement.ClusterOf.GetValueOrDefault(name) ?? string.Empty);
        foreach (RenderedApplication application in workspace.Rendered)
        {
            if (runners.TryGetValue(application.Spec.Name, out Running? running))
            {
                running.Runner.Update(application);
                if (otherRules || troubled.Contains(application.Spec.Name))
                {
                    // It says how it stands again, now that nothing is wrong with its declaration.
                    running.Runner.Signal();
                }

                continue;
            }

            string home = placement.ClusterOf[application.Spec.Name];
            ApplicationRunner runner = new(application, fleet.Target(home), context, Changed);
            Resume(runner);
            CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            runners[application.Spec.Name] = new Running(home, runner, Task.Run(() => runner.RunAsync(stop.Token), CancellationToken.None), stop);
        }
    }

    private void TellDependents(string application, Standing standing)
    {
        foreach (string dependent in dependencies.Report(application, standing))
        {
            if (runners.TryGetValue(dependent, out Running? running))
            {
                running.Runner.Signal();
            }
        }
    }

    private void Changed(ApplicationStatus status)
    {
        observer.Status(status);
        Wake();
    }

    /// <summary>Whoever waits for everything to settle looks again.</summary>
    private void Wake()
    {
        if (settling.CurrentCount == 0)
        {
            settling.Release();
        }
    }

    private async Task WaitUntilSettledAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            while (!await IsQuietAsync(either.Token).ConfigureAwait(false))
            {
                await settling.WaitAsync(QuietPause, either.Token).ConfigureAwait(false);
                if (runners.Values.FirstOrDefault(running => running.Task.IsFaulted) is { } broken)
                {
                    await broken.Task.ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Time is up, or Ctrl-C: the report says how far each application came.
        }
    }

    /// <summary>Ends what runs in the background, and returns when it has ended.</summary>
    private static async Task EndAsync(Task running, CancellationTokenSource stop)
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private sealed record Running(string Cluster, ApplicationRunner Runner, Task Task, CancellationTokenSource Stop)
    {
        public Task StopAsync() => EndAsync(Task, Stop);
    }
}
