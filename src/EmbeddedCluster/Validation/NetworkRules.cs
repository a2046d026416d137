using System.Net;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Ingresses, policies, endpoints and their kin; services are <see cref="ServiceRules"/>'.</summary>
internal static class NetworkRules
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";
    internal static readonly string[] Protocols = ["SCTP", "TCP", "UDP"];

    public static void Ingress(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["defaultBackend"] is null && spec?["rules"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Invalid("spec", spec is MapNode { Count: > 0 } ? spec : null, "either `defaultBackend` or `rules` must be specified"));
        }

        foreach ((Node item, string at) in Checks.Each(spec?["tls"], "spec.tls"))
        {
            foreach ((Node host, string where) in Checks.Each(item["hosts"], $"{at}.hosts"))
            {
                check.Name(host, where, Checks.Text(host).Contains('*', StringComparison.Ordinal) ? NameRules.Wildcard : NameRules.Subdomain);
            }

            check.NameIfSet(item["secretName"], $"{at}.secretName", NameRules.Subdomain);
        }

        if (spec?["defaultBackend"] is { } backend)
        {
            Backend(check, backend, "spec.defaultBackend");
        }

        foreach ((Node rule, string at) in Checks.Each(spec?["rules"], "spec.rules"))
        {
            Rule(check, rule, at);
        }

        if (spec?["ingressClassName"] is StringNode named)
        {
            check.Name(named, "spec.ingressClassName", NameRules.Subdomain);
        }
    }

    /// <summary>The class is named once: by the field or by the annotation that came before it.</summary>
    public static void NewIngress(Checks check, MapNode node)
    {
        string annotated = node.At("metadata", "annotations", ClassAnnotation)?.AsString() ?? string.Empty;
        string named = node.At("spec", "ingressClassName")?.AsString() ?? string.Empty;
        if (annotated.Length > 0 && named.Length > 0 && annotated != named)
        {
            check.Add(FieldError.Invalid($"annotations.{ClassAnnotation}", annotated, "must match `ingressClassName` when both are specified"));
        }
    }

    private static void Host(Checks check, Node host, string path)
    {
        string text = host.AsString() ?? string.Empty;
        if (IPAddress.TryParse(text, out _))
        {
            check.Add(FieldError.Invalid(path, text, "must be a DNS name, not an IP address"));
        }

        check.NameIfSet(host, path, text.Contains('*', StringComparison.Ordinal) ? NameRules.Wildcard : NameRules.Subdomain);
    }

    private static void Rule(Checks check, Node rule, string path)
    {
        if (rule["host"] is StringNode { Value.Length: > 0 } host)
        {
            Host(check, host, $"{path}.host");
        }

        if (rule["http"] is MapNode http && http["paths"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.http.paths"));
        }

        foreach ((Node item, string where) in Checks.Each(rule.At("http", "paths"), $"{path}.http.paths"))
        {
            Path(check, item, where);
        }
    }

    private static void Path(Checks check, Node path, string where)
    {
        string type = path["pathType"]?.AsString() ?? string.Empty;
        if (path["pathType"] is null)
        {
            check.Add(FieldError.Required($"{where}.pathType", "pathType must be specified"));
            return;
        }

        string text = path["path"]?.AsString() ?? string.Empty;
        switch (type)
        {
            case "Exact" or "Prefix":
                if (!text.StartsWith('/'))
                {
                    check.Add(FieldError.Invalid($"{where}.path", text, "must be an absolute path"));
                }

                InvalidSequences(check, text, $"{where}.path");
                break;
            case "ImplementationSpecific":
                if (text.Length > 0 && !text.StartsWith('/'))
                {
                    check.Add(FieldError.Invalid($"{where}.path", text, "must be an absolute path"));
                }

                break;
            default:
                check.Add(FieldError.NotSupported($"{where}.pathType", type, "Exact", "ImplementationSpecific", "Prefix"));
                break;
        }

        Backend(check, path["backend"], $"{where}.backend");
    }

    private static void InvalidSequences(Checks check, string text, string path)
    {
        foreach (string sequence in (ReadOnlySpan<string>)["//", "/./", "/../", "%2f", "%2F"])
        {
            if (text.Contains(sequence, StringComparison.Ordinal))
            {
                check.Add(FieldError.Invalid(path, text, $"must not contain '{sequence}'"));
            }
        }

        foreach (string suffix in (ReadOnlySpan<string>)["/..", "/."])
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                check.Add(FieldError.Invalid(path, text, $"cannot end with '{suffix}'"));
            }
        }
    }

    private static void Backend(Checks check, Node? backend, string path)
    {
        bool resource = backend?["resource"] is MapNode;
        if (backend?["service"] is not MapNode service)
        {
            if (!resource)
            {
                check.Add(FieldError.Invalid(path, string.Empty, "resource or service backend is required"));
            }
            else
            {
                Reference(check, backend!["resource"]!, $"{path}.resource");
            }

            return;
        }

        if (resource)
        {
            check.Add(FieldError.Invalid(path, string.Empty, "cannot set both resource and service backends"));
            return;
        }

        check.RequireName(service["name"], $"{path}.service.name", NameRules.Label1035);
        bool named = service["port"]?["name"]?.AsString() is { Length: > 0 };
        bool numbered = service["port"]?["number"]?.AsInteger() is not (null or 0);
        if (named && numbered)
        {
            check.Add(FieldError.Invalid(path, string.Empty, "cannot set both port name & port number"));
        }
        else if (named)
        {
            check.Name(service["port"]!["name"], $"{path}.service.port.name", NameRules.PortName);
        }
        else if (numbered)
        {
            check.Port(service["port"]!["number"], $"{path}.service.port.number");
        }
        else
        {
            check.Add(FieldError.Required(path, "port name or number is required"));
        }
    }

    /// <summary>An object that an Ingress or its class points to.</summary>
    private static void Reference(Checks check, Node reference, string path)
    {
        if (reference["apiGroup"] is StringNode group)
        {
            check.Name(group, $"{path}.apiGroup", NameRules.Subdomain);
        }

        foreach (string part in (ReadOnlySpan<string>)["kind", "name"])
        {
            check.Require(reference[part], $"{path}.{part}", $"{part} is required");
            check.NameIfSet(reference[part], $"{path}.{part}", NameRules.PathSegment);
        }
    }

    public static void IngressClass(Checks check, MapNode node)
    {
        string controller = node.At("spec", "controller")?.AsString() ?? string.Empty;
        if (controller.Length == 0)
        {
            check.Add(FieldError.Required("spec.controller"));
        }
        else if (controller.Length > 250)
        {
            check.Add(FieldError.TooLong("spec.controller", 250));
        }
        else if (controller.Split('/', 2) is not [var domain, { Length: > 0 }] || NameRules.Subdomain(domain).Any())
        {
            check.Add(FieldError.Invalid("spec.controller", controller, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        }

        if (node.At("spec", "parameters") is not MapNode parameters)
        {
            return;
        }

        Reference(check, parameters, "spec.parameters");
        check.Choice(parameters["scope"], "spec.parameters.scope", "Cluster", "Namespace");
        if (parameters["scope"]?.AsString() == "Namespace")
        {
            check.Require(parameters["namespace"], "spec.parameters.namespace", "`parameters.scope` is set to 'Namespace'");
        }
        else if (parameters["namespace"] is not null)
        {
            check.Add(FieldError.Forbidden("spec.parameters.namespace", "`parameters.scope` is set to 'Cluster'"));
        }
    }

    public static void Policy(Checks check, MapNode node)
    {
        check.Selector(node.At("spec", "podSelector"), "spec.podSelector");
        foreach ((string direction, string peers) in ((string, string)[])[("ingress", "from"), ("egress", "to")])
        {
            foreach ((Node rule, string at) in Checks.Each(node.At("spec", direction), $"spec.{direction}"))
            {
                foreach ((Node port, string where) in Checks.Each(rule["ports"], $"{at}.ports"))
                {
                    PolicyPort(check, port, where);
                }

                foreach ((Node peer, string where) in Checks.Each(rule[peers], $"{at}.{peers}"))
                {
                    Peer(check, peer, where);
                }
            }
        }

        ListNode types = node.At("spec", "policyTypes")?.AsList() ?? [];
        if (types.Count > 2)
        {
            check.Add(FieldError.Invalid("spec.policyTypes", types, "may not specify more than two policyTypes"));
            return;
        }

        foreach ((Node type, string at) in Checks.Each(types, "spec.policyTypes"))
        {
            check.OneOf(type, at, "Ingress", "Egress");
        }
    }

    private static void PolicyPort(Checks check, Node port, string path)
    {
        check.OneOf(port["protocol"], $"{path}.protocol", "TCP", "UDP", "SCTP");
        if (port["port"] is { IsNull: false } number)
        {
            check.PortOrName(number, $"{path}.port");
        }

        if (port["endPort"]?.AsInteger() is not { } end)
        {
            return;
        }

        if (port["port"] is not IntegerNode first)
        {
            check.Add(port["port"] is null ? FieldError.Invalid($"{path}.endPort", end, "may not be specified when `port` is not specified") : FieldError.Invalid($"{path}.endPort", end, "may not be specified when `port` is non-numeric"));
            return;
        }

        if (end < first.Value)
        {
            check.Add(FieldError.Invalid($"{path}.endPort", end, "must be greater than or equal to `port`"));
        }

        check.Port(port["endPort"], $"{path}.endPort");
    }

    private static void Peer(Checks check, Node peer, string path)
    {
        int count = (peer as MapNode ?? []).Count;
        check.Selector(peer["podSelector"], $"{path}.podSelector");
        check.Selector(peer["namespaceSelector"], $"{path}.namespaceSelector");
        if (peer["ipBlock"] is MapNode block)
        {
            Block(check, block, $"{path}.ipBlock");
        }

        if (count == 0)
        {
            check.Add(FieldError.Required(path, "must specify a peer"));
        }
        else if (count > 1 && peer["ipBlock"] is MapNode)
        {
            check.Add(FieldError.Forbidden(path, "may not specify both ipBlock and another peer"));
        }
    }

    private static void Block(Checks check, MapNode block, string path)
    {
        string cidr = block["cidr"]?.AsString() ?? string.Empty;
        check.RequireName(block["cidr"], $"{path}.cidr", AddressRules.Cidr);
        foreach ((Node except, string at) in Checks.Each(block["except"], $"{path}.except"))
        {
            check.Name(except, at, AddressRules.Cidr);
            string inner = except.AsString() ?? string.Empty;
            if (IPNetwork.TryParse(cidr, out IPNetwork outer) && IPNetwork.TryParse(inner, out IPNetwork part) && (!outer.Contains(part.BaseAddress) || outer.PrefixLength >= part.PrefixLength))
            {
                check.Add(FieldError.Invalid(at, inner, "must be a strict subset of `cidr`"));
            }
        }
    }
}
