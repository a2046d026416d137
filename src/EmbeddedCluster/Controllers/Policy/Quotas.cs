using Bowline.EmbeddedCluster.Admission.Quotas;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Keeps <c>status.used</c> of ResourceQuotas right; the API server adds to it what it lets in, this controller counts what is there.</summary>
internal sealed class Quotas(ControlPlane plane) : Reconciler(plane)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);
    private readonly KindMirror quotas = plane.Mirror(string.Empty, "ResourceQuota");

    public override void Subscribe()
    {
        // The API server writes what it lets in before it stores it; counting at that moment would take it back.
        Watch(quotas, change =>
        {
            if (!Node.DeepEquals(change.Old?["spec"], change.New?["spec"]) || !Node.DeepEquals(change.Any.Spec()["hard"], change.Any.Status()["hard"]))
            {
                Queue.Add(ObjectName.Of(change.Any));
            }
        });
        foreach (KindMirror mirror in Plane.Mirrors)
        {
            Follow(mirror);
        }

        Plane.KindAdded += Follow;
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (quotas.Get(key) is not { } quota || quota.IsDeleting())
        {
            return null;
        }

        MapNode hard = quota.Spec()["hard"].CopyOf();
        MapNode used = new();
        foreach ((string resource, _) in hard.Sorted())
        {
            used[resource] = Used(quota, resource).ToString();
        }

        MapNode status = new() { ["hard"] = hard, ["used"] = used };
        await Plane.Writer.SetStatusAsync(quotas, quota, status, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private Quantity Used(MapNode quota, string resource)
    {
        string kind = QuotaMeasure.KindOf(resource);
        string[] parts = kind.Split('.', 2);
        KindMirror? mirror = Plane.Mirrors.FirstOrDefault(mirror => mirror.Kind.Plural == parts[0] && mirror.Kind.Kind.Group == (parts.Length > 1 ? parts[1] : string.Empty));
        return (mirror?.InNamespace(quota.Namespace()) ?? [])
            .Where(item => QuotaScopes.Covers(quota, kind, item))
            .Aggregate(Quantity.Zero, (sum, item) => sum + (QuotaMeasure.Of(resource, kind, item) ?? Quantity.Zero));
    }

    private void Follow(KindMirror mirror)
    {
        if (!mirror.Kind.Namespaced)
        {
            return;
        }

        Watch(mirror, change =>
        {
            if (quotas.Count == 0)
            {
                return;
            }

            foreach (MapNode quota in quotas.InNamespace(change.Any.Namespace()))
            {
                Queue.AddAfter(ObjectName.Of(quota), Patience);
            }
        });
    }
}
