using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Services and their kin.</summary>
internal static class NetworkDefaults
{
    public static void Service(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        spec.Default("sessionAffinity", "None").Default("type", "ClusterIP");
        string type = spec["type"]!.AsString() ?? string.Empty;
        if (spec["sessionAffinity"]!.AsString() == "None")
        {
            spec.Remove("sessionAffinityConfig");
        }
        else if (spec["sessionAffinity"]!.AsString() == "ClientIP")
        {
            spec.EnsureMap("sessionAffinityConfig").EnsureMap("clientIP").Default("timeoutSeconds", 10800);
        }

        foreach (MapNode port in spec.Each("ports"))
        {
            port.Default("protocol", "TCP");
            if (port["targetPort"] is null or IntegerNode { Value: 0 } or StringNode { Value: "" } && port["port"] is { } number)
            {
                port["targetPort"] = number;
            }
        }

        if (type is "NodePort" or "LoadBalancer")
        {
            spec.Default("externalTrafficPolicy", "Cluster");
        }

        if (type != "ExternalName")
        {
            spec.Default("internalTrafficPolicy", "Cluster");
        }

        if (type == "LoadBalancer")
        {
            spec.Default("allocateLoadBalancerNodePorts", true);
        }
    }

    /// <summary>podCIDR is the first of podCIDRs; where they disagree, the older member counts.</summary>
    public static void Node(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        string one = spec["podCIDR"]?.AsString() ?? string.Empty;
        ListNode all = spec["podCIDRs"]?.AsList() ?? [];
        if (one.Length > 0 && (all.Count == 0 || all[0].AsString() != one))
        {
            spec["podCIDRs"] = new ListNode(StringNode.Of(one));
        }
        else if (one.Length == 0 && all.Count > 0)
        {
            spec["podCIDR"] = all[0];
        }
    }

    public static void Endpoints(MapNode node)
    {
        foreach (MapNode port in node.Each("subsets").SelectMany(subset => subset.Each("ports")))
        {
            port.Default("protocol", "TCP");
        }
    }

    public static void EndpointSlice(MapNode node)
    {
        foreach (MapNode port in node.Each("ports"))
        {
            port.Default("name", string.Empty).Default("protocol", "TCP");
        }
    }

    public static void Policy(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        if (spec["policyTypes"] is not ListNode { Count: > 0 })
        {
            ListNode types = new(StringNode.Of("Ingress"));
            if (spec["egress"] is ListNode { Count: > 0 })
            {
                types.Add("Egress");
            }

            spec["policyTypes"] = types;
        }

        foreach (MapNode port in spec.Each("ingress").Concat(spec.Each("egress")).SelectMany(rule => rule.Each("ports")))
        {
            port.Default("protocol", "TCP");
        }
    }
}
