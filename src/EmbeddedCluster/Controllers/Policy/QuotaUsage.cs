using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>What a namespace uses of each resource a quota names.</summary>
internal static class QuotaUsage
{
    private static readonly string[] Counted = ["configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services"];

    public static MapNode Status(MapNode quota, Func<string, string, IReadOnlyList<MapNode>> list)
    {
        MapNode hard = quota.Spec()["hard"].CopyOf();
        MapNode used = new();
        foreach ((string resource, _) in hard.Sorted())
        {
            used[resource] = Used(quota, resource, list).ToString();
        }

        return new MapNode { ["hard"] = hard, ["used"] = used };
    }

    /// <summary>What one object uses of a resource, such as <c>requests.cpu</c> of a pod.</summary>
    internal static Quantity OfPod(MapNode pod, string resource)
    {
        if (resource is "pods" or "count/pods")
        {
            return One;
        }

        (string section, string name) = resource.StartsWith("limits.", StringComparison.Ordinal) ? ("limits", resource[7..])
            : resource.StartsWith("requests.", StringComparison.Ordinal) ? ("requests", resource[9..])
            : ("requests", resource);
        Quantity running = Sum(pod.Spec()["containers"].Maps().Concat(pod.Spec()["initContainers"].Maps().Where(IsSidecar)), section, name);
        Quantity starting = pod.Spec()["initContainers"].Maps().Where(container => !IsSidecar(container))
            .Select(container => Quantity.Of(container["resources"]?[section]?[name]))
            .DefaultIfEmpty(Quantity.Zero).Max();
        Quantity most = starting > running ? starting : running;
        return most + Quantity.Of(pod.Spec()["overhead"]?[name]);
    }

    private static Quantity One => Quantity.Of(1);

    private static Quantity Used(MapNode quota, string resource, Func<string, string, IReadOnlyList<MapNode>> list)
    {
        if (resource.StartsWith("count/", StringComparison.Ordinal))
        {
            string[] parts = resource[6..].Split('.', 2);
            return parts[0] == "pods" && parts.Length == 1
                ? Total(Pods(quota, list), _ => One)
                : Total(list(parts.Length > 1 ? parts[1] : string.Empty, parts[0]), _ => One);
        }

        if (Array.IndexOf(Counted, resource) >= 0)
        {
            return Total(list(string.Empty, resource), _ => One);
        }

        return resource switch
        {
            "services.loadbalancers" => Total(list(string.Empty, "services"), service => service.Spec().Text("type") == "LoadBalancer" ? One : Quantity.Zero),
            "services.nodeports" => Total(list(string.Empty, "services"), NodePorts),
            "requests.storage" => Total(list(string.Empty, "persistentvolumeclaims"), Storage),
            _ when resource.Contains(".storageclass.storage.k8s.io/", StringComparison.Ordinal) => OfStorageClass(resource, list),
            _ => Total(Pods(quota, list), pod => OfPod(pod, resource)),
        };
    }

    private static Quantity OfStorageClass(string resource, Func<string, string, IReadOnlyList<MapNode>> list)
    {
        string name = resource[..resource.IndexOf(".storageclass", StringComparison.Ordinal)];
        IEnumerable<MapNode> claims = list(string.Empty, "persistentvolumeclaims").Where(claim => claim.Spec().Text("storageClassName") == name);
        return Total(claims, resource.EndsWith("/requests.storage", StringComparison.Ordinal) ? Storage : _ => One);
    }

    private static Quantity Storage(MapNode claim) => Quantity.Of(claim.Spec()["resources"]?["requests"]?["storage"]);

    private static Quantity NodePorts(MapNode service)
    {
        bool has = service.Spec().Text("type") is "NodePort" || (service.Spec().Text("type") == "LoadBalancer" && service.Spec()["allocateLoadBalancerNodePorts"]?.AsBool() != false);
        return Quantity.Of(has ? service.Spec()["ports"].Maps().Count() : 0);
    }

    private static IEnumerable<MapNode> Pods(MapNode quota, Func<string, string, IReadOnlyList<MapNode>> list) =>
        list(string.Empty, "pods").Where(pod => pod.Status().Text("phase") is not ("Succeeded" or "Failed") && InScope(quota, pod));

    private static bool InScope(MapNode quota, MapNode pod) =>
        quota.Spec()["scopes"].Strings().All(scope => HasScope(pod, scope))
        && (quota.Spec()["scopeSelector"]?["matchExpressions"]).Maps().All(expression => MatchesScope(pod, expression));

    private static bool HasScope(MapNode pod, string scope) => scope switch
    {
        "BestEffort" => pod.Status().Text("qosClass") == "BestEffort",
        "NotBestEffort" => pod.Status().Text("qosClass") != "BestEffort",
        "Terminating" => pod.Spec()["activeDeadlineSeconds"] is not null,
        "NotTerminating" => pod.Spec()["activeDeadlineSeconds"] is null,
        _ => true,
    };

    private static bool MatchesScope(MapNode pod, MapNode expression) => expression.Text("scopeName") == "PriorityClass"
        ? new Requirement(string.Empty, expression.Text("operator"), [.. expression["values"].Strings()]).Holds(pod.Spec()["priorityClassName"]?.AsString())
        : HasScope(pod, expression.Text("scopeName"));

    private static bool IsSidecar(MapNode container) => container.Text("restartPolicy") == "Always";

    private static Quantity Sum(IEnumerable<MapNode> containers, string section, string name) =>
        Total(containers, container => Quantity.Of(container["resources"]?[section]?[name]));

    private static Quantity Total(IEnumerable<MapNode> nodes, Func<MapNode, Quantity> of) =>
        nodes.Select(of).Aggregate(Quantity.Zero, static (left, right) => left + right);
}
