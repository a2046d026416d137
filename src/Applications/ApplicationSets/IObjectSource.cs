using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets;

/// <summary>
/// The objects that generators may read: those of the namespace that the set lives in. Two implementations: the hub's API, and the files
/// of a repository whose sets are only looked at.
/// </summary>
public interface IObjectSource
{
    /// <summary>The object, or null when there is none.</summary>
    Task<MapNode?> FindAsync(ResourceKind kind, string name, CancellationToken cancellationToken);

    /// <summary>Every object of a kind; none when the kind is not served.</summary>
    /// <param name="kind">By its name or by its plural, which is what ConfigMaps of decision resources hold.</param>
    Task<IReadOnlyList<MapNode>> ListAsync(ResourceKind kind, CancellationToken cancellationToken);
}
