using System.Runtime.CompilerServices;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission.Quotas;

/// <summary>What single objects take of the resources that quotas name, as kube-apiserver's evaluators measure it.</summary>
internal static class QuotaMeasure
{
    private const string ByClass = ".storageclass.storage.k8s.io/";
    private static readonly string[] CountedByName = ["configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services"];

    // A stored object never changes: its measures are taken once, however often its namespace is counted.
    private static readonly ConditionalWeakTable<StoredObject, Dictionary<string, Quantity?>> Known = [];

    /// <summary>Null when objects of the kind have nothing to do with the resource.</summary>
    /// <param name="kind">Qualified plural, such as <c>deployments.apps</c>.</param>
    public static Quantity? Of(string resource, string kind, MapNode item)
    {
        if (resource == "count/" + kind || (resource == kind && CountedByName.Contains(resource)))
        {
            return kind == "pods" && IsFinished(item) ? Quantity.Zero : Quantity.Of(1);
        }

        return kind switch
        {
            "pods" => IsFinished(item) ? Quantity.Zero : OfPod(resource, item),
            "persistentvolumeclaims" => OfClaim(resource, item),
            "services" => OfService(resource, item),
            _ => null,
        };
    }

    public static Quantity? Of(string resource, string kind, StoredObject item)
    {
        Dictionary<string, Quantity?> measures = Known.GetValue(item, static _ => []);
        lock (measures)
        {
            if (!measures.TryGetValue(resource, out Quantity? known))
            {
                measures[resource] = known = Of(resource, kind, item.Node);
            }

            return known;
        }
    }

    /// <summary>The qualified plural of the one kind whose objects take of the resource.</summary>
    public static string KindOf(string resource) =>
        resource.StartsWith("count/", StringComparison.Ordinal) ? resource["count/".Length..]
        : CountedByName.Contains(resource) ? resource
        : resource.StartsWith("services.", StringComparison.Ordinal) ? "services"
        : resource == "requests.storage" || resource.Contains(ByClass, StringComparison.Ordinal) ? "persistentvolumeclaims"
        : "pods";

    /// <summary>Section and name of a compute resource: <c>limits.cpu</c> is the limit of cpu, <c>cpu</c> its request.</summary>
    public static (string Section, string Name) Split(string resource) =>
        resource.StartsWith("limits.", StringComparison.Ordinal) ? ("limits", resource[7..])
        : resource.StartsWith("requests.", StringComparison.Ordinal) ? ("requests", resource[9..])
        : ("requests", resource);

    /// <summary>Whether a quota on it makes every container say how much of it the container takes.</summary>
    public static bool MustBeSpecified(string resource) => resource is "cpu" or "memory" or "requests.cpu" or "requests.memory" or "limits.cpu" or "limits.memory";

    /// <summary>The containers that do not say it; none when the pod says it for all.</summary>
    public static string[] Silent(MapNode pod, string resource)
    {
        (string section, string name) = Split(resource);
        return pod.At("spec", "resources", section, name) is not null ? [] :
            [.. Containers(pod, "containers").Concat(Containers(pod, "initContainers")).Where(container => container.At("resources", section, name) is null).Select(container => container["name"]?.AsString() ?? string.Empty).Order(StringComparer.Ordinal)];
    }

    private static bool IsFinished(MapNode pod) => pod.At("status", "phase")?.AsString() is "Succeeded" or "Failed";

    private static Quantity? OfPod(string resource, MapNode pod)
    {
        (string section, string name) = Split(resource);
        bool prefixed = section.Length > 0 && resource.Contains('.', StringComparison.Ordinal) && (resource.StartsWith("limits.", StringComparison.Ordinal) || resource.StartsWith("requests.", StringComparison.Ordinal));
        bool plain = resource is "cpu" or "memory" or "ephemeral-storage" || resource.StartsWith("hugepages-", StringComparison.Ordinal);
        return name == "storage" || !(prefixed || plain) ? null : PodTotal(pod, section, name);
    }

    /// <summary>Containers run together, init containers one after the other beside the sidecars that started before them.</summary>
    private static Quantity PodTotal(MapNode pod, string section, string name)
    {
        Quantity together = Quantity.Zero;
        Quantity starting = Quantity.Zero;
        foreach (Node container in Containers(pod, "initContainers"))
        {
            Quantity own = Quantity.Of(container.At("resources", section, name));
            if (container["restartPolicy"]?.AsString() == "Always")
            {
                together += own;
                own = together;
            }
            else
            {
                own += together;
            }

            starting = own > starting ? own : starting;
        }

        foreach (Node container in Containers(pod, "containers"))
        {
            together += Quantity.Of(container.At("resources", section, name));
        }

        Quantity most = pod.At("spec", "resources", section, name) is { } whole ? Quantity.Of(whole) : starting > together ? starting : together;
        return most + Quantity.Of(pod.At("spec", "overhead", name));
    }

    private static Quantity? OfClaim(string resource, MapNode claim)
    {
        int by = resource.IndexOf(ByClass, StringComparison.Ordinal);
        if (by < 0)
        {
            return resource == "requests.storage" ? Storage(claim) : null;
        }

        string storageClass = claim["metadata"]?["annotations"]?["volume.beta.kubernetes.io/storage-class"]?.AsString() ?? claim.At("spec", "storageClassName")?.AsString() ?? string.Empty;
        return storageClass != resource[..by] ? null : resource[(by + ByClass.Length)..] switch
        {
            "requests.storage" => Storage(claim),
            "persistentvolumeclaims" => Quantity.Of(1),
            _ => null,
        };
    }

    private static Quantity Storage(MapNode claim)
    {
        Quantity asked = Quantity.Of(claim.At("spec", "resources", "requests", "storage"));
        Quantity allocated = Quantity.Of(claim.At("status", "allocatedResources", "storage"));
        return allocated > asked ? allocated : asked;
    }

    private static Quantity? OfService(string resource, MapNode service)
    {
        string type = service.At("spec", "type")?.AsString() ?? string.Empty;
        bool hasNodePorts = type == "NodePort" || (type == "LoadBalancer" && service.At("spec", "allocateLoadBalancerNodePorts")?.AsBool() != false);
        return resource switch
        {
            "services.loadbalancers" => Quantity.Of(type == "LoadBalancer" ? 1 : 0),
            "services.nodeports" => Quantity.Of(hasNodePorts ? service.At("spec", "ports")?.AsList()?.Count ?? 0 : 0),
            _ => null,
        };
    }

    private static IEnumerable<Node> Containers(MapNode pod, string list) => pod.At("spec", list)?.AsList() ?? [];
}
