using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Keeps <c>status.used</c> of ResourceQuotas.</summary>
internal sealed class Quotas(ControlPlane plane) : Reconciler(plane)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);
    private readonly KindMirror quotas = plane.Mirror(string.Empty, "ResourceQuota");

    public override void Subscribe()
    {
        WatchOwn(quotas);
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

        MapNode status = QuotaUsage.Status(quota, (group, plural) => Plane.Mirrors
            .FirstOrDefault(mirror => mirror.Kind.Kind.Group == group && mirror.Kind.Plural == plural)?.InNamespace(key.Namespace) ?? []);
        await Plane.Writer.SetStatusAsync(quotas, quota, status, cancellationToken).ConfigureAwait(false);
        return null;
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
