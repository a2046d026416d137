using System.Net;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Services.</summary>
internal static class ServiceRules
{
    private static readonly string[] Types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

    public static void Check(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string type = spec?["type"]?.AsString() ?? string.Empty;
        bool headless = spec?["clusterIP"]?.AsString() == "None";
        ListNode ports = spec?["ports"]?.AsList() ?? [];
        if (ports.Count == 0 && type != "ExternalName" && !headless)
        {
            check.Add(FieldError.Required("spec.ports"));
        }

        OfType(check, spec, type, headless, ports);
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < ports.Count; i++)
        {
            Port(check, ports[i], $"spec.ports[{i}]", ports.Count > 1, names);
        }

        MetadataRules.CheckLabels(spec?["selector"], "spec.selector", check.Errors);
        Affinity(check, spec);
        ClusterAddresses(check, spec, type);
        foreach ((Node address, string at) in Checks.Each(spec?["externalIPs"], "spec.externalIPs"))
        {
            ExternalAddress(check, address, at);
        }

        check.Choice(spec?["type"], "spec.type", Types);
        NodePorts(check, ports, type);
        Duplicates(check, ports);
        LoadBalancing(check, spec, type);
        Traffic(check, spec, type);
    }

    public static void OnUpdate(Checks check, MapNode node, MapNode live)
    {
        Node? spec = node["spec"];
        Node? before = live["spec"];
        bool external = Checks.Text(before?["type"]) == "ExternalName" || Checks.Text(spec?["type"]) == "ExternalName";
        bool headless = Checks.Text(before?["clusterIP"]) == "None" && Checks.Text(spec?["clusterIP"]) == "None";
        if (!external && !headless)
        {
            Kept(check, spec, before, "clusterIPs", "clusterIP");
            Kept(check, spec, before, "ipFamilies", "ipFamily");
        }

        if (Checks.Text(before?["type"]) == "LoadBalancer" && Checks.Text(spec?["type"]) == "LoadBalancer" && !Node.DeepEquals(before?["loadBalancerClass"], spec?["loadBalancerClass"]))
        {
            check.Add(FieldError.Invalid("spec.loadBalancerClass", spec?["loadBalancerClass"] ?? Node.Null, "may not change once set"));
        }

        if (NeedsHealthCheck(before) && NeedsHealthCheck(spec) && !Node.DeepEquals(before?["healthCheckNodePort"], spec?["healthCheckNodePort"]))
        {
            check.Add(FieldError.Forbidden("spec.healthCheckNodePort", "field is immutable"));
        }
    }

    /// <summary>Addresses are checked and looked after by nodes only for balancers that send traffic to the nodes of pods.</summary>
    public static bool NeedsHealthCheck(Node? spec) => Checks.Text(spec?["type"]) == "LoadBalancer" && Checks.Text(spec?["externalTrafficPolicy"]) == "Local";

    /// <summary>The first address and family stay; the second can be added, and released by a service that says SingleStack.</summary>
    private static void Kept(Checks check, Node? spec, Node? before, string member, string singular)
    {
        ListNode old = before?[member]?.AsList() ?? [];
        ListNode now = spec?[member]?.AsList() ?? [];
        int compared = old.Count == now.Count ? old.Count : Math.Min(1, Math.Min(old.Count, now.Count));
        if (old.Count > now.Count && (spec?["clusterIPs"]?.AsList()?.Count ?? 0) == 0)
        {
            check.Add(FieldError.Invalid($"spec.{member}[0]", now, $"primary {singular} can not be unset"));
        }

        for (int i = 0; i < compared; i++)
        {
            if (!Node.DeepEquals(old[i], now[i]))
            {
                check.Add(FieldError.Invalid($"spec.{member}[{i}]", now, "may not change once set"));
            }
        }

        if (old.Count > now.Count && now.Count == 1 && Checks.Text(spec?["ipFamilyPolicy"]) != "SingleStack")
        {
            check.Add(FieldError.Invalid("spec.ipFamilyPolicy", spec?["ipFamilyPolicy"] ?? Node.Null, $"must be set to 'SingleStack' when releasing the secondary {singular}"));
        }
    }

    private static void OfType(Checks check, Node? spec, string type, bool headless, ListNode ports)
    {
        switch (type)
        {
            case "LoadBalancer":
                for (int i = 0; i < ports.Count; i++)
                {
                    if (ports[i]["port"]?.AsInteger() == 10250)
                    {
                        check.Add(FieldError.Invalid($"spec.ports[{i}].port", 10250, "may not expose port 10250 externally since it is used by kubelet"));
                    }
                }

                NotHeadless(check, headless, type);
                break;
            case "NodePort":
                NotHeadless(check, headless, type);
                break;
            case "ExternalName":
                if (spec?["clusterIP"]?.AsString() is { Length: > 0 })
                {
                    check.Add(FieldError.Forbidden("spec.clusterIPs[0]", "may not be set for ExternalName services"));
                }

                string name = spec?["externalName"]?.AsString() ?? string.Empty;
                check.RequireName(name.Length > 1 && name.EndsWith('.') ? StringNode.Of(name[..^1]) : spec?["externalName"], "spec.externalName", NameRules.Subdomain);
                break;
            default:
                break;
        }
    }

    private static void NotHeadless(Checks check, bool headless, string type)
    {
        if (headless)
        {
            check.Add(FieldError.Invalid("spec.clusterIPs[0]", "None", $"may not be set to 'None' for {type} services"));
        }
    }

    private static void Port(Checks check, Node port, string path, bool needsName, HashSet<string> names)
    {
        string name = port["name"]?.AsString() ?? string.Empty;
        if (name.Length == 0 && needsName)
        {
            check.Add(FieldError.Required($"{path}.name"));
        }
        else if (name.Length > 0)
        {
            check.Name(port["name"], $"{path}.name", NameRules.Label);
            if (!names.Add(name))
            {
                check.Add(FieldError.Duplicate($"{path}.name", name));
            }
        }

        check.Port(port["port"] ?? IntegerNode.Of(0), $"{path}.port");
        check.Choice(port["protocol"], $"{path}.protocol", "SCTP", "TCP", "UDP");
        check.PortOrName(port["targetPort"], $"{path}.targetPort");
        if (port["appProtocol"] is StringNode protocol)
        {
            check.Name(protocol, $"{path}.appProtocol", NameRules.QualifiedName);
        }
    }

    private static void Affinity(Checks check, Node? spec)
    {
        check.Choice(spec?["sessionAffinity"], "spec.sessionAffinity", "ClientIP", "None");
        if (spec?["sessionAffinity"]?.AsString() == "ClientIP")
        {
            check.Between(spec.At("sessionAffinityConfig", "clientIP", "timeoutSeconds"), "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 1, 86400, "must be greater than 0 and less than 86400");
        }
        else if (spec?["sessionAffinity"]?.AsString() == "None" && spec["sessionAffinityConfig"] is MapNode)
        {
            check.Add(FieldError.Forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None"));
        }
    }

    private static void ClusterAddresses(Checks check, Node? spec, string type)
    {
        if (type == "ExternalName")
        {
            foreach (string key in (ReadOnlySpan<string>)["ipFamilies", "ipFamilyPolicy"])
            {
                if (spec?[key] is not null and not ListNode { Count: 0 })
                {
                    check.Add(FieldError.Forbidden($"spec.{key}", "may not be set for ExternalName services"));
                }
            }

            return;
        }

        check.OneOf(spec?["ipFamilyPolicy"], "spec.ipFamilyPolicy", "PreferDualStack", "RequireDualStack", "SingleStack");
        foreach ((Node family, string at) in Checks.Each(spec?["ipFamilies"], "spec.ipFamilies"))
        {
            check.OneOf(family, at, "IPv4", "IPv6");
        }

        if (spec?["clusterIP"]?.AsString() is { Length: > 0 } address && address != "None")
        {
            check.Name(StringNode.Of(address), "spec.clusterIPs[0]", AddressRules.Address);
        }
    }

    /// <summary>An address of a service or endpoint that leads neither to the node itself nor to its neighbours.</summary>
    public static void ExternalAddress(Checks check, Node address, string path)
    {
        string[] wrong = [.. AddressRules.Address(address.AsString() ?? string.Empty)];
        foreach (string detail in wrong)
        {
            check.Add(FieldError.Invalid(path, address, detail));
        }

        if (wrong.Length > 0 || !IPAddress.TryParse(address.AsString(), out IPAddress? parsed))
        {
            return;
        }

        byte[] bytes = parsed.GetAddressBytes();
        string? problem = parsed switch
        {
            _ when parsed.Equals(IPAddress.Any) || parsed.Equals(IPAddress.IPv6Any) => $"may not be unspecified ({address.AsString()})",
            _ when IPAddress.IsLoopback(parsed) => "may not be in the loopback range (127.0.0.0/8, ::1/128)",
            { IsIPv6LinkLocal: true } => "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
            _ when bytes.Length == 4 && bytes[0] == 169 && bytes[1] == 254 => "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
            _ when bytes.Length == 4 && bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 => "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
            _ => null,
        };
        if (problem is not null)
        {
            check.Add(FieldError.Invalid(path, address, problem));
        }
    }

    private static void NodePorts(Checks check, ListNode ports, string type)
    {
        if (type == "ClusterIP")
        {
            for (int i = 0; i < ports.Count; i++)
            {
                if (ports[i]["nodePort"]?.AsInteger() is not (null or 0))
                {
                    check.Add(FieldError.Forbidden($"spec.ports[{i}].nodePort", "may not be used when `type` is 'ClusterIP'"));
                }
            }
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < ports.Count; i++)
        {
            if (ports[i]["nodePort"]?.AsInteger() is { } number and not 0 && !seen.Add($"{ports[i]["protocol"]?.AsString()}/{number}"))
            {
                check.Add(FieldError.Duplicate($"spec.ports[{i}].nodePort", number));
            }
        }
    }

    private static void Duplicates(Checks check, ListNode ports)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < ports.Count; i++)
        {
            if (!seen.Add($"{ports[i]["protocol"]?.AsString()}/{ports[i]["port"]}"))
            {
                MapNode shown = new() { ["protocol"] = ports[i]["protocol"] ?? StringNode.Empty, ["port"] = ports[i]["port"] ?? IntegerNode.Of(0), ["targetPort"] = IntegerNode.Of(0) };
                check.Add(FieldError.Duplicate($"spec.ports[{i}]", shown));
            }
        }
    }

    private static void LoadBalancing(Checks check, Node? spec, string type)
    {
        bool balanced = type == "LoadBalancer";
        foreach ((Node range, string at) in Checks.Each(spec?["loadBalancerSourceRanges"], "spec.LoadBalancerSourceRanges"))
        {
            check.Name(StringNode.Of(Checks.Text(range).Trim()), at, AddressRules.Cidr);
        }

        if (!balanced && spec?["loadBalancerSourceRanges"] is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'"));
        }

        if (!balanced && spec?["allocateLoadBalancerNodePorts"] is { IsNull: false })
        {
            check.Add(FieldError.Forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'"));
        }

        if (!balanced && spec?["loadBalancerClass"] is { IsNull: false })
        {
            check.Add(FieldError.Forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"));
        }
        else
        {
            check.NameIfSet(spec?["loadBalancerClass"], "spec.loadBalancerClass", NameRules.QualifiedName);
        }
    }

    private static void Traffic(Checks check, Node? spec, string type)
    {
        bool external = type is "LoadBalancer" or "NodePort" || (type == "ClusterIP" && spec?["externalIPs"] is ListNode { Count: > 0 });
        string policy = spec?["externalTrafficPolicy"]?.AsString() ?? string.Empty;
        if (policy.Length > 0 && !external)
        {
            check.Add(FieldError.Invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"));
        }
        else if (policy.Length > 0)
        {
            check.OneOf(spec!["externalTrafficPolicy"], "spec.externalTrafficPolicy", "Cluster", "Local");
        }

        bool checkedPort = type == "LoadBalancer" && policy == "Local";
        if (spec?["healthCheckNodePort"]?.AsInteger() is { } number and not 0)
        {
            if (number < 0)
            {
                check.Port(spec["healthCheckNodePort"], "spec.healthCheckNodePort");
            }
            else if (!checkedPort)
            {
                check.Add(FieldError.Invalid("spec.healthCheckNodePort", number, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
            }
        }

        check.OneOf(spec?["internalTrafficPolicy"], "spec.internalTrafficPolicy", "Cluster", "Local");
        check.OneOf(spec?["trafficDistribution"], "spec.trafficDistribution", "PreferClose", "PreferSameNode", "PreferSameZone");
    }
}
