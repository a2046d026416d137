using System.Collections.Concurrent;
using Bowline.Applications.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>Where applications go on real clusters: where the user says, otherwise to the cluster that their destination means.</summary>
/// <param name="Own">The address of the cluster that holds the Applications, as this process reaches it.</param>
/// <param name="AllowedPrograms">Programs that may be run to log in to a cluster, by name.</param>
/// <param name="IsPlaced">Whether the user says where an application of this name goes.</param>
public sealed record DestinationRules(Uri Own, IReadOnlySet<string> AllowedPrograms, Func<string, bool> IsPlaced)
{
    /// <summary>What is wrong with a Secret, by its fingerprint: many applications name the same.</summary>
    private readonly ConcurrentDictionary<string, string> problems = new(StringComparer.Ordinal);

    /// <summary>The cluster of an application; null for the one that holds the Applications, or that the user named.</summary>
    /// <exception cref="ApplicationException">There is no such cluster, or no way to it.</exception>
    public ClusterSecret? ClusterOf(string application, Destination destination, ClusterSecrets clusters)
    {
        if (IsPlaced(application))
        {
            return null;
        }

        ClusterSecret? meant = clusters.Resolve(destination, Own);
        return meant is null || problems.GetOrAdd(meant.Fingerprint, _ => ApplicationException.RefusalOf(() => meant.Connect(AllowedPrograms))) is not { Length: > 0 } problem ? meant : throw new ApplicationException(problem);
    }

    /// <summary>Why an application cannot go where it wants to; empty when it can.</summary>
    public string Refuses(ApplicationSpec application, ClusterSecrets clusters) =>
        ApplicationException.RefusalOf(() => ClusterOf(application.Name, application.Destination, clusters)) is { Length: > 0 } why ? $"application destination is not valid: {why}" : string.Empty;
}
