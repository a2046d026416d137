using System.Collections.Concurrent;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>How sets are kept.</summary>
public sealed record ApplicationSetOptions
{
    /// <summary>A project that is missing is no error, as for any application.</summary>
    public bool AssumesProjects { get; init; }

    /// <summary>What the installation says of sets, asked at each look.</summary>
    public Func<SetSettings> Settings { get; init; } = static () => new SetSettings();

    /// <summary>In which other namespaces than the controller's own sets are kept, with their applications beside them; asked at each look.</summary>
    public Func<string, bool> Holds { get; init; } = static _ => false;

    /// <summary>Where sets and applications are watched: the controller's own namespace, or empty for the whole cluster.</summary>
    public string? Scope { get; init; }

    /// <summary>Told, of a set (<c>namespace/name</c> where it lies in another namespace), what keeps it from being as it should, at each look at it; an empty text when nothing does. Be quick.</summary>
    public Action<string, string> Troubled { get; init; } = static (_, _) => { };
}

/// <summary>
/// Keeps the Applications of every ApplicationSet in the controller's namespace, and in others that are allowed, as their sets want them, each beside
/// its set, and tells in the sets' status how that goes.
/// </summary>
public sealed partial class ApplicationSetController : IAsyncDisposable
{
    private static readonly TimeSpan RollingPause = TimeSpan.FromMilliseconds(100);
    private static readonly ResourceKind SecretKind = new(string.Empty, "v1", "Secret");
    private readonly ClusterCache cache;
    private readonly ClusterCache clusters;
    private readonly string @namespace;
    private readonly TimeProvider time;
    private readonly ApplicationSetExpander expander;
    private readonly Controller controller;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<ReconcileKey, Expanded> expansions = new();
    private readonly ConcurrentDictionary<ReconcileKey, Written> written = new();
    private readonly ConcurrentDictionary<ReconcileKey, (DateTimeOffset Pending, DateTimeOffset At)> asked = new();
    private readonly ApplicationSetOptions options;
    private readonly List<IDisposable> subscriptions = [];
    private Task running = Task.CompletedTask;

    private ApplicationSetController(ClusterCache cache, string @namespace, GeneratorSources sources, TimeProvider time, ApplicationSetOptions options)
    {
        this.cache = cache;
        this.@namespace = @namespace;
        this.time = time;
        this.options = options;
        clusters = new ClusterCache(cache.Cluster, time, new ClusterCacheOptions { LabelSelector = ClusterSecret.Selector });
        expander = new ApplicationSetExpander(sources);
        controller = new Controller("applicationsets", ReconcileAsync, time, ControllerOptions.Default with { Workers = 4, LongestBackoff = TimeSpan.FromMinutes(1), OnFailure = failure => options.Troubled(Shown(failure.Key), failure.Error.Message) });
    }

    /// <summary>Whether every set has been brought as far as it can be at this moment.</summary>
    public bool IsIdle => controller.IsIdle;

    /// <summary>Begins to work; the definitions of Argo CD's kinds must be there.</summary>
    /// <param name="cache">Of the hub; its Applications and ApplicationSets are watched in it from now on.</param>
    public static async Task<ApplicationSetController> StartAsync(ClusterCache cache, string @namespace, GeneratorSources sources, TimeProvider time, ApplicationSetOptions options, CancellationToken cancellationToken)
    {
        ApplicationSetController started = new(cache, @namespace, sources, time, options);
        await cache.WaitForSyncAsync(ArgoDefinitions.Applications, started.Scope, cancellationToken).ConfigureAwait(false);
        await cache.WaitForSyncAsync(ArgoDefinitions.ApplicationSets, started.Scope, cancellationToken).ConfigureAwait(false);
        started.Subscribe();
        if (await cache.Cluster.FindKindAsync(SecretKind, cancellationToken).ConfigureAwait(false) is { } secrets)
        {
            started.clusters.Watch(secrets, @namespace);
        }

        started.running = Task.Run(() => started.controller.RunAsync(started.stopping.Token), CancellationToken.None);
        return started;
    }

    /// <summary>Expands the sets again whose generators read a repository that has changed.</summary>
    public void RepositoriesChanged(Func<GitQuery, bool> changed)
    {
        foreach ((ReconcileKey set, Expanded expanded) in expansions)
        {
            if (expanded.Expansion.Repositories.Any(changed))
            {
                Again(set);
            }
        }
    }

    /// <summary>Looks at every set again, since what binds all of them may have changed.</summary>
    public void SettingsChanged()
    {
        foreach (ReconcileKey set in cache.List(ArgoDefinitions.ApplicationSets.Kind, Scope).Select(KeyOf))
        {
            Again(set);
        }
    }

    /// <summary>The repositories that the sets' generators read, as they ask for them.</summary>
    public IReadOnlyCollection<GitQuery> Repositories => [.. expansions.Values.SelectMany(expanded => expanded.Expansion.Repositories).Distinct()];

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        foreach (IDisposable subscription in subscriptions)
        {
            subscription.Dispose();
        }

        await running.ConfigureAwait(false);
        controller.Dispose();
        await clusters.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    private void Subscribe()
    {
        controller.Watches(cache, ArgoDefinitions.ApplicationSets.Kind, change => change.Before is { } before && change.Type == CacheChangeType.Modified && SaysTheSame(before, change.Object) ? [] : [new ReconcileKey(change.Id.Namespace, change.Id.Name)]);
        subscriptions.Add(cache.Subscribe(Notice));
        subscriptions.Add(clusters.Subscribe(_ =>
        {
            foreach (ReconcileKey set in expansions.Where(item => Uses(item.Value.Spec, "clusters") || Uses(item.Value.Spec, "clusterDecisionResource")).Select(item => item.Key))
            {
                Again(set);
            }
        }));
    }

    /// <summary>What somebody changes in an application is put right at once; how it fares is told of a little later, together with how others do.</summary>
    private void Notice(CacheChange change)
    {
        if (change.Id.Group == ArgoDefinitions.Group && change.Id.Kind == ArgoDefinitions.Projects.Kind.Kind && change.Type != CacheChangeType.Modified)
        {
            foreach (ReconcileKey set in expansions.Keys)
            {
                controller.Enqueue(set);
            }
        }

        if (change.Id.Group != ArgoDefinitions.Group || change.Id.Kind != ArgoDefinitions.Applications.Kind.Kind)
        {
            return;
        }

        if (change.Type == CacheChangeType.Deleted)
        {
            FreeName(change);
        }

        foreach (string name in ((MapNode?[])[change.Before, change.Object]).Select(SetOf).OfType<string>().Distinct())
        {
            ReconcileKey key = new(change.Id.Namespace, name);
            if (change.Type == CacheChangeType.Modified && change.Before is { } before && SaysTheSame(before, change.Object))
            {
                controller.EnqueueAfter(key, expansions.TryGetValue(key, out Expanded? expanded) ? expanded.Pause : RollingPause);
            }
            else
            {
                controller.Enqueue(key);
            }
        }
    }

    /// <summary>Another set that wanted an application of this name may have it now.</summary>
    private void FreeName(CacheChange change)
    {
        foreach ((ReconcileKey set, Expanded expanded) in expansions)
        {
            if (set.Namespace == change.Id.Namespace && set.Name != SetOf(change.Object) && expanded.Expansion.Applications.Any(application => new Resource(application).Name == change.Id.Name))
            {
                controller.Enqueue(set);
            }
        }
    }

    private void Again(ReconcileKey set)
    {
        if (expansions.TryGetValue(set, out Expanded? known))
        {
            expansions.TryUpdate(set, known with { IsStale = true }, known);
        }

        controller.Enqueue(set);
    }

    private string Scope => options.Scope ?? @namespace;

    private bool Holds(string home) => home == @namespace || options.Holds(home);

    private string Shown(ReconcileKey set) => set.Namespace == @namespace ? set.Name : $"{set.Namespace}/{set.Name}";

    private static ReconcileKey KeyOf(MapNode item) => new(new Resource(item).Namespace, new Resource(item).Name);

    private static string? SetOf(MapNode? application) =>
        application is not null && ApplicationChange.ControllerOf(application) is { } owner && owner["kind"]?.AsString() == "ApplicationSet" ? owner["name"]?.AsString() : null;

    /// <summary>Whether two states of an object differ in nothing but status and bookkeeping.</summary>
    private static bool SaysTheSame(MapNode before, MapNode after) =>
        Node.DeepEquals(before["spec"], after["spec"])
        && ((string[])["labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp"]).All(member => Node.DeepEquals(before.At("metadata", member), after.At("metadata", member)));

    private static bool Uses(Node? node, string generator) => node switch
    {
        MapNode map => map.Any(member => member.Key == generator || Uses(member.Value, generator)),
        ListNode list => list.Any(item => Uses(item, generator)),
        _ => false,
    };

    /// <param name="Spec">What was expanded.</param>
    /// <param name="Due">When it is expanded again, whatever happens.</param>
    /// <param name="Pause">How long changes of how applications fare are gathered.</param>
    private sealed record Expanded(MapNode Spec, Expansion Expansion, DateTimeOffset? Due, TimeSpan Pause)
    {
        public bool IsStale { get; init; }
    }

    /// <summary>What was written to an application and what the cluster made of it, which may be less: fields that it does not know are dropped.</summary>
    private sealed record Written(MapNode Patch, MapNode Result);
}
