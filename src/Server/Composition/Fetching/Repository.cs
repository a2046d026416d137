using System.Collections.Concurrent;
using System.Threading.Channels;
using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Server.Composition.Homes;
using Bowline.Server.Composition.Up;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Server.Composition.Fetching;

/// <summary>What was asked to be delivered, with everything that its applications draw from.</summary>
internal sealed class Repository : IDisposable
{
    private readonly IHome home;
    private readonly GitFetcher fetcher;
    private readonly PatientFetcher? patient;
    private readonly ChartsByProject charts;
    private readonly RemoteFiles remoteFiles;
    private readonly RemoteFiles valueFiles;
    private readonly ArgoCdObjects? cluster;
    private readonly SourcePoller poller;
    private readonly Workspace workspace;
    private readonly ConcurrentDictionary<GitQuery, WatchedSource> generators = new();
    private WatchedSource[] watched = [];
    private readonly IReadOnlyList<RepositoryMapping> mappings;
    private readonly DestinationRules? destinations;
    private SourceRef? homeReference;

    private Repository(IHome home, GitFetcher fetcher, ArgoCdObjects? cluster, UpOptions options, bool delivers, TimeProvider time)
    {
        destinations = cluster is null ? null : new DestinationRules(cluster.Address, options.AllowedExecPlugins, name => options.PlacementRules.Any(rule => rule.Matches(name)));
        this.home = home;
        this.fetcher = fetcher;
        this.cluster = cluster;
        mappings = options.RepositoryMappings;
        charts = new ChartsByProject(time, () => workspace!.Settings.Repositories);
        remoteFiles = new RemoteFiles(time);
        valueFiles = new RemoteFiles(time, new AddressGuard(options.AllowedHosts).DialAsync);

        // Whoever delivers once looks again at what answered late; whoever stays is told when something does; whoever only looks waits for it.
        patient = delivers ? new PatientFetcher(fetcher, options.SourcePatience, time) { KeepsLateAnswers = !options.Stay } : null;
        ISourceFetcher sources = patient is null ? fetcher : patient;
        poller = new SourcePoller(sources, ResolveChartAsync, () => PollingOf(options), time, new Random()) { Complain = message => Complain(message) };
        patient?.Arrived = url => poller.Notify([url]);
        // Bases, and the charts in them, are shared by all applications, so Secrets of a project are not used for them.
        RemoteBases bases = new(fetcher, options.RepositoryMappings, url => workspace!.Settings.Repositories.For(url, project: string.Empty));
        workspace = new Workspace(
            new WorkspaceOptions(home.SearchPath, options.RepositoryMappings, options.Namespace) { AssumesProjects = options.AssumesProjects, Namespaces = options.Namespaces, Destinations = destinations },
            Engines.CreateRenderer(bases.Fetch, new RemoteCharts(charts.Shared).Fetch, options.AllowRemoteFiles ? remoteFiles.Fetch : null),
            sources,
            charts.Of,
            home.OpenAsync,
            (path, token) => LocalHome.OpenFolderAsync(path, time, token))
        {
            FetchAsync = valueFiles.FetchAsync,
            ReadClusterSettingsAsync = token => WatchedSettings is { } watched ? Task.FromResult(watched()) : ReadClusterAsync(cluster, token),
        };
    }

    public string Name => home.Name;

    /// <summary>What the repository is known by in a cluster, wherever it is cloned to: its remote's address, or for want of one its folder, and what of it is delivered.</summary>
    public string IdentityOf(HomeRepository root) =>
        (root is { Below.Length: 0, Remotes: [var remote, ..] } ? RepositoryUrl.Normalise(remote) : Path.Combine(root.Folder, root.Above)) + (home.SearchPath.Length > 0 ? $"//{home.SearchPath}" : string.Empty);

    /// <summary>Writes to the same repositories with the same credentials.</summary>
    public GitWriter Writer => new(fetcher);

    /// <inheritdoc cref="Workspace.ConsultHubAsync"/>
    public Func<FoundApplications, CancellationToken, Task<HubView?>> ConsultHubAsync
    {
        set => workspace.ConsultHubAsync = value;
    }

    /// <summary>Argo CD's Secrets and ConfigMaps as a watch of the hub knows them; null while there is none, then the cluster is asked at every load.</summary>
    public Func<IReadOnlyList<Resources.Model.MapNode>>? WatchedSettings { get; set; }

    /// <summary>The cluster of a destination, by the Secrets that the last load found; null for the one that holds the Applications.</summary>
    /// <exception cref="ApplicationException">There is no such cluster, or no way to it.</exception>
    public ClusterSecret? ClusterOf(string application, Destination destination) => destinations?.ClusterOf(application, destination, Settings.Clusters);

    /// <summary>Whether there is a cluster that a destination means, be there a way to it or not.</summary>
    public bool KnowsClusterOf(Destination destination) => ApplicationException.RefusalOf(() => Settings.Clusters.Resolve(destination, destinations?.Own)).Length == 0;

    /// <summary>The name of a repository, without opening it.</summary>
    public static string NameOf(UpOptions options) => RemoteHome.IsRemote(options.Path) ? RemoteHome.NameOf(options) : LocalHome.NameOf(options);

    /// <summary>Told what cannot be reached while following.</summary>
    public Action<string> Complain { get; set; } = _ => { };

    /// <param name="cluster">What a real cluster holds of Argo CD's, disposed with the repository; null for embedded clusters.</param>
    /// <param name="delivers">One repository that hangs must not hold up what the others have; see <see cref="WaitForLateSourcesAsync"/>.</param>
    /// <exception cref="UsageException">There is no such folder.</exception>
    public static async Task<Repository> OpenAsync(UpOptions options, ArgoCdObjects? cluster, bool delivers, TimeProvider time, CancellationToken cancellationToken)
    {
        GitFetcher fetcher = new(Path.Combine(BowlineHome.Folder, "mirrors"), time, new AddressGuard(options.AllowedHosts).DialAsync);
        IHome home = options.Replica is not null ? new HubHome(options.SettingsNamespace) : RemoteHome.IsRemote(options.Path)
            ? new RemoteHome(options, fetcher, token => ReadClusterAsync(cluster, token))
            : await LocalHome.OpenAsync(options, time, cancellationToken).ConfigureAwait(false);
        return new Repository(home, fetcher, cluster, options, delivers, time);
    }

    /// <summary>What projects say about the sync of any application.</summary>
    public IReadOnlyList<ISyncGate> ProjectGates(TimeProvider time) =>
        [new ProjectGate(workspace.Find, () => workspace.Projects), new SyncWindowGate(workspace.Find, () => workspace.Projects, time)];

    /// <summary>As the last load found them.</summary>
    public ArgoCdSettings Settings => workspace.Settings;

    /// <inheritdoc cref="Workspace.RenderAtAsync"/>
    public Task<RenderedApplication> RenderAtAsync(string name, DeliveredRevision delivery, CancellationToken cancellationToken) =>
        workspace.RenderAtAsync(name, delivery, cancellationToken);

    /// <inheritdoc cref="Workspace.RenderWithAsync"/>
    public Task<RenderedApplication> RenderWithAsync(string name, SyncOrder order, CancellationToken cancellationToken) =>
        workspace.RenderWithAsync(name, order, cancellationToken);

    /// <summary>The user in whose name an application's objects are written; empty for the connection's own.</summary>
    public string ActsAs(ApplicationSpec application) => workspace.Projects.Find(application.Project)?.ActsAs(application).User ?? string.Empty;

    /// <summary>Whether Applications and sets of another namespace may be of a project (<c>sourceNamespaces</c>).</summary>
    public bool Permits(string @namespace, string project) => workspace.Projects.Find(project)?.PermitsNamespace(@namespace) == true;

    /// <summary>How an application's objects are deleted: in the name of its account, where there is one and its project is still there.</summary>
    /// <param name="application">Null when nothing says any more what it was.</param>
    public Farewell InTheNameOf(ApplicationSpec? application, Farewell farewell) =>
        ActingUser.ModeOf(Settings.Config) == ImpersonationMode.Off ? farewell with { By = string.Empty }
            : application is not null && workspace.Projects.Find(application.Project)?.ActsAs(application) is { } acting ? farewell with { By = acting.User, Refusal = acting.Problem }
            : farewell;

    /// <param name="isApplication">Whether there is an application of that name, whoever delivers it.</param>
    public OrphanFinder Orphans(Func<string, bool> isApplication) => new(() => workspace.Projects, isApplication);

    /// <summary>What a commit says of itself: of this repository, of a mapped folder or of one on a server. A path on this machine is not read.</summary>
    /// <exception cref="SourceException">It cannot be had.</exception>
    public Task<CommitDetails> DescribeAsync(HomeRepository now, string url, string revision, string project, CancellationToken cancellationToken)
    {
        string? folder = mappings.FirstOrDefault(mapping => RepositoryUrl.Same(mapping.Url, url))?.Folder
            ?? (now.Reference is null && now.Remotes.Any(remote => RepositoryUrl.Same(remote, url)) ? now.Folder : null);
        return folder is not null ? fetcher.DescribeAsync(new SourceRef(folder, revision), cancellationToken)
            : RepositoryUrl.LocalPath(url) is null ? fetcher.DescribeAsync(new SourceRef(url, revision) { Access = Settings.Repositories.For(url, project) }, cancellationToken)
            : throw new SourceException($"{url}: a path on this machine, which a manifest may not name", url);
    }

    public void BeginWatching() => home.BeginWatching();

    /// <param name="previous">What the last load found; null for the first.</param>
    public async Task<WorkspaceState> LoadAsync(WorkspaceState? previous, WorkspaceChange change, Action<ApplicationSpec>? rendering, CancellationToken cancellationToken)
    {
        WorkspaceState state = await workspace.LoadAsync(previous, change, rendering, cancellationToken).ConfigureAwait(false);
        fetcher.Timeout = Settings.Installation.GitTimeout ?? GitFetcher.UsualTimeout;
        homeReference = state.Home.Reference;
        WatchedSource[] own = homeReference is null ? [] : [new WatchedSource(homeReference, string.Empty, state.Home.Snapshot.Revision.Commit)];
        watched = [.. own, .. state.Elsewhere];
        poller.Watch([.. watched, .. generators.Values]);
        return state;
    }

    /// <summary>Waits until repositories that did not answer in time have answered, or failed, after all.</summary>
    /// <returns>Whether there were any since this was asked last, so that it is worth to load again.</returns>
    public async Task<bool> WaitForLateSourcesAsync(CancellationToken cancellationToken)
    {
        if (patient?.TakeRefusals() is not true)
        {
            return false;
        }

        await patient.WaitForHangingAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>What a git generator reads; from now on it is looked at from time to time whether it has changed.</summary>
    public async Task<FileTree> OpenAsync(GitQuery query, CancellationToken cancellationToken)
    {
        SourceSnapshot snapshot = await OpenOrWaitAsync(query, cancellationToken).ConfigureAwait(false);
        if (workspace.IsElsewhere(query.Url))
        {
            generators[query] = new WatchedSource(new SourceRef(query.Url, query.Revision) { Access = Settings.Repositories.For(query.Url, query.Project) }, string.Empty, snapshot.Revision.Commit);
            poller.Watch([.. watched, .. generators.Values]);
        }

        return snapshot.Files;
    }

    /// <summary>A set that is expanded once, before the run ends, waits for an answer that comes late.</summary>
    private async Task<SourceSnapshot> OpenOrWaitAsync(GitQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await workspace.OpenAsync(query, cancellationToken).ConfigureAwait(false);
        }
        catch (Applications.Model.ApplicationException unheard) when (unheard.InnerException is SourceException { IsLate: true } && patient is { KeepsLateAnswers: true })
        {
            await patient.WaitForHangingAsync(cancellationToken).ConfigureAwait(false);
        }

        return await workspace.OpenAsync(query, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a change may be one of what a git generator reads.</summary>
    public bool Concerns(WorkspaceChange change, GitQuery query) => workspace.IsElsewhere(query.Url)
        ? change.Sources.Any(source => source.Chart.Length == 0 && source.Url == query.Url && source.Revision == query.Revision)
        : change.HomeFiles is not { Count: 0 };

    /// <summary>Looks at once whether these repositories have moved, as a webhook says.</summary>
    /// <returns>How many sources are drawn from them.</returns>
    public int Notify(IReadOnlyCollection<string> urls) => poller.Notify(urls);

    /// <summary>Everything that may change an application, from <see cref="BeginWatching"/> on.</summary>
    public IAsyncEnumerable<WorkspaceChange> ChangesAsync(CancellationToken cancellationToken)
    {
        Channel<WorkspaceChange> changes = Channel.CreateUnbounded<WorkspaceChange>();
        _ = CopyAsync(changes.Writer, cancellationToken);
        return changes.Reader.ReadAllAsync(cancellationToken);
    }

    public void Dispose()
    {
        home.Dispose();
        fetcher.Dispose();
        charts.Dispose();
        remoteFiles.Dispose();
        valueFiles.Dispose();
        cluster?.Dispose();
    }

    private SourcePollerOptions PollingOf(UpOptions options)
    {
        SourcePollerOptions usual = options.Polling ?? new SourcePollerOptions();
        InstallationSettings said = workspace?.Settings.Installation ?? InstallationSettings.Usual;
        return options.Polling is not null ? usual : usual with { Interval = said.PollInterval ?? usual.Interval, Jitter = said.PollJitter ?? usual.Jitter };
    }

    private static async Task<IReadOnlyList<Resources.Model.MapNode>> ReadClusterAsync(ArgoCdObjects? cluster, CancellationToken cancellationToken) =>
        cluster is null ? [] : await cluster.ReadAsync(cancellationToken).ConfigureAwait(false);

    private async Task CopyAsync(ChannelWriter<WorkspaceChange> changes, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(CopyHomeAsync(changes, cancellationToken), CopySourcesAsync(changes, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception broken)
        {
            // Cancelled, or something that whoever reads the changes must hear of.
            changes.TryComplete(broken);
        }
    }

    private async Task CopyHomeAsync(ChannelWriter<WorkspaceChange> changes, CancellationToken cancellationToken)
    {
        await foreach (IReadOnlyCollection<string>? files in home.ChangesAsync(cancellationToken).ConfigureAwait(false))
        {
            changes.TryWrite(new WorkspaceChange { HomeFiles = files });
        }
    }

    private async Task CopySourcesAsync(ChannelWriter<WorkspaceChange> changes, CancellationToken cancellationToken)
    {
        await foreach (IReadOnlyList<SourceChange> moved in poller.ChangesAsync(cancellationToken).ConfigureAwait(false))
        {
            bool IsHome(SourceChange change) => homeReference is { } own && change.Chart.Length == 0 && change.Url == own.Url && change.Revision == own.Revision;
            SourceChange? self = moved.FirstOrDefault(IsHome);
            changes.TryWrite(new WorkspaceChange { HomeFiles = self is null ? [] : self.Files, Sources = [.. moved.Where(change => !IsHome(change))] });
        }
    }

    private async Task<string?> ResolveChartAsync(WatchedSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await charts.Of(source.Project).FindVersionAsync(source.Reference.Url, source.Chart, source.Reference.Revision, cancellationToken).ConfigureAwait(false);
        }
        catch (Rendering.Requests.RenderException unusable)
        {
            throw new SourceException(unusable.Message, source.Reference.Url, unusable);
        }
    }
}
