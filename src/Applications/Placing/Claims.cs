using Bowline.Resources.Model;

namespace Bowline.Applications.Placing;

/// <summary>Every object that an application wants to own, namespaces settled. Two applications that claim the same object cannot share a cluster.</summary>
public sealed record Claims(string Application, string Destination, IReadOnlySet<ResourceId> Objects);

/// <summary>Which cluster each application lives on.</summary>
/// <param name="Clusters">Names in order of appearance; the first is the kubeconfig's current context.</param>
/// <param name="ClusterOf">Application to cluster.</param>
/// <param name="Reasons">For every cluster that was inferred: why these applications, in a sentence.</param>
public sealed record Placement(IReadOnlyList<string> Clusters, IReadOnlyDictionary<string, string> ClusterOf, IReadOnlyDictionary<string, string> Reasons)
{
    public static Placement AllOn(string cluster, IEnumerable<Claims> claims) =>
        new([cluster], claims.ToDictionary(claim => claim.Application, _ => cluster, StringComparer.Ordinal), new Dictionary<string, string>());
}
