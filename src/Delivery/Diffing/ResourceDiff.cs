using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

/// <summary>A desired object beside the live one, and what the live one would become.</summary>
/// <param name="Live">Null when the cluster has no such object.</param>
/// <param name="After">What an apply would make of it; the live object itself when nothing changes.</param>
public sealed record ResourceDiff(DesiredObject Desired, MapNode? Live, MapNode After)
{
    /// <summary>Why the server refuses the change already on trial; empty when it does not.</summary>
    public string Refusal { get; init; } = string.Empty;

    public bool Changed => !ReferenceEquals(Live, After);

    /// <summary>The changed fields, most telling first, in a few words: <c>spec.replicas, spec.template.spec.containers</c>.</summary>
    public string Summary => Changed ? string.Join(", ", FieldChanges.Of(Live, After).Select(change => change.Path).Take(5)) : string.Empty;
}
