using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>DefaultTolerationSeconds: pods leave a dead node after five minutes.</summary>
internal static class PodDefaults
{
    public static void Mutate(AdmissionRequest request)
    {
        if (!request.IsCreate || !request.Is("pods") || request.Object["spec"] is not MapNode spec)
        {
            return;
        }

        ListNode tolerations = spec["tolerations"] as ListNode ?? [];
        foreach (string key in (string[])["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            if (!tolerations.Any(toleration => Covers(toleration, key)))
            {
                tolerations.Add(new MapNode { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
            }
        }

        if (tolerations.Count > 0)
        {
            spec["tolerations"] = tolerations;
        }
    }

    private static bool Covers(Node toleration, string key)
    {
        string own = toleration["key"]?.AsString() ?? string.Empty;
        string effect = toleration["effect"]?.AsString() ?? string.Empty;
        return (own == key || own.Length == 0) && effect is "NoExecute" or "";
    }
}

/// <summary>A pod that is bound to a node takes over where that node is.</summary>
internal static class TopologyLabels
{
    public static void Mutate(AdmissionRequest request, ObjectStore store)
    {
        if (!request.IsCreate || request.Kind.QualifiedPlural != "pods" || request.Subresource != "binding" || (request.Object.At("target", "kind")?.AsString() ?? "Node") is not ("Node" or ""))
        {
            return;
        }

        Node? labels = store.Get("nodes", string.Empty, request.Object.At("target", "name")?.AsString() ?? string.Empty)?.Node["metadata"]?["labels"];
        foreach (string key in (ReadOnlySpan<string>)["topology.kubernetes.io/zone", "topology.kubernetes.io/region"])
        {
            if (labels?[key] is { } value)
            {
                request.Object.EnsureMap("metadata").EnsureMap("labels")[key] = value;
            }
        }
    }
}
