using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Health of storage, network and API objects.</summary>
internal static class ClusterObjectHealth
{
    public static HealthReport PersistentVolumeClaim(MapNode live) => live.At("status", "phase")?.AsString() switch
    {
        "Bound" => HealthReport.Healthy,
        "Lost" => HealthReport.Degraded("The claim lost its volume"),
        _ => HealthReport.Progressing("Waiting for a volume"),
    };

    public static HealthReport Service(MapNode live) =>
        live.At("spec", "type")?.AsString() != "LoadBalancer" || HasAddress(live) ? HealthReport.Healthy : HealthReport.Progressing("Waiting for a load balancer address");

    public static HealthReport Ingress(MapNode live) =>
        HasAddress(live) ? HealthReport.Healthy : HealthReport.Progressing("Waiting for an address");

    public static HealthReport ApiService(MapNode live) => live.Condition("Available") switch
    {
        { } available when available.Is("True") => HealthReport.Healthy,
        { } available => HealthReport.Progressing(available.Message()),
        null => HealthReport.Progressing("Waiting for the API service"),
    };

    public static HealthReport CustomResourceDefinition(MapNode live)
    {
        if (live.Condition("NamesAccepted") is { } names && names.Is("False"))
        {
            return HealthReport.Degraded(names.Message());
        }

        return live.Condition("Established").Is("True") ? HealthReport.Healthy : HealthReport.Progressing("Waiting to be established");
    }

    private static bool HasAddress(MapNode live) => live.At("status", "loadBalancer", "ingress")?.AsList() is { Count: > 0 };
}
