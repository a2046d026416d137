using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Fills the templates of stages; a tree in, a tree out, no text in between.</summary>
internal static class StageTemplate
{
    public static Node? Fill(Node template, IStageVariables variables) => template switch
    {
        MapNode map when map["each"]?.AsString() is { } list => FillEach(map, list, variables),
        MapNode map => FillMap(map, variables),
        ListNode list => new ListNode(list.Select(item => Fill(item, variables)).OfType<Node>()),
        StringNode text => FillText(text, variables),
        _ => template,
    };

    public static string Text(string template, IStageVariables variables) =>
        Fill(template, variables)?.AsString() ?? string.Empty;

    /// <summary>Lays a filled status over a pod's; conditions keep their time while their status stays.</summary>
    public static MapNode Lay(MapNode status, MapNode over, DateTimeOffset now)
    {
        MapNode merged = ClusterWriter.Shallow(status);
        foreach ((string key, Node value) in over)
        {
            merged[key] = key == "conditions" ? LayConditions(status["conditions"] as ListNode ?? [], (ListNode)value, now) : value;
        }

        return merged;
    }

    private static ListNode LayConditions(ListNode present, ListNode wanted, DateTimeOffset now)
    {
        ListNode merged = new();
        foreach (MapNode condition in wanted.Maps())
        {
            MapNode? before = present.Maps().FirstOrDefault(item => item.Text("type") == condition.Text("type"));
            bool same = before.Text("status") == condition.Text("status");
            condition["lastTransitionTime"] = same && before?["lastTransitionTime"] is { } since ? since : now.Stamp();
            merged.Add(condition);
        }

        foreach (MapNode condition in present.Maps())
        {
            if (!wanted.Maps().Any(item => item.Text("type") == condition.Text("type")))
            {
                merged.Add(condition);
            }
        }

        return merged;
    }

    private static ListNode? FillEach(MapNode template, string list, IStageVariables variables)
    {
        ListNode filled = new();
        foreach ((IStageVariables item, string restartPolicy) in variables.Each(list))
        {
            Node shape = template["item"] ?? template["cases"]?[restartPolicy] ?? template["cases"]?["default"] ?? new MapNode();
            if (Fill(shape, item) is { } node)
            {
                filled.Add(node);
            }
        }

        return filled.Count == 0 ? null : filled;
    }

    private static MapNode FillMap(MapNode map, IStageVariables variables)
    {
        MapNode filled = new(map.Count);
        foreach ((string key, Node value) in map)
        {
            if (Fill(value, variables) is { } node)
            {
                filled[key] = node;
            }
        }

        return filled;
    }

    private static Node? FillText(StringNode text, IStageVariables variables)
    {
        string value = text.Value;
        int at = value.IndexOf('$', StringComparison.Ordinal);
        if (at < 0)
        {
            return text;
        }

        if (at == 0 && value.Length > 1 && value[1] != '{')
        {
            return variables.Get(value[1..]);
        }

        StringBuilder filled = new();
        int from = 0;
        while ((at = value.IndexOf("${", from, StringComparison.Ordinal)) >= 0 && value.IndexOf('}', at) is var end and > 0)
        {
            filled.Append(value, from, at - from).Append(variables.Get(value[(at + 2)..end])?.AsString());
            from = end + 1;
        }

        return filled.Append(value, from, value.Length - from).ToString();
    }
}
