using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>One link in a chain of causes: what is the matter with what, and why that is.</summary>
/// <param name="Subject">The object it is about; null when it is about the application itself.</param>
/// <param name="What">In a few words, without the subject's name: <c>is unbound</c>.</param>
public sealed record Cause(ResourceId? Subject, string What)
{
    /// <summary>Where the object comes from; unknown when no file of the repository makes it.</summary>
    public Origin Origin { get; init; } = Origin.Unknown;

    /// <summary>What a person can do about it; empty for links whose own causes say so.</summary>
    public string Fix { get; init; } = string.Empty;

    /// <summary>Its own causes; none for the end of a chain.</summary>
    public IReadOnlyList<Cause> Because { get; init; } = [];

    public override string ToString() => Subject is { } id ? $"{id.Kind} {id.Name} {What}" : What;
}
