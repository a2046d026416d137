using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Rights, classes, leases, definitions.</summary>
internal static class OtherRules
{
    private static readonly string[] SystemClasses = ["system-node-critical", "system-cluster-critical"];

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

                continue;
            }

            check.Require(rule["apiGroups"], $"{at}.apiGroups", "resource rules must supply at least one api group");
            check.Require(rule["resources"], $"{at}.resources", "resource rules must supply at least one resource");
        }
    }

    public static void Binding(Checks check, MapNode node, bool namespaced)
    {
        if (namespaced)
        {
            check.OneOf(node.At("roleRef", "kind"), "roleRef.kind", "Role", "ClusterRole");
        }
        else
        {
            check.OneOf(node.At("roleRef", "kind"), "roleRef.kind", "ClusterRole");
        }

        check.Require(node.At("roleRef", "name"), "roleRef.name");
        foreach ((Node subject, string at) in Checks.Each(node["subjects"], "subjects"))
        {
            check.Require(subject["name"], $"{at}.name");
            check.OneOf(subject["kind"], $"{at}.kind", "ServiceAccount", "User", "Group");
            if (subject["kind"]?.AsString() == "ServiceAccount" && !namespaced)
            {
                check.Require(subject["namespace"], $"{at}.namespace");
            }
        }
    }

    public static void StorageClass(Checks check, MapNode node)
    {
        check.Require(node["provisioner"], "provisioner");
        check.OneOf(node["reclaimPolicy"], "reclaimPolicy", "Delete", "Retain");
        check.OneOf(node["volumeBindingMode"], "volumeBindingMode", "Immediate", "WaitForFirstConsumer");
    }

    public static void PriorityClass(Checks check, MapNode node)
    {
        string name = node.At("metadata", "name")?.AsString() ?? string.Empty;
        if (name.StartsWith("system-", StringComparison.Ordinal) && !SystemClasses.Contains(name))
        {
            check.Add(FieldError.Forbidden("metadata.name", $"priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"));
        }
        else if ((node["value"]?.AsInteger() ?? 0) > 1_000_000_000 && !SystemClasses.Contains(name))
        {
            check.Add(FieldError.Forbidden("value", "maximum allowed value of a user defined priority is 1000000000"));
        }
    }

    public static void Lease(Checks check, MapNode node)
    {
        if (node.At("spec", "leaseDurationSeconds")?.AsInteger() is { } duration and <= 0)
        {
            check.Add(FieldError.Invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"));
        }

        check.NotNegative(node.At("spec", "leaseTransitions"), "spec.leaseTransitions");
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "storageclasses.storage.k8s.io":
                check.Immutable(node["parameters"], live["parameters"], "parameters");
                check.Immutable(node["provisioner"], live["provisioner"], "provisioner");
                check.Immutable(node["volumeBindingMode"], live["volumeBindingMode"], "volumeBindingMode");
                break;
            case "priorityclasses.scheduling.k8s.io" when !Node.DeepEquals(node["value"], live["value"]):
                check.Add(FieldError.Forbidden("value", "may not be changed in an update."));
                break;
            case "ingressclasses.networking.k8s.io":
                check.Immutable(node.At("spec", "controller"), live.At("spec", "controller"), "spec.controller");
                break;
            case "runtimeclasses.node.k8s.io":
                check.Immutable(node["handler"], live["handler"], "handler");
                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io" when !Node.DeepEquals(node["roleRef"], live["roleRef"]):
                check.Add(FieldError.Invalid("roleRef", node["roleRef"], "cannot change roleRef"));
                break;
            default:
                break;
        }
    }
}
