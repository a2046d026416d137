using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>A desired object made ready for one cluster: its kind resolved, its namespace settled, its owner recorded.</summary>
public sealed record DesiredObject(ResourceId Id, MapNode Body, Origin Origin)
{
    /// <summary>How the cluster serves it; null when it serves no such kind.</summary>
    public KindInfo? Kind { get; init; }

    public ObjectOptions Options { get; init; } = ObjectOptions.Default;

    /// <summary>How often the repository says it; the last one counts.</summary>
    public int Times { get; init; } = 1;

    /// <summary>A namespace made on request: in nobody's inventory, so never pruned.</summary>
    public bool Untracked { get; init; }

    public ObjectKey Key => new(Kind ?? throw new InvalidOperationException($"{Id}: the cluster serves no such kind"), Id.Namespace, Id.Name);

    public string? Annotation(string key) => Body.At("metadata", "annotations", key)?.AsString();
}
