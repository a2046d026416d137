using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Watching;

public sealed record ClusterCacheOptions
{
    public static readonly ClusterCacheOptions Default = new();

    /// <summary>Narrows every list and watch.</summary>
    public string LabelSelector { get; init; } = string.Empty;

    /// <summary>What to keep of an object, before it is frozen; it may change the object given or return another. Null keeps everything.</summary>
    public Func<MapNode, MapNode>? Transform { get; init; }

    public int PageSize { get; init; } = 500;

    /// <summary>First wait after a failure; doubles up to <see cref="LongestBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told of every failed list or watch that will be tried again.</summary>
    public Action<KindFailure>? OnFailure { get; init; }
}

/// <param name="Kind">What was listed or watched.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Attempt">Failures in a row, from 1.</param>
public sealed record KindFailure(ResourceKind Kind, ClusterException Error, int Attempt);
