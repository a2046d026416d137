using System.Net;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Services, ingresses, policies, endpoint slices.</summary>
internal static class NetworkRules
{
    public static void Service(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string type = spec?["type"]?.AsString() ?? "ClusterIP";
        bool headless = spec?["clusterIP"]?.AsString() == "None";
        ListNode ports = spec?["ports"]?.AsList() ?? [];
        if (ports.Count == 0 && type != "ExternalName" && !headless)
        {
            check.Add(FieldError.Required("spec.ports"));
        }

        if (type == "ExternalName")
        {
            check.Require(spec?["externalName"], "spec.externalName");
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < ports.Count; i++)
        {
            Port(check, ports[i], $"spec.ports[{i}]", ports.Count > 1, names);
        }

        check.OneOf(spec?["sessionAffinity"], "spec.sessionAffinity", "ClientIP", "None");
        check.OneOf(spec?["type"], "spec.type", "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        MetadataRules.CheckLabels(spec?["selector"], "spec.selector", check.Errors);
        if (spec?["clusterIP"]?.AsString() is { Length: > 0 } address && address != "None" && !IPAddress.TryParse(address, out _))
        {
            check.Add(FieldError.Invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
        }
    }

    public static void ServiceUpdate(Checks check, MapNode node, MapNode live)
    {
        string before = live.At("spec", "clusterIP")?.AsString() ?? string.Empty;
        string after = node.At("spec", "clusterIP")?.AsString() ?? string.Empty;
        bool external = live.At("spec", "type")?.AsString() == "ExternalName" || node.At("spec", "type")?.AsString() == "ExternalName";
        if (before.Length > 0 && after != before && !external)
        {
            check.Add(FieldError.Invalid("spec.clusterIPs[0]", new ListNode(StringNode.Of(after)), "may not change once set"));
        }
    }

    public static void Ingress(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["defaultBackend"] is null && spec?["rules"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Invalid("spec", spec is MapNode { Count: > 0 } ? spec : null, "either `defaultBackend` or `rules` must be specified"));
        }

        if (spec?["defaultBackend"] is { } backend)
        {
            Backend(check, backend, "spec.defaultBackend");
        }

        foreach ((Node rule, string at) in Checks.Each(spec?["rules"], "spec.rules"))
        {
            if (rule["host"]?.AsString() is { Length: > 0 } host)
            {
                check.Name(StringNode.Of(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host), $"{at}.host", NameRules.Subdomain);
            }

            foreach ((Node path, string where) in Checks.Each(rule.At("http", "paths"), $"{at}.http.paths"))
            {
                Path(check, path, where);
            }
        }
    }

    public static void Policy(Checks check, MapNode node)
    {
        check.Selector(node.At("spec", "podSelector"), "spec.podSelector");
        foreach ((string direction, string peers) in ((string, string)[])[("ingress", "from"), ("egress", "to")])
        {
            foreach ((Node rule, string at) in Checks.Each(node.At("spec", direction), $"spec.{direction}"))
            {
                foreach ((Node peer, string where) in Checks.Each(rule[peers], $"{at}.{peers}"))
                {
                    check.Cidr(peer.At("ipBlock", "cidr"), $"{where}.ipBlock.cidr");
                    check.Selector(peer["podSelector"], $"{where}.podSelector");
                    check.Selector(peer["namespaceSelector"], $"{where}.namespaceSelector");
                }
            }
        }
    }

    public static void EndpointSlice(Checks check, MapNode node)
    {
        check.Require(node["addressType"], "addressType");
        check.OneOf(node["addressType"] is StringNode { Value: "" } ? null : node["addressType"], "addressType", "FQDN", "IPv4", "IPv6");
        foreach ((Node endpoint, string at) in Checks.Each(node["endpoints"], "endpoints"))
        {
            check.Require(endpoint["addresses"], $"{at}.addresses", "must contain at least 1 address");
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

        check.Port(port["port"], $"{path}.port");
        check.OneOf(port["protocol"], $"{path}.protocol", "SCTP", "TCP", "UDP");
        check.Port(port["targetPort"], $"{path}.targetPort");
    }

    private static void Path(Checks check, Node path, string where)
    {
        string type = path["pathType"]?.AsString() ?? string.Empty;
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{where}.pathType", "pathType must be specified"));
        }
        else
        {
            check.OneOf(path["pathType"], $"{where}.pathType", "Exact", "ImplementationSpecific", "Prefix");
        }

        string text = path["path"]?.AsString() ?? string.Empty;
        if (type is "Exact" or "Prefix" && !text.StartsWith('/'))
        {
            check.Add(FieldError.Invalid($"{where}.path", text, "must be an absolute path"));
        }

        Backend(check, path["backend"], $"{where}.backend");
    }

    private static void Backend(Checks check, Node? backend, string path)
    {
        if (backend?["service"] is not { } service)
        {
            if (backend?["resource"] is null)
            {
                check.Add(FieldError.Required(path, "exactly one of `service` or `resource` must be specified"));
            }

            return;
        }

        check.Require(service["name"], $"{path}.service.name");
        if (service["port"]?["number"] is null or IntegerNode { Value: 0 } && service["port"]?["name"]?.AsString() is null or "")
        {
            check.Add(FieldError.Required($"{path}.service.port", "port name or number is required"));
        }
        else
        {
            check.Port(service["port"]?["number"], $"{path}.service.port.number");
        }
    }
}
