using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Roles and their bindings (rbac.authorization.k8s.io).</summary>
internal static class RightsRules
{
    public static void Role(Checks check, MapNode node, bool namespaced)
    {
        foreach ((Node rule, string at) in Checks.Each(node["rules"], "rules"))
        {
            check.Require(rule["verbs"], $"{at}.verbs", "verbs must contain at least one value");
            if (rule["nonResourceURLs"] is ListNode { Count: > 0 } paths)
            {
                if (namespaced)
                {
                    check.Add(FieldError.Invalid($"{at}.nonResourceURLs", paths, "namespaced rules cannot apply to non-resource URLs"));
                }

                if (rule["apiGroups"] is ListNode { Count: > 0 } || rule["resources"] is ListNode { Count: > 0 } || rule["resourceNames"] is ListNode { Count: > 0 })
                {
                    check.Add(FieldError.Invalid($"{at}.nonResourceURLs", paths, "rules cannot apply to both regular resources and non-resource URLs"));
                }

                continue;
            }

            check.Require(rule["apiGroups"], $"{at}.apiGroups", "resource rules must supply at least one api group");
            check.Require(rule["resources"], $"{at}.resources", "resource rules must supply at least one resource");
        }
    }

    /// <summary>Rules that come from other roles name those roles by labels.</summary>
    public static void Aggregation(Checks check, MapNode node)
    {
        if (node["aggregationRule"] is not MapNode aggregation)
        {
            return;
        }

        if (aggregation["clusterRoleSelectors"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("aggregationRule.clusterRoleSelectors", "at least one clusterRoleSelector required if aggregationRule is non-nil"));
        }

        foreach ((Node selector, string at) in Checks.Each(aggregation["clusterRoleSelectors"], "aggregationRule.clusterRoleSelectors"))
        {
            int before = check.Errors.Count;
            check.Selector(selector, at);
            if (check.Errors.Count > before)
            {
                check.Add(FieldError.Invalid(at, selector, "invalid label selector."));
            }
        }
    }

    public static void Binding(Checks check, MapNode node, bool namespaced)
    {
        if (node.At("roleRef", "apiGroup")?.AsString() is { } group && group != "rbac.authorization.k8s.io")
        {
            check.Add(FieldError.NotSupported("roleRef.apiGroup", group, "rbac.authorization.k8s.io"));
        }

        string kind = node.At("roleRef", "kind")?.AsString() ?? string.Empty;
        string[] kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
        if (!kinds.Contains(kind))
        {
            check.Add(FieldError.NotSupported("roleRef.kind", kind, kinds));
        }

        check.RequireName(node.At("roleRef", "name"), "roleRef.name", NameRules.PathSegment);
        foreach ((Node subject, string at) in Checks.Each(node["subjects"], "subjects"))
        {
            Subject(check, subject, at, namespaced);
        }
    }

    private static void Subject(Checks check, Node subject, string path, bool namespaced)
    {
        check.Require(subject["name"], $"{path}.name");
        string group = subject["apiGroup"]?.AsString() ?? string.Empty;
        switch (subject["kind"]?.AsString())
        {
            case "ServiceAccount":
                check.NameIfSet(subject["name"], $"{path}.name", NameRules.Subdomain);
                if (group.Length > 0)
                {
                    check.Add(FieldError.NotSupported($"{path}.apiGroup", group, string.Empty));
                }

                if (!namespaced)
                {
                    check.Require(subject["namespace"], $"{path}.namespace");
                }

                break;
            case "User" or "Group":
                if (group != "rbac.authorization.k8s.io")
                {
                    check.Add(FieldError.NotSupported($"{path}.apiGroup", group, "rbac.authorization.k8s.io"));
                }

                break;
            default:
                check.Add(FieldError.NotSupported($"{path}.kind", subject["kind"] ?? StringNode.Empty, "ServiceAccount", "User", "Group"));
                break;
        }
    }
}
