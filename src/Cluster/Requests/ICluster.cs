using Bowline.Resources.Model;

namespace Bowline.Cluster.Requests;

/// <summary>
/// A Kubernetes API, for any kind of object. Two implementations: HTTP (every cluster, the embedded one included) and the
/// embedded API server's own, for the controllers that live inside it.
/// </summary>
/// <remarks>Objects that come back may be shared with a cache: they are frozen, change a DeepClone.</remarks>
public interface ICluster
{
    /// <summary>The name people know it by: the kubeconfig context.</summary>
    string Name { get; }

    /// <summary>What the cluster serves under a group-version and kind; null when it serves no such kind. Discovery is cached and refreshed on a miss.</summary>
    Task<KindInfo?> FindKindAsync(ResourceKind kind, CancellationToken cancellationToken);

    /// <summary>Every listable kind in its preferred version. Groups whose discovery fails are left out and named in <see cref="KindCatalogue.Failed"/>.</summary>
    Task<KindCatalogue> DiscoverAsync(CancellationToken cancellationToken);

    /// <summary>Forgets cached discovery, after CRDs changed.</summary>
    void ForgetDiscovery();

    /// <summary>The object, or null when there is none.</summary>
    Task<MapNode?> GetAsync(ObjectKey key, CancellationToken cancellationToken);

    Task<ObjectList> ListAsync(KindInfo kind, string @namespace, ListOptions options, CancellationToken cancellationToken);

    /// <summary>Streams changes after <see cref="WatchOptions.ResourceVersion"/> until the server ends the stream. A 410 surfaces as <see cref="ClusterException"/> with reason Expired.</summary>
    IAsyncEnumerable<WatchEvent> WatchAsync(KindInfo kind, string @namespace, WatchOptions options, CancellationToken cancellationToken);

    Task<MapNode> CreateAsync(KindInfo kind, string @namespace, MapNode body, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>PUT; <see cref="ObjectKey.Subresource"/> chooses e.g. <c>status</c>. A resourceVersion in the body is a precondition.</summary>
    Task<MapNode> UpdateAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>Server-side apply.</summary>
    Task<MapNode> ApplyAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken);

    Task<MapNode> PatchAsync(ObjectKey key, PatchKind patchKind, Node patch, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>POST to a subresource such as <c>binding</c>, <c>eviction</c> or <c>token</c>.</summary>
    Task<MapNode> PostAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>False when there was nothing to delete.</summary>
    Task<bool> DeleteAsync(ObjectKey key, DeleteOptions options, CancellationToken cancellationToken);
}

/// <summary>A served kind, as discovery describes it.</summary>
public sealed record KindInfo(ResourceKind Kind, string Plural, bool Namespaced)
{
    public IReadOnlyList<string> Verbs { get; init; } = [];

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary><c>/api/v1</c> or <c>/apis/apps/v1</c>.</summary>
    public string BasePath => Kind.Group.Length == 0 ? $"/api/{Kind.Version}" : $"/apis/{Kind.Group}/{Kind.Version}";
}

/// <param name="Failed">Group-versions whose discovery failed (a broken aggregated API), with the reason.</param>
public sealed record KindCatalogue(IReadOnlyList<KindInfo> Kinds, IReadOnlyDictionary<string, string> Failed);

/// <summary>One object in a cluster; <see cref="Namespace"/> is empty for cluster-scoped kinds.</summary>
public readonly record struct ObjectKey(KindInfo Kind, string Namespace, string Name)
{
    public string Subresource { get; init; } = string.Empty;

    public ResourceId Id => new(Kind.Kind.Group, Kind.Kind.Kind, Namespace, Name);
}

public sealed record ListOptions
{
    public static readonly ListOptions All = new();

    public string LabelSelector { get; init; } = string.Empty;

    public string FieldSelector { get; init; } = string.Empty;

    /// <summary>Page size; the client follows <c>continue</c> itself and returns the whole list.</summary>
    public int PageSize { get; init; } = 500;
}

public sealed record ObjectList(IReadOnlyList<MapNode> Items, string ResourceVersion);

public sealed record WatchOptions
{
    public string ResourceVersion { get; init; } = string.Empty;

    public string LabelSelector { get; init; } = string.Empty;

    public string FieldSelector { get; init; } = string.Empty;

    /// <summary>Begin with the present state as ADDED events, then a bookmark annotated <c>k8s.io/initial-events-end</c>.</summary>
    public bool SendInitialEvents { get; init; }

    /// <summary>
    /// What the caller holds already, by namespace and name. An event that brings that very object (its UID, its resourceVersion) may hand it back
    /// instead of decoding it once more: of every write whose answer was taken in, the watch tells a second time.
    /// </summary>
    public Func<string, string, MapNode?>? Held { get; init; }
}

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

public sealed record WatchEvent(WatchEventType Type, MapNode Object);

public sealed record WriteOptions
{
    public string FieldManager { get; init; } = "bowline";

    /// <summary>Server-side apply: take fields from other managers.</summary>
    public bool Force { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Strict, Warn or Ignore; empty leaves it to the server.</summary>
    public string FieldValidation { get; init; } = string.Empty;

    /// <summary>The user in whose name it is written (the header <c>Impersonate-User</c>); empty for the connection's own.</summary>
    public string As { get; init; } = string.Empty;
}

public enum PatchKind
{
    Json,
    Merge,
    StrategicMerge,
}

public sealed record DeleteOptions
{
    public static readonly DeleteOptions Background = new();

    /// <summary>Background, Foreground or Orphan.</summary>
    public string PropagationPolicy { get; init; } = "Background";

    public int? GracePeriodSeconds { get; init; }

    /// <summary>Delete only this very object.</summary>
    public string PreconditionUid { get; init; } = string.Empty;

    /// <inheritdoc cref="WriteOptions.As"/>
    public string As { get; init; } = string.Empty;
}

/// <summary>A request that a cluster refused or never answered.</summary>
public sealed class ClusterException(string message, int status = 0, string reason = "", Exception? inner = null) : Exception(message, inner)
{
    /// <summary>HTTP status; 0 when no answer came.</summary>
    public int Status { get; } = status;

    /// <summary>Kubernetes' Status reason: NotFound, Conflict, Invalid, Forbidden, Expired …; <c>Unreachable</c> when no answer came.</summary>
    public string Reason { get; } = reason;

    /// <summary>The Status object's <c>details</c>, when there are any.</summary>
    public Node? Details { get; init; }

    /// <summary>How long the server asks to wait (Retry-After).</summary>
    public TimeSpan? RetryAfter { get; init; }

    public bool IsConflict => Reason == "Conflict";

    public bool IsNotFound => Status == 404;
}
