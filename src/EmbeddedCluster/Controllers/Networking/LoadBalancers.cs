using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Gives LoadBalancer Services an address, each its own, from a range that nobody routes (RFC 5737 would do; kind uses the like).</summary>
internal sealed class LoadBalancers(ControlPlane plane) : Reconciler(plane)
{
    private const string Range = "172.18.255.";
    private readonly KindMirror services = plane.Mirror(string.Empty, "Service");

    public override void Subscribe() => WatchOwn(services);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (services.Get(key) is not { } service || service.IsDeleting() || service.Spec()["loadBalancerClass"] is StringNode)
        {
            return null;
        }

        bool wanted = service.Spec().Text("type") == "LoadBalancer";
        bool has = service.Status()["loadBalancer"]?["ingress"] is ListNode { Count: > 0 };
        if (wanted == has)
        {
            return null;
        }

        MapNode status = service.Status().Clone();
        MapNode balancer = new();
        if (wanted)
        {
            string address = service.Spec().Text("loadBalancerIP") is { Length: > 0 } asked ? asked : FreeAddress();
            balancer["ingress"] = new ListNode(new MapNode { ["ip"] = address, ["ipMode"] = "VIP" });
        }

        status["loadBalancer"] = balancer;
        Tell(service, wanted ? "EnsuringLoadBalancer" : "DeletingLoadBalancer", wanted ? "Ensuring load balancer" : "Deleting load balancer");
        await Plane.Writer.SetStatusAsync(services, service, status, cancellationToken).ConfigureAwait(false);
        Tell(service, wanted ? "EnsuredLoadBalancer" : "DeletedLoadBalancer", wanted ? "Ensured load balancer" : "Deleted load balancer");
        return null;
    }

    private void Tell(MapNode service, string reason, string message) => Plane.Events.Normal(service, "service-controller", reason, message);

    private string FreeAddress()
    {
        HashSet<string> used = [.. services.All()
            .SelectMany(service => (service.Status()["loadBalancer"]?["ingress"]).Maps())
            .Select(ingress => ingress.Text("ip"))];
        for (int host = 200; host < 200 + (250 * 250); host++)
        {
            string address = host < 255
                ? Range + host.ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"172.19.{(host - 255) / 250}.{((host - 255) % 250) + 1}");
            if (!used.Contains(address))
            {
                return address;
            }
        }

        throw new InvalidOperationException("All load balancer addresses are taken");
    }
}
