using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>autoscaling/v1 knows a CPU target only; what else a v2 object says travels in annotations, in the forms that the reference chose.</summary>
internal static class AutoscalerConversion
{
    private const string Prefix = "autoscaling.alpha.kubernetes.io/";

    public static MapNode Convert(MapNode node, bool toV1)
    {
        MapNode result = (MapNode)node.DeepClone();
        if (result["spec"] is not MapNode spec)
        {
            return result;
        }

        if (toV1)
        {
            ToV1(result, spec);
        }
        else
        {
            FromV1(result, spec);
        }

        return result;
    }

    private static void ToV1(MapNode result, MapNode spec)
    {
        ListNode others = [];
        foreach (Node metric in spec["metrics"]?.AsList() ?? [])
        {
            if (metric.At("resource", "name")?.AsString() == "cpu" && metric.At("resource", "target", "averageUtilization") is { } target)
            {
                spec["targetCPUUtilizationPercentage"] = target;
            }
            else
            {
                others.Add(MetricAsV1(metric, "target"));
            }
        }

        spec.Remove("metrics");
        Annotate(result, "metrics", others);
        if (spec["behavior"] is MapNode behavior)
        {
            spec.Remove("behavior");
            result.EnsureMap("metadata").EnsureMap("annotations")[Prefix + "behavior"] = JsonWriter.ToText(AsGo(behavior));
        }

        if (result["status"] is MapNode status)
        {
            StatusToV1(result, status);
        }
    }

    private static void StatusToV1(MapNode result, MapNode status)
    {
        ListNode current = [];
        foreach (Node metric in status["currentMetrics"]?.AsList() ?? [])
        {
            current.Add(MetricAsV1(metric, "current"));
            if (metric.At("resource", "name")?.AsString() == "cpu" && metric.At("resource", "current", "averageUtilization") is { } used)
            {
                status["currentCPUUtilizationPercentage"] = used;
            }
        }

        status.Remove("currentMetrics");
        Annotate(result, "current-metrics", current);
        Annotate(result, "conditions", status["conditions"] as ListNode ?? []);
        status.Remove("conditions");
    }

    private static void Annotate(MapNode result, string name, ListNode value)
    {
        if (value.Count > 0)
        {
            result.EnsureMap("metadata").EnsureMap("annotations")[Prefix + name] = JsonWriter.ToText(value);
        }
    }

    /// <summary>A v2 metric as v1 annotations have it: names and values flat beside each other.</summary>
    private static MapNode MetricAsV1(Node metric, string amount)
    {
        string type = metric["type"]?.AsString() ?? string.Empty;
        string member = Member(type);
        MapNode flat = [];
        Node? source = metric[member];
        string lead = amount == "target" ? "target" : "current";
        switch (type)
        {
            case "Resource" or "ContainerResource":
                Put(flat, "name", source?["name"]);
                Put(flat, $"{lead}AverageUtilization", source?[amount]?["averageUtilization"]);
                Put(flat, $"{lead}AverageValue", source?[amount]?["averageValue"]);
                Put(flat, "container", source?["container"]);
                break;
            case "Pods":
                Put(flat, "metricName", source?.At("metric", "name"));
                Put(flat, $"{lead}AverageValue", source?[amount]?["averageValue"]);
                Put(flat, "selector", source?.At("metric", "selector"));
                break;
            case "Object":
                Put(flat, "target", source?["describedObject"]);
                Put(flat, "metricName", source?.At("metric", "name"));
                flat[$"{lead}Value"] = source?[amount]?["value"] ?? StringNode.Of("0");
                Put(flat, "selector", source?.At("metric", "selector"));
                Put(flat, "averageValue", source?[amount]?["averageValue"]);
                break;
            default:
                Put(flat, "metricName", source?.At("metric", "name"));
                Put(flat, "metricSelector", source?.At("metric", "selector"));
                Put(flat, $"{lead}Value", source?[amount]?["value"]);
                Put(flat, $"{lead}AverageValue", source?[amount]?["averageValue"]);
                break;
        }

        return new MapNode { ["type"] = type, [member] = flat };
    }

    private static string Member(string type) => type.Length == 0 ? "external" : char.ToLowerInvariant(type[0]) + type[1..];

    private static void Put(MapNode map, string key, Node? value)
    {
        if (value is not null)
        {
            map[key] = value.DeepClone();
        }
    }

    /// <summary>The behavior annotation holds the internal Go type: its fields with capitals, and all of them.</summary>
    private static MapNode AsGo(MapNode behavior)
    {
        MapNode go = [];
        foreach ((string name, string key) in ((string, string)[])[("ScaleUp", "scaleUp"), ("ScaleDown", "scaleDown")])
        {
            go[name] = behavior[key] is MapNode rules
                ? new MapNode
                {
                    ["StabilizationWindowSeconds"] = rules["stabilizationWindowSeconds"] ?? Node.Null,
                    ["SelectPolicy"] = rules["selectPolicy"] ?? Node.Null,
                    ["Policies"] = new ListNode((rules["policies"]?.AsList() ?? []).Select(policy => (Node)new MapNode
                    {
                        ["Type"] = policy["type"] ?? StringNode.Empty,
                        ["Value"] = policy["value"] ?? IntegerNode.Of(0),
                        ["PeriodSeconds"] = policy["periodSeconds"] ?? IntegerNode.Of(0),
                    })),
                    ["Tolerance"] = rules["tolerance"] ?? Node.Null,
                }
                : Node.Null;
        }

        return go;
    }

    private static void FromV1(MapNode result, MapNode spec)
    {
        ListNode metrics = [];
        if (spec["targetCPUUtilizationPercentage"] is { } target)
        {
            spec.Remove("targetCPUUtilizationPercentage");
            metrics.Add(new MapNode
            {
                ["type"] = "Resource",
                ["resource"] = new MapNode { ["name"] = "cpu", ["target"] = new MapNode { ["type"] = "Utilization", ["averageUtilization"] = target } },
            });
        }

        foreach (Node metric in Taken(result, "metrics") as ListNode ?? [])
        {
            metrics.Add(MetricFromV1(metric));
        }

        if (metrics.Count > 0)
        {
            spec["metrics"] = metrics;
        }

        if (Taken(result, "behavior") is MapNode behavior)
        {
            spec["behavior"] = FromGo(behavior);
        }

        Taken(result, "conditions");
        Taken(result, "current-metrics");
        if (result["metadata"]?["annotations"] is MapNode { Count: 0 })
        {
            result.EnsureMap("metadata").Remove("annotations");
        }
    }

    /// <summary>An annotation's content; the annotation itself is only the form that it travelled in.</summary>
    private static Node? Taken(MapNode result, string name)
    {
        if (result["metadata"]?["annotations"] is not MapNode annotations || annotations[Prefix + name]?.AsString() is not { } text)
        {
            return null;
        }

        annotations.Remove(Prefix + name);
        try
        {
            return JsonReader.Read(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static MapNode MetricFromV1(Node metric)
    {
        string type = metric["type"]?.AsString() ?? string.Empty;
        string member = Member(type);
        Node? flat = metric[member];
        MapNode target = [];
        Put(target, "averageUtilization", flat?["targetAverageUtilization"]);
        Put(target, "averageValue", flat?["targetAverageValue"] ?? flat?["averageValue"]);
        Put(target, "value", flat?["targetValue"]);
        target["type"] = target.ContainsKey("averageUtilization") ? "Utilization" : target.ContainsKey("averageValue") ? "AverageValue" : "Value";
        MapNode source = [];
        if (type is "Resource" or "ContainerResource")
        {
            Put(source, "name", flat?["name"]);
            Put(source, "container", flat?["container"]);
        }
        else
        {
            MapNode named = [];
            Put(named, "name", flat?["metricName"]);
            Put(named, "selector", flat?["selector"] ?? flat?["metricSelector"]);
            source["metric"] = named;
            Put(source, "describedObject", flat?["target"]);
        }

        source["target"] = target;
        return new MapNode { ["type"] = type, [member] = source };
    }

    private static MapNode FromGo(MapNode go)
    {
        MapNode behavior = [];
        foreach ((string name, string key) in ((string, string)[])[("ScaleUp", "scaleUp"), ("ScaleDown", "scaleDown")])
        {
            if (go[name] is not MapNode rules)
            {
                continue;
            }

            MapNode own = [];
            foreach ((string from, string to) in ((string, string)[])[("StabilizationWindowSeconds", "stabilizationWindowSeconds"), ("SelectPolicy", "selectPolicy"), ("Tolerance", "tolerance")])
            {
                if (rules[from] is { IsNull: false } value)
                {
                    own[to] = value.DeepClone();
                }
            }

            own["policies"] = new ListNode((rules["Policies"]?.AsList() ?? []).Select(policy => (Node)new MapNode
            {
                ["type"] = policy["Type"] ?? StringNode.Empty,
                ["value"] = policy["Value"] ?? IntegerNode.Of(0),
                ["periodSeconds"] = policy["PeriodSeconds"] ?? IntegerNode.Of(0),
            }));
            behavior[key] = own;
        }

        return behavior;
    }
}
