using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>What one owner (an application) wants in one cluster.</summary>
/// <param name="Owner">The application's name; recorded on every object that is delivered for it.</param>
/// <param name="Namespace">Where namespaced objects go that name no namespace themselves.</param>
public sealed record DesiredState(string Owner, string Namespace, IReadOnlyList<Resource> Resources)
{
    /// <summary>How objects say whose they are.</summary>
    public TrackingMethod Tracking { get; init; } = TrackingMethod.Annotation;

    /// <summary>Argo CD's sync options of the application, <c>Name=value</c>.</summary>
    public IReadOnlyList<string> SyncOptions { get; init; } = [];

    /// <summary>Make <see cref="Namespace"/> when it is missing (Argo CD's CreateNamespace=true); it is never pruned.</summary>
    public bool CreateNamespace { get; init; }

    /// <inheritdoc cref="ObjectOptions.As"/>
    public string As { get; init; } = string.Empty;

    /// <summary><c>labels</c> and <c>annotations</c> that the namespace gets with that; null for none.</summary>
    public MapNode? NamespaceMetadata { get; init; }
}
