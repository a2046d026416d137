using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Pods;

/// <summary>What the server itself knows of a pod's status.</summary>
internal static class PodStatus
{
    private static readonly string[] Kept = ["qosClass", "observedGeneration"];

    /// <summary>A new pod is pending, with the class of service that its requests and limits earn.</summary>
    public static void Prepare(MapNode node)
    {
        if (node["spec"] is MapNode spec)
        {
            MapNode status = new() { ["phase"] = "Pending" };
            if (spec["schedulingGates"] is ListNode { Count: > 0 })
            {
                status["conditions"] = new ListNode(new MapNode
                {
                    ["type"] = "PodScheduled",
                    ["status"] = "False",
                    ["lastProbeTime"] = Node.Null,
                    ["lastTransitionTime"] = Node.Null,
                    ["reason"] = "SchedulingGated",
                    ["message"] = "Scheduling is blocked due to non-empty scheduling gates",
                });
            }

            status["qosClass"] = QualityOfService.Of(spec);
            node["status"] = status;
        }
    }

    /// <summary>What a status may leave out stays: the class of service, and which generation was looked at.</summary>
    public static void Keep(MapNode node, MapNode live)
    {
        Node? before = live["status"];
        MapNode sent = node["status"] as MapNode ?? [];
        string[] left = [.. Kept.Where(field => sent[field] is null && before?[field] is not null)];
        ListNode conditions = sent["conditions"]?.AsList() ?? [];
        Node?[] generations = Generations(conditions, before?["conditions"]?.AsList() ?? []);
        if (left.Length == 0 && generations.All(generation => generation is null))
        {
            return;
        }

        MapNode status = (MapNode)sent.DeepClone();
        foreach (string field in left)
        {
            status[field] = before![field]!;
        }

        for (int i = 0; i < generations.Length; i++)
        {
            if (generations[i] is { } generation)
            {
                ((MapNode)status["conditions"]!.AsList()![i])["observedGeneration"] = generation;
            }
        }

        node["status"] = status;
    }

    /// <summary>Of each condition the generation that it does not name but its like did. There may be more than one of a type: they are taken in order.</summary>
    private static Node?[] Generations(ListNode conditions, ListNode before)
    {
        Dictionary<string, int> used = new(StringComparer.Ordinal);
        Node?[] generations = new Node?[conditions.Count];
        for (int i = 0; i < conditions.Count; i++)
        {
            string type = Checks.Text(conditions[i]["type"]);
            int index = used[type] = used.GetValueOrDefault(type, -1) + 1;
            Node? like = before.Where(condition => Checks.Text(condition["type"]) == type).ElementAtOrDefault(index);
            generations[i] = conditions[i]["observedGeneration"] is null ? like?["observedGeneration"] : null;
        }

        return generations;
    }
}
