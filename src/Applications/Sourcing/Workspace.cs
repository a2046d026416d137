using System.Collections.Concurrent;
using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Inventories;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Detection;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>What a repository declares at one moment, rendered.</summary>
/// <param name="Faults">Applications that could not be read or rendered; the others are not affected.</param>
public sealed record WorkspaceState(
    HomeRepository Home,
    IReadOnlyList<ApplicationSpec> Declared,
    IReadOnlyList<RenderedApplication> Rendered,
    IReadOnlyList<ApplicationFault> Faults,
    IReadOnlyList<Assumption> Assumptions)
{
    /// <summary>Whether every application manifest could be read, so that one that is gone really is gone.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whether a hub was asked, so that applications that no file declares are known, too.</summary>
    public bool KnowsHub { get; init; }

    /// <summary>Applications of the hub that are being deleted.</summary>
    public IReadOnlyList<LeavingApplication> Leaving { get; init; } = [];

    /// <summary>The names of all that is declared, be it possible or not.</summary>
    public IReadOnlySet<string> Names => names ??= new HashSet<string>([.. Declared.Select(spec => spec.Name), .. Faults.Select(fault => fault.Name)], StringComparer.Ordinal);

    private IReadOnlySet<string>? names;

    /// <summary>Sources in other repositories, whose branches and ranges may come to mean something else at any time.</summary>
    public IReadOnlyList<WatchedSource> Elsewhere { get; init; } = [];

    /// <summary>Argo CD's objects in the repository's files.</summary>
    public IReadOnlyList<FoundManifest> Manifests => Found?.Manifests ?? [];

    internal FoundApplications? Found { get; init; }
}

/// <summary>What the user said about the repository.</summary>
/// <param name="SearchPath">Where to look for applications, relative to the repository's root.</param>
/// <param name="Namespace">For a path without application manifests, which is one application itself.</param>
public sealed record WorkspaceOptions(string SearchPath, IReadOnlyList<RepositoryMapping> Mappings, string Namespace)
{
    /// <summary>A project that is missing allows everything.</summary>
    public bool AssumesProjects { get; init; }

    /// <summary>Where Applications may lie.</summary>
    public ApplicationNamespaces Namespaces { get; init; } = ApplicationNamespaces.Any;

    /// <summary>How destinations are looked up on real clusters; null for embedded ones, where placing decides.</summary>
    public DestinationRules? Destinations { get; init; }
}

/// <summary>Reads a repository into rendered applications, and again after changes, rendering only what a change touches.</summary>
public sealed class Workspace(WorkspaceOptions options, IRenderer renderer, ISourceFetcher fetcher, Func<string, ChartRepositories> charts, Func<CancellationToken, Task<HomeRepository>> openHome, Func<string, CancellationToken, Task<SourceSnapshot>> openFolder)
{
    private readonly ApplicationFinder finder = new(new ArgoCdDialect(options.Namespaces));
    private IReadOnlyDictionary<string, ApplicationSpec> declared = new Dictionary<string, ApplicationSpec>();
    private ApplicationSpec? single;

    /// <summary>Whether it has ever declared anything: when the last manifest goes, what is left is not an application of its own for that.</summary>
    private bool declares;
    private volatile SourceResolver? latest;

    /// <summary>Argo CD's own objects in the cluster that Argo CD would run in; they go before those of the repository. None where there is no such cluster.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<MapNode>>> ReadClusterSettingsAsync { get; init; } = _ => Task.FromResult<IReadOnlyList<MapNode>>([]);

    /// <summary>Brings a value file that an application names by its address.</summary>
    public Func<Uri, CancellationToken, Task<byte[]>> FetchAsync { get; init; } = static (address, _) => throw new SourceException($"{WebAddress.Redact(address)}: nothing is fetched here");

    /// <summary>Writes what the repository declares to the hub and says what the hub declares then; null while there is no hub.</summary>
    public Func<FoundApplications, CancellationToken, Task<HubView?>> ConsultHubAsync { get; set; } = static (_, _) => Task.FromResult<HubView?>(null);

    /// <summary>As the last load found them.</summary>
    public ArgoCdSettings Settings { get; private set; } = ArgoCdSettings.Empty;

    /// <summary>As the last load found them.</summary>
    public ProjectRules Projects { get; private set; } = new(ArgoCdSettings.Empty, assume: false);

    /// <summary>An application as the last load found it declared; null when it did not.</summary>
    public ApplicationSpec? Find(string application) => declared.GetValueOrDefault(application);

    /// <param name="previous">What the last load found; null for the first.</param>
    public async Task<WorkspaceState> LoadAsync(WorkspaceState? previous, WorkspaceChange change, Action<ApplicationSpec>? rendering, CancellationToken cancellationToken)
    {
        (HomeRepository home, FoundApplications inFiles) = await FindAsync(await openHome(cancellationToken).ConfigureAwait(false), previous?.Found, change.HomeFiles, cancellationToken).ConfigureAwait(false);
        HubView? hub = await ConsultHubAsync(inFiles, cancellationToken).ConfigureAwait(false);
        FoundApplications found = hub is null ? inFiles : Join(inFiles, hub);
        declared = found.Applications.ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        WorkspaceChange since = change.HomeFiles is null ? change : change with { HomeFiles = [.. change.HomeFiles.Select(home.Within).OfType<string>()] };
        RepositoryMap map = RepositoryMap.For(home, options.Mappings, Named(found, home.Snapshot.Files));
        InstallationSettings before = Settings.Installation;
        Settings = ArgoCdSettings.Read([.. hub?.Projects ?? [], .. await ReadClusterSettingsAsync(cancellationToken).ConfigureAwait(false), .. found.Settings], Settings);
        Projects = new ProjectRules(Settings, options.AssumesProjects);
        bool rendersAlike = ReferenceEquals(before, Settings.Installation)
            || (SameOptions(before.BuildOptions, Settings.Installation.BuildOptions) && before.ValueFileSchemes.SequenceEqual(Settings.Installation.ValueFileSchemes));
        latest = new SourceResolver(home, map, openFolder, fetcher, charts, Settings);
        ApplicationRenderer applications = new(new SourceResolver(home, map, openFolder, new OneLook(fetcher, cancellationToken), charts, Settings), renderer, Settings.Installation, FetchAsync);

        Dictionary<string, RenderedApplication> known = previous?.Rendered.ToDictionary(application => application.Spec.Name, StringComparer.Ordinal) ?? [];
        ConcurrentBag<RenderedApplication> rendered = [];
        ConcurrentBag<ApplicationFault> faults = [.. found.Faults];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(found.Applications, parallel, async (spec, token) =>
        {
            if (Refusal(spec) is { Length: > 0 } refusal)
            {
                faults.Add(new ApplicationFault(spec.Name, spec.Origin, $"{spec.Origin}: {refusal}") { IsInvalid = true });
                return;
            }

            if (rendersAlike && Reusable(known.GetValueOrDefault(spec.Name), spec, since) is { } same)
            {
                rendered.Add(since.Sources.Aggregate(same.At(home.Snapshot.Revision), static (application, moved) => moved.Move(application)));
                return;
            }

            rendering?.Invoke(spec);
            try
            {
                rendered.Add(await applications.RenderAsync(spec, lookup: null, token).ConfigureAwait(false));
            }
            catch (ApplicationException fault)
            {
                faults.Add(new ApplicationFault(spec.Name, BlamedBy(fault) ?? spec.Origin, fault.Message));
            }
        }).ConfigureAwait(false);

        return new WorkspaceState(
            home,
            found.Applications,
            [.. rendered.OrderBy(application => application.Spec.Name, StringComparer.Ordinal)],
            [.. faults.OrderBy(fault => fault.Name, StringComparer.Ordinal)],
            [.. Assume(map), .. AssumeSigned(home, found), .. AssumeProjects(found)])
        {
            IsComplete = inFiles.IsComplete,
            KnowsHub = hub is not null,
            Leaving = hub?.Leaving ?? [],
            Found = inFiles,
            Elsewhere = [.. rendered.SelectMany(application => application.Sources.Where(source => !source.IsHome).Select(source => Watched(source.Url, source.Revision, source.Chart, source.Resolved, application.Spec.Project))), .. Unread(found, faults, map)],
        };
    }

    /// <summary>Why an application cannot be as it is declared, whatever its sources hold; empty when it can.</summary>
    private string Refusal(ApplicationSpec spec)
    {
        string unreachable = options.Destinations?.Refuses(spec, Settings.Clusters) ?? string.Empty;
        return unreachable.Length > 0 ? unreachable
            : Projects.Find(spec.Project) is { } project ? project.Refuses(spec) : $"Application referencing project {spec.Project} which does not exist";
    }

    /// <summary>A repository as an application of this project would read it: the one that is delivered, a folder that stands for it, or any other.</summary>
    /// <exception cref="ApplicationException">It cannot be had, or nothing was loaded yet.</exception>
    public Task<SourceSnapshot> OpenAsync(GitQuery query, CancellationToken cancellationToken) =>
        (latest ?? throw new ApplicationException("the repository is not read yet")).OpenAsync(new ApplicationSource { RepoUrl = query.Url, TargetRevision = query.Revision }, query.Project, cancellationToken);

    /// <summary>Whether a repository is neither the one that is delivered nor a folder of this machine, so that only asking it tells whether it has changed.</summary>
    public bool IsElsewhere(string url) => latest?.IsElsewhere(url) ?? true;

    private static IEnumerable<ApplicationSource> Named(FoundApplications found, FileTree files) => found.Applications.SelectMany(application => application.Sources)
        .Concat(found.Manifests.Where(manifest => manifest.Id.Kind == "ApplicationSet").SelectMany(manifest => NamedRepositories.Of(manifest.Body, files.DirectoryExists)));

    /// <summary>Renders an application as a delivery had it: its manifest and its files as the repository was then, other sources at the revisions of then.</summary>
    /// <exception cref="ApplicationException">That state cannot be had any more.</exception>
    public async Task<RenderedApplication> RenderAtAsync(string name, DeliveredRevision delivery, CancellationToken cancellationToken)
    {
        HomeRepository now = await openHome(cancellationToken).ConfigureAwait(false);
        (HomeRepository home, FoundApplications found) = await FindAsync(await AtAsync(now, name, delivery, cancellationToken).ConfigureAwait(false), null, null, cancellationToken).ConfigureAwait(false);
        ApplicationSpec spec = found.Applications.FirstOrDefault(application => application.Name == name)
            ?? (Find(name) is { } held && !home.Snapshot.Files.FileExists(held.Origin.File) ? held : null)
            ?? throw new ApplicationException($"the repository declared no application {name} at {home.Snapshot.Revision.Short}");
        RepositoryMap map = RepositoryMap.For(home, options.Mappings, Named(found, home.Snapshot.Files));
        ApplicationRenderer applications = new(new SourceResolver(home, map, openFolder, fetcher, charts, Settings), renderer, Settings.Installation, FetchAsync);
        ApplicationSource Pin(ApplicationSource source) =>
            delivery.Sources.FirstOrDefault(pin => pin.Url.Length > 0 && pin.Url == RepositoryUrl.Redact(source.RepoUrl)) is { Revision.Length: > 0 } pin ? source with { TargetRevision = pin.Revision } : source;
        return await applications.RenderAsync(spec with { Sources = [.. spec.Sources.Select(Pin)] }, lookup: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Renders an application as it is declared now, with the sources and revisions that an order asks for instead.</summary>
    /// <exception cref="ApplicationException">There is no such application, it cannot be rendered so, or its project does not permit these sources.</exception>
    public async Task<RenderedApplication> RenderWithAsync(string name, SyncOrder order, CancellationToken cancellationToken)
    {
        ApplicationSpec spec = Find(name) ?? throw new ApplicationException($"there is no application {name}");
        IReadOnlyList<ApplicationSource> asked = order.Sources.Count > 0 ? order.Sources : spec.Sources;
        ApplicationSource[] sources = [.. asked.Select((source, at) => at < order.Revisions.Count && order.Revisions[at].Length > 0 ? source with { TargetRevision = order.Revisions[at] } : source)];
        spec = spec with { Sources = sources };
        if (Projects.Find(spec.Project)?.Refuses(spec) is { Length: > 0 } refusal)
        {
            throw new ApplicationException(refusal);
        }

        HomeRepository home = await openHome(cancellationToken).ConfigureAwait(false);
        ApplicationRenderer applications = new(new SourceResolver(home, RepositoryMap.For(home, options.Mappings, declared.Values.SelectMany(application => application.Sources)), openFolder, fetcher, charts, Settings), renderer, Settings.Installation, FetchAsync);
        return await applications.RenderAsync(spec, lookup: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The hub's applications, and what the files say that the hub cannot hold.</summary>
    private static FoundApplications Join(FoundApplications inFiles, HubView hub)
    {
        HashSet<ApplicationFault> held = new(inFiles.Manifests.Select(manifest => manifest.Fault).OfType<ApplicationFault>().Where(fault => hub.Faults.Any(other => other.Name == fault.Name)), ReferenceEqualityComparer.Instance);
        IEnumerable<ApplicationSpec> single = inFiles.Manifests.Count == 0 ? inFiles.Applications : [];
        return inFiles with
        {
            Applications = [.. single.Concat(hub.Applications).DistinctBy(spec => spec.Name)],
            Faults = [.. inFiles.Faults.Where(fault => !held.Contains(fault)), .. hub.Faults],
        };
    }

    private static async Task<HomeRepository> AtAsync(HomeRepository now, string name, DeliveredRevision delivery, CancellationToken cancellationToken)
    {
        if (delivery.Sources.FirstOrDefault(source => source.Url.Length == 0) is not { } own)
        {
            return now;
        }

        if (own.Revision.Length == 0)
        {
            throw new ApplicationException($"delivery {delivery.Id} of {name} was made from files that were not committed, so it cannot be made again");
        }

        try
        {
            return await now.PinnedAsync(own.Revision, cancellationToken).ConfigureAwait(false) is { } then ? now with { Snapshot = then }
                : throw new ApplicationException($"commit {own.Revision} of delivery {delivery.Id} is not in the repository any more");
        }
        catch (SourceException gone)
        {
            throw new ApplicationException($"commit {own.Revision} of delivery {delivery.Id} cannot be read any more: {gone.Message}", gone);
        }
    }

    private WatchedSource Watched(string url, string revision, string chart, string resolved, string project) =>
        new(new SourceRef(url, revision) { Access = Settings.Repositories.For(url, project) }, chart, resolved) { Project = project };

    /// <summary>What could not be had this time is asked for again.</summary>
    private IEnumerable<WatchedSource> Unread(FoundApplications found, IEnumerable<ApplicationFault> faults, RepositoryMap map)
    {
        HashSet<string> failed = [.. faults.Select(fault => fault.Name)];
        return found.Applications.Where(application => failed.Contains(application.Name)).SelectMany(application => application.Sources
            .Where(source => !map.IsHome(source.RepoUrl) && map.FolderOf(source.RepoUrl) is null && (source.Chart.Length > 0 || RepositoryUrl.LocalPath(source.RepoUrl) is null))
            .Select(source => Watched(source.RepoUrl, source.TargetRevision, source.Chart, string.Empty, application.Project)));
    }

    /// <summary>
    /// A folder inside a Git repository stands for that repository when its applications name the repository's remote, or when it declares
    /// none; otherwise it is a repository of its own that happens to be kept there (an example, a test's data).
    /// </summary>
    private async Task<(HomeRepository Home, FoundApplications Found)> FindAsync(HomeRepository root, FoundApplications? previous, IReadOnlyCollection<string>? changed, CancellationToken cancellationToken)
    {
        if (root.IsNone)
        {
            return (root, new FoundApplications([], []));
        }

        FoundApplications found = previous is { Files.Count: > 0 } && changed is not null && options.SearchPath.Length == 0
            ? finder.FindAgain(previous, root.Snapshot.Files, string.Empty, changed, cancellationToken)
            : finder.Find(root.Snapshot.Files, options.SearchPath, cancellationToken);
        bool isEmpty = found.Applications.Count + found.Faults.Count + found.Manifests.Count == 0;
        declares |= !isEmpty;
        if (isEmpty && !declares)
        {
            HomeRepository around = await WidenAsync(root, cancellationToken).ConfigureAwait(false);
            return (around, new FoundApplications([Single(root, around)], []));
        }

        bool meansRoot = Named(found, root.Snapshot.Files).Any(source => root.Remotes.Any(remote => RepositoryUrl.Same(remote, source.RepoUrl)));
        if (options.SearchPath.Length == 0 || meansRoot)
        {
            return (root, found);
        }

        FileTree files = root.Snapshot.Files.Below(options.SearchPath);
        HomeRepository own = root with { Below = options.SearchPath, Folder = Path.Combine(root.Folder, options.SearchPath), Snapshot = root.Snapshot with { Files = files }, Remotes = [] };
        return (own, finder.Find(files, string.Empty, cancellationToken));
    }

    /// <summary>
    /// A kustomization outside of any repository may build on folders beside it, as with kubectl: who names it on the command line sets
    /// no other bounds. Nothing in it can name files above its bases, Kustomize sees to that.
    /// </summary>
    private async Task<HomeRepository> WidenAsync(HomeRepository root, CancellationToken cancellationToken)
    {
        if (root.Snapshot.Revision.Commit.Length > 0 || options.SearchPath.Length > 0 || SourceDetector.Detect(root.Snapshot.Files, string.Empty) != SourceTool.Kustomize)
        {
            return root;
        }

        SourceSnapshot machine = await openFolder("/", cancellationToken).ConfigureAwait(false);
        return root with { Folder = "/", Snapshot = machine, Above = root.Folder.Trim('/') };
    }

    /// <summary>A path without application manifests is one application: the path itself.</summary>
    private ApplicationSpec Single(HomeRepository root, HomeRepository around)
    {
        string folder = options.SearchPath.Length == 0 ? root.Folder : options.SearchPath;
        string path = around.Above.Length > 0 ? around.Above : options.SearchPath;
        if (single is { Sources: [var source] } && source.RepoUrl == around.Folder && source.Path == path)
        {
            return single;
        }

        return single = new ApplicationSpec(Name(Path.GetFileName(folder.TrimEnd('/'))))
        {
            Sources = [new ApplicationSource { RepoUrl = around.Folder, Path = path }],
            Destination = new Destination { Namespace = options.Namespace },
            Policy = new SyncPolicy { Automated = true, Prune = true, SelfHeal = true, Options = ["CreateNamespace=true"] },
        };
    }

    private static bool SameOptions(IReadOnlyDictionary<string, BuildOptions> left, IReadOnlyDictionary<string, BuildOptions> right) =>
        left.Count == right.Count && left.All(options => right.TryGetValue(options.Key, out BuildOptions? other) && other == options.Value);

    private RenderedApplication? Reusable(RenderedApplication? known, ApplicationSpec spec, WorkspaceChange change)
    {
        if (change.HomeFiles is not { } files || known is null || !ReferenceEquals(known.Spec, spec) || change.Applications.Contains(spec.Name))
        {
            return null;
        }

        // A commit that has to be signed is looked at whatever it changes.
        bool isSigned = Settings.TrustedKeysOf(spec.Project) is not null;
        bool touched = known.Sources.Any(source => source.IsHome ? source.IsTouchedBy(files) : change.Sources.Any(moved => isSigned ? moved.IsOf(source) : moved.Concerns(source)));
        return touched ? null : known;
    }

    private static Assumption[] Assume(RepositoryMap map) => map.Guessed is not { } url ? [] :
        [new Assumption("Repository", string.Empty, url, "no Git remote says what this folder's URL is; this one is taken for it, since its applications name it")];

    private IEnumerable<Assumption> AssumeSigned(HomeRepository home, FoundApplications found) => home.VerifyAsync is not null ? [] : found.Applications
        .Select(application => application.Project).Distinct()
        .Where(project => Settings.TrustedKeysOf(project) is not null)
        .Select(project => new Assumption("Signature", string.Empty, $"project {project}", "asks for signed commits, which is not checked for a working tree on embedded clusters; --strict checks it"));

    private IEnumerable<Assumption> AssumeProjects(FoundApplications found) => found.Applications
        .Select(application => application.Project).Distinct()
        .Where(Projects.IsAssumed)
        .Select(project => new Assumption("AppProject", string.Empty, project, "the repository brings no project of that name; it is taken to allow everything"));

    private static string Name(string folder)
    {
        string name = new([.. folder.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-' ? letter : '-')]);
        return name.Trim('-') is { Length: > 0 } usable ? usable : "application";
    }

    /// <summary>The file that is to be mended, where the renderer names one.</summary>
    private static Origin? BlamedBy(ApplicationException fault) => fault.InnerException switch
    {
        RenderException { File.Length: > 0 } broken => new Origin(broken.File, broken.Line),
        YamlException { File.Length: > 0 } broken => new Origin(broken.File, broken.Line),
        _ => null,
    };
}
