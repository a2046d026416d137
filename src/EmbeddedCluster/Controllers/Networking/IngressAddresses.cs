using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Stands in for an ingress controller: publishes one address on every Ingress.</summary>
internal sealed class IngressAddresses(ControlPlane plane) : Reconciler(plane)
{
    private const string Address = "127.0.0.1";
    private readonly KindMirror ingresses = plane.Mirror("networking.k8s.io", "Ingress");

    public override void Subscribe() => WatchOwn(ingresses);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (ingresses.Get(key) is not { } ingress || ingress.IsDeleting() || ingress.Status()["loadBalancer"]?["ingress"] is ListNode { Count: > 0 })
        {
            return null;
        }

        MapNode status = new()
        {
            ["loadBalancer"] = new MapNode { ["ingress"] = new ListNode(new MapNode { ["ip"] = Address }) },
        };
        await Plane.Writer.SetStatusAsync(ingresses, ingress, status, cancellationToken).ConfigureAwait(false);
        return null;
    }
}
