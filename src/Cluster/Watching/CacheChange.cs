using Bowline.Resources.Model;

namespace Bowline.Cluster.Watching;

public enum CacheChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>What became of one object in a <see cref="ClusterCache"/>; changes that happened between two lists are folded into one.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Id">Which object.</param>
/// <param name="Before">The object as it was held; null when it was added.</param>
/// <param name="Object">The object as it is, or as it last was when it is gone.</param>
public sealed record CacheChange(CacheChangeType Type, ResourceId Id, MapNode? Before, MapNode Object);
