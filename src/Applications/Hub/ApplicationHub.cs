using System.Collections.Concurrent;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>
/// Argo CD's objects in the cluster and namespace that hold them: kept up to date by a watch, written by the repository, read by whoever
/// delivers (docs/design/005).
/// </summary>
public sealed partial class ApplicationHub : IAsyncDisposable
{
    /// <summary>Says which repository wrote an object.</summary>
    public const string RepositoryAnnotation = "bowline.dev/repository";

    private const string Terminating = "Terminating";

    /// <summary>Of how many Applications that are gone is remembered how their objects part from them; the first that went are forgotten first.</summary>
    private const int MostGone = 10_000;

    private static readonly KindInfo Namespaces = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false);
    private readonly ApplicationNamespaces namespaces;
    private readonly string repository;
    private readonly ClusterCache cache;
    private readonly DeclaredReader reader;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, string> propagations = new(StringComparer.Ordinal);

    // Names of propagations whose Application is gone, the one that went first in front.
    private readonly Queue<string> gone = [];

    // UIDs of Applications that this process deleted and whose end the watch has yet to tell.
    private readonly HashSet<string> withdrawn = new(StringComparer.Ordinal);

    private ApplicationHub(ICluster cluster, ApplicationNamespaces namespaces, string repository, TimeProvider time)
    {
        Cluster = cluster;
        this.namespaces = namespaces;
        this.repository = repository;
        reader = new DeclaredReader(new ArgoCdDialect(namespaces));
        cache = new ClusterCache(cluster, time);
    }

    public ICluster Cluster { get; }

    /// <summary>What the hub holds; others may watch more of it.</summary>
    public ClusterCache Cache => cache;

    /// <summary>In which other namespaces ApplicationSets may lie.</summary>
    public Func<string, bool> HoldsSets { get; set; } = static _ => false;

    /// <summary>The controller's own, which holds the projects, too.</summary>
    public string Namespace => namespaces.Home;

    /// <summary>Told of every change of an Application or a project that is not its status alone; be quick.</summary>
    public Action<CacheChange> Changed { get; set; } = static _ => { };

    /// <summary>Told the name of an Application of which nothing but the status changed; be quick.</summary>
    public Action<string> StatusChanged { get; set; } = static _ => { };

    /// <summary>Which of the Applications, by name, this process delivers: where several share a hub, its part of them.</summary>
    public Func<string, bool> Delivers { get; set; } = static _ => true;

    /// <summary>By what deliveries of a hub's own Applications, which no repository wrote, are known.</summary>
    /// <param name="uid">Of the hub's namespace where they are in another cluster, to which other hubs may deliver, too; empty in the hub's own.</param>
    public static string IdentityOf(string @namespace, string uid = "") => uid.Length == 0 ? $"hub/{@namespace}" : $"hub/{@namespace}@{uid}";

    /// <summary>The UID of <see cref="Namespace"/>, by which this hub is told from others.</summary>
    public string Uid { get; private set; } = string.Empty;

    /// <summary>Installs what is missing, and returns when everything that the hub holds is known.</summary>
    /// <param name="repository">The name under which this repository's objects are known.</param>
    /// <exception cref="ClusterException">The cluster refuses.</exception>
    public static async Task<ApplicationHub> StartAsync(ICluster cluster, ApplicationNamespaces namespaces, string repository, TimeProvider time, CancellationToken cancellationToken)
    {
        ApplicationHub hub = new(cluster, namespaces, repository, time);
        try
        {
            Task<string> home = EnsureNamespaceAsync(cluster, hub.Namespace, cancellationToken);
            await Task.WhenAll(ArgoDefinitions.InstallAsync(cluster, time, cancellationToken), home).ConfigureAwait(false);
            hub.Uid = await home.ConfigureAwait(false);
            hub.cache.Watch(ArgoDefinitions.Applications, hub.Scope);
            hub.cache.Watch(ArgoDefinitions.Projects, hub.Namespace);
            await hub.cache.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
            hub.cache.Subscribe(hub.Notice);
            foreach (MapNode held in hub.Held())
            {
                hub.propagations.TryAdd(hub.NameOf(held), Finalizers.PropagationOf(held));
            }

            return hub;
        }
        catch
        {
            await hub.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The Application as the hub holds it; null when it holds none.</summary>
    public MapNode? Find(string application) => cache.Get(KeyOf(application).Id);

    /// <summary>
    /// How an Application that the hub holds, or held since this process looks, wants its objects deleted with it, by the finalizer that it was last seen
    /// with: Foreground, Background, or empty for not at all; null for one that was never there. It outlasts the Application, since a sync that began
    /// before may still be under way, and who hears of the end may hear of it late.
    /// </summary>
    public string? PropagationOf(string application) => propagations.TryGetValue(application, out string? last) ? last : Find(application) is { } held ? Finalizers.PropagationOf(held) : null;

    public IReadOnlyList<MapNode> Projects() => cache.List(ArgoDefinitions.Projects.Kind, Namespace);

    /// <summary>Applications that this process would deliver and that ask not to be looked at, by name.</summary>
    public IReadOnlyList<string> LeftAlone() => [.. Held().Where(item => IsForUs(item) && IsLeftAlone(item)).Select(NameOf).Order(StringComparer.Ordinal)];

    /// <summary>Applications of which something is asked.</summary>
    public IReadOnlyList<(string Application, HubRequest Request)> Requests() =>
        [.. Held().Where(IsMine).Select(item => (NameOf(item), HubRequest.Of(item)!)).Where(found => found.Item2 is not null)];

    public HubView View()
    {
        lock (gate)
        {
            MapNode[] held = [.. Held().Where(item => IsMine(item) && (IsLeaving(item) || !withdrawn.Contains(UidOf(item))))];
            return reader.Read(held, published.Values, refused.Values) with { Projects = Projects() };
        }
    }

    /// <summary>Looks whether the watch has yet to tell of something: asks the cluster itself.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        ObjectList listed = await Cluster.ListAsync(ArgoDefinitions.Applications, Scope, ListOptions.All, cancellationToken).ConfigureAwait(false);
        HashSet<(string, bool)> known = [.. cache.List(ArgoDefinitions.Applications.Kind, Scope).Select(item => (UidOf(item), IsLeaving(item)))];
        return listed.Items.Count == known.Count && listed.Items.All(item => known.Contains((UidOf(item), IsLeaving(item))));
    }

    /// <summary>Writes to an Application; the hub knows of it at once.</summary>
    public async Task PatchAsync(string application, MapNode patch, CancellationToken cancellationToken)
    {
        cache.Observe(await Cluster.PatchAsync(KeyOf(application), PatchKind.Merge, patch, new WriteOptions(), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Lets an Application that is being deleted go, now that its objects are dealt with.</summary>
    public async Task ReleaseAsync(string application, CancellationToken cancellationToken)
    {
        if (Find(application) is not { } leaving)
        {
            return;
        }

        string[] others = [.. Finalizers.Of(leaving).Where(finalizer => !Finalizers.IsArgoCds(finalizer))];
        MapNode patch = new()
        {
            ["metadata"] = new MapNode
            {
                ["finalizers"] = new ListNode(others.Select(Node (finalizer) => finalizer)),
                ["resourceVersion"] = leaving.At("metadata", "resourceVersion")!,
            },
        };
        await PatchAsync(application, patch, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => cache.DisposeAsync();

    /// <summary>The UID of a hub's namespace; empty when there is no such namespace.</summary>
    internal static async Task<string> FindUidAsync(ICluster cluster, string @namespace, CancellationToken cancellationToken) =>
        await cluster.GetAsync(new ObjectKey(Namespaces, string.Empty, @namespace), cancellationToken).ConfigureAwait(false) is { } found ? UidOf(found) : string.Empty;

    private static async Task<string> EnsureNamespaceAsync(ICluster cluster, string @namespace, CancellationToken cancellationToken)
    {
        if (await FindUidAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false) is { Length: > 0 } uid)
        {
            return uid;
        }

        MapNode body = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = @namespace } };
        return UidOf(await cluster.ApplyAsync(new ObjectKey(Namespaces, string.Empty, @namespace), body, new WriteOptions(), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Whether an Application asks not to be looked at at all (<c>argocd.argoproj.io/skip-reconcile</c>, what Go takes for true).</summary>
    public static bool IsLeftAlone(MapNode application) =>
        application.At("metadata", "annotations", "argocd.argoproj.io/skip-reconcile")?.AsString() is "1" or "t" or "T" or "true" or "True" or "TRUE";

    /// <summary>Whether it is for this process to deliver: what another repository declares is for whoever delivers that.</summary>
    private bool IsMine(MapNode item) => IsForUs(item) && !IsLeftAlone(item);

    private bool IsForUs(MapNode item) => item.At("metadata", "annotations", RepositoryAnnotation)?.AsString() is var owner && (owner is null || owner == repository) && Delivers(NameOf(item));

    private static bool IsLeaving(MapNode item) => item.At("metadata", "deletionTimestamp") is not null;

    private static string UidOf(MapNode item) => item.At("metadata", "uid")?.AsString() ?? string.Empty;

    /// <summary>Where Applications and sets are looked for; empty for the whole cluster.</summary>
    public string Scope => namespaces.AreSeveral ? string.Empty : Namespace;

    private IEnumerable<MapNode> Held() => cache.List(ArgoDefinitions.Applications.Kind, Scope).Where(item => namespaces.Allows(NamespaceOf(item)));

    private static string NamespaceOf(MapNode item) => item.At("metadata", "namespace")?.AsString() ?? string.Empty;

    /// <summary>Whether Applications of a namespace are the hub's.</summary>
    public bool Holds(string @namespace) => namespaces.Allows(@namespace);

    /// <summary>What an Application is known as.</summary>
    public string NameOf(string @namespace, string name) => namespaces.NameOf(@namespace, name);

    private string NameOf(MapNode item) => NameOf(NamespaceOf(item), item.At("metadata", "name")?.AsString() ?? string.Empty);

    private ObjectKey KeyOf(string application)
    {
        (string @namespace, string name) = namespaces.Find(application);
        return new ObjectKey(ArgoDefinitions.Applications, @namespace, name);
    }

    private void Remember(string name)
    {
        gone.Enqueue(name);
        while (gone.Count > MostGone)
        {
            string first = gone.Dequeue();
            if (Find(first) is null && !gone.Contains(first))
            {
                propagations.TryRemove(first, out _);
            }
        }
    }

    private void Notice(CacheChange change)
    {
        if (!namespaces.Allows(change.Id.Namespace))
        {
            return;
        }

        if (change.Id.Kind == ArgoDefinitions.Applications.Kind.Kind)
        {
            propagations[namespaces.NameOf(change.Id.Namespace, change.Id.Name)] = Finalizers.PropagationOf(change.Object);
            if (change.Type == CacheChangeType.Deleted)
            {
                lock (gate)
                {
                    withdrawn.Remove(UidOf(change.Object));
                    Remember(namespaces.NameOf(change.Id.Namespace, change.Id.Name));
                }
            }
        }

        // Ending a sync is asked for in the status, of all places (argocd app terminate-op).
        bool terminates = change.Object.At("status", "operationState", "phase")?.AsString() == Terminating && change.Before?.At("status", "operationState", "phase")?.AsString() != Terminating;
        if (terminates || change.Before is not { } before || change.Type != CacheChangeType.Modified || !DeclaredReader.SaysTheSame(before, change.Object))
        {
            Changed(change);
        }
        else if (change.Id.Kind == ArgoDefinitions.Applications.Kind.Kind)
        {
            StatusChanged(namespaces.NameOf(change.Id.Namespace, change.Id.Name));
        }
    }
}
