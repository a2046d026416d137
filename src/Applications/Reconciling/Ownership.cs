using Bowline.Applications.Placing;
using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// Decides, for objects that several applications of one cluster claim, whose they are: whoever has the live object keeps it while
/// he claims it; otherwise the first by name. So nobody fights.
/// </summary>
public sealed class Ownership
{
    private readonly Dictionary<ResourceId, List<string>> claimants = [];
    private readonly HashSet<string> ours = new(StringComparer.Ordinal);

    private readonly TrackingMethod tracking;

    /// <param name="claims">Of every application on the cluster.</param>
    /// <param name="former">Applications that Bowline delivered to the cluster before and that exist no more: what they left may be taken.</param>
    /// <param name="tracking">How objects say whose they are; null for the annotation alone.</param>
    public Ownership(IEnumerable<Claims> claims, IEnumerable<string> former, TrackingMethod? tracking = null)
    {
        this.tracking = tracking ?? TrackingMethod.Annotation;
        ours.UnionWith(former);
        foreach (Claims claim in claims.OrderBy(claim => claim.Application, StringComparer.Ordinal))
        {
            ours.Add(claim.Application);
            foreach (ResourceId id in claim.Objects)
            {
                (claimants.TryGetValue(id, out List<string>? names) ? names : claimants[id] = []).Add(claim.Application);
            }
        }
    }

    /// <summary>Who may own the object, asked by an application that wants it.</summary>
    public string OwnerOf(string asking, ResourceId id, MapNode? live)
    {
        List<string> names = claimants.GetValueOrDefault(id) ?? [asking];
        string? present = live is null ? null : tracking.Owner(id, live);

        // An owner that we know nothing of (another tool's application) is not robbed.
        return present is not null && (names.Contains(present) || !ours.Contains(present)) ? present : names[0];
    }
}
