using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>What a pod asks for of a resource, as utilization is measured against it.</summary>
internal static class PodRequests
{
    /// <summary>The request in thousandths; null when a container that counts asks for nothing.</summary>
    /// <param name="container">Only this container; empty for all.</param>
    public static long? Of(MapNode pod, string resource, string container) => Missing(pod, resource, container) is null ? Sum(pod, resource, container) : null;

    /// <summary>The first container that asks for nothing; null when all do, or the pod as a whole.</summary>
    public static string? Missing(MapNode pod, string resource, string container) =>
        IsOfWholePod(pod, resource, container) ? null : Counted(pod, container).FirstOrDefault(item => item["resources"]?["requests"]?[resource] is null)?.Text("name");

    private static long Sum(MapNode pod, string resource, string container) => IsOfWholePod(pod, resource, container)
        ? Millis(pod.Spec(), resource)
        : Counted(pod, container).Sum(item => Millis(item, resource));

    // Since 1.34 a pod may state its needs as a whole.
    private static bool IsOfWholePod(MapNode pod, string resource, string container) =>
        container.Length == 0 && pod.Spec()["resources"]?["requests"]?[resource] is not null;

    private static IEnumerable<MapNode> Counted(MapNode pod, string container) => pod.Spec()["containers"].Maps()
        .Concat(pod.Spec()["initContainers"].Maps().Where(item => item.Text("restartPolicy") == "Always"))
        .Where(item => container.Length == 0 || item.Text("name") == container);

    private static long Millis(MapNode owner, string resource) => (long)Quantity.Of(owner["resources"]?["requests"]?[resource]).Millis;
}
