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
