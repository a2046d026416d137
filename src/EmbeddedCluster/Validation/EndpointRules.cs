using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Endpoints and EndpointSlices.</summary>
internal static class EndpointRules
{
    public static void EndpointSlice(Checks check, MapNode node)
    {
        check.Choice(node["addressType"], "addressType", "FQDN", "IPv4", "IPv6");
        string type = node["addressType"]?.AsString() ?? string.Empty;
        ListNode endpoints = node["endpoints"]?.AsList() ?? [];
        if (endpoints.Count > 1000)
        {
            check.Add(FieldError.TooMany("endpoints", endpoints.Count, 1000));
            return;
        }

        foreach ((Node endpoint, string at) in Checks.Each(endpoints, "endpoints"))
        {
            check.Require(endpoint["addresses"], $"{at}.addresses", "must contain at least 1 address");
            foreach ((Node address, string where) in Checks.Each(endpoint["addresses"], $"{at}.addresses"))
            {
                SliceAddress(check, address, where, type);
            }

            foreach ((string member, Func<string, IEnumerable<string>> rule) in ((string, Func<string, IEnumerable<string>>)[])[("hostname", NameRules.Label), ("nodeName", NameRules.Subdomain)])
            {
                if (endpoint[member] is StringNode text)
                {
                    check.Name(text, $"{at}.{member}", rule);
                }
            }
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node port, string at) in Checks.Each(node["ports"], "ports"))
        {
            check.NameIfSet(port["name"], $"{at}.name", NameRules.Label);
            if (!names.Add(port["name"]?.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate($"{at}.name", port["name"] ?? StringNode.Empty));
            }

            check.OneOf(port["protocol"], $"{at}.protocol", NetworkRules.Protocols);
            if (port["appProtocol"] is StringNode application)
            {
                check.Name(application, $"{at}.appProtocol", NameRules.QualifiedName);
            }
        }
    }

    private static void SliceAddress(Checks check, Node address, string path, string type)
    {
        switch (type)
        {
            case "IPv4" or "IPv6":
                ServiceRules.ExternalAddress(check, address, path);
                bool four = address.AsString()?.Contains(':', StringComparison.Ordinal) == false;
                if (AddressRules.TryParse(address.AsString() ?? string.Empty, out _) && four != (type == "IPv4"))
                {
                    check.Add(FieldError.Invalid(path, address, $"must be an {type} address"));
                }

                break;
            case "FQDN":
                check.Name(address, path, NameRules.Subdomain);
                break;
            default:
                break;
        }
    }

    public static void Endpoints(Checks check, MapNode node)
    {
        foreach ((Node subset, string at) in Checks.Each(node["subsets"], "subsets"))
        {
            ListNode ports = subset["ports"]?.AsList() ?? [];
            if (subset["addresses"] is not ListNode { Count: > 0 } && subset["notReadyAddresses"] is not ListNode { Count: > 0 })
            {
                check.Add(FieldError.Required(at, "must specify `addresses` or `notReadyAddresses`"));
            }

            foreach (string list in (ReadOnlySpan<string>)["addresses", "notReadyAddresses"])
            {
                foreach ((Node address, string where) in Checks.Each(subset[list], $"{at}.{list}"))
                {
                    ServiceRules.ExternalAddress(check, address["ip"] ?? StringNode.Empty, $"{where}.ip");
                    if (!AddressRules.TryParse(Checks.Text(address["ip"]), out _))
                    {
                        check.Add(FieldError.Invalid($"{where}.ip", address["ip"] ?? StringNode.Empty, "must be a valid IP address"));
                    }

                    check.NameIfSet(address["hostname"], $"{where}.hostname", NameRules.Label);
                    if (address["nodeName"] is StringNode on)
                    {
                        check.Name(on, $"{where}.nodeName", NameRules.Subdomain);
                    }
                }
            }

            foreach ((Node port, string where) in Checks.Each(ports, $"{at}.ports"))
            {
                if (ports.Count > 1)
                {
                    check.Require(port["name"], $"{where}.name");
                }

                check.NameIfSet(port["name"], $"{where}.name", NameRules.Label);
                check.Between(port["port"] ?? IntegerNode.Of(0), $"{where}.port", 1, 65535);
                check.Choice(port["protocol"], $"{where}.protocol", NetworkRules.Protocols);
                if (port["appProtocol"] is StringNode application)
                {
                    check.Name(application, $"{where}.appProtocol", NameRules.QualifiedName);
                }
            }
        }
    }
}
