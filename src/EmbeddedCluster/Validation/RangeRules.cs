using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>ServiceCIDRs and the addresses that are taken from them.</summary>
internal static class RangeRules
{
    public static void Range(Checks check, MapNode node)
    {
        ListNode cidrs = node.At("spec", "cidrs")?.AsList() ?? [];
        string[] texts = [.. cidrs.Select(cidr => Checks.Text(cidr))];
        if (texts.Length == 0)
        {
            check.Add(FieldError.Required("spec.cidrs", "at least one CIDR required"));
        }
        else if (texts.Length > 2)
        {
            check.Add(FieldError.Invalid("spec.cidrs", node["spec"], "may only hold up to 2 values"));
        }
        else if (texts.Length == 2 && (!texts.All(AddressRules.IsCidr) || IsOfIPv6(texts[0]) == IsOfIPv6(texts[1])))
        {
            check.Add(FieldError.Invalid("spec.cidrs", node["spec"], "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"));
        }
        else
        {
            foreach ((Node cidr, string at) in Checks.Each(cidrs, "spec.cidrs"))
            {
                check.Name(cidr, at, AddressRules.Cidr);
            }
        }
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "servicecidrs.networking.k8s.io":
                RangeUpdate(check, node, live);
                break;
            case "ipaddresses.networking.k8s.io":
                check.Immutable(node.At("spec", "parentRef"), live.At("spec", "parentRef"), "spec.parentRef");
                break;
            default:
                break;
        }
    }

    /// <summary>A range stays; one of the other family can join it.</summary>
    private static void RangeUpdate(Checks check, MapNode node, MapNode live)
    {
        ListNode before = live.At("spec", "cidrs")?.AsList() ?? [];
        ListNode after = node.At("spec", "cidrs")?.AsList() ?? [];
        if (after.Count < before.Count)
        {
            check.Immutable(after, before, "spec.cidrs");
        }

        for (int i = 0; i < Math.Min(before.Count, after.Count); i++)
        {
            check.Immutable(after[i], before[i], $"spec.cidrs[{i}]");
        }
    }

    public static void Address(Checks check, MapNode node)
    {
        if (node.At("spec", "parentRef") is not MapNode parent)
        {
            check.Add(FieldError.Required("spec.parentRef"));
            return;
        }

        check.NameIfSet(parent["group"], "spec.parentRef.group", NameRules.Subdomain);
        check.RequireName(parent["resource"], "spec.parentRef.resource", NameRules.PathSegment);
        check.RequireName(parent["name"], "spec.parentRef.name", NameRules.PathSegment);
        check.NameIfSet(parent["namespace"], "spec.parentRef.namespace", NameRules.PathSegment);
    }

    private static bool IsOfIPv6(string cidr) => cidr.Contains(':', StringComparison.Ordinal);
}
