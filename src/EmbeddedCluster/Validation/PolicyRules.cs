using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Budgets, quotas, limits and priorities; autoscalers are <see cref="AutoscalerRules"/>'.</summary>
internal static class PolicyRules
{
    private const string NotCountedText = "unsupported scope applied to resource";
    private static readonly string[] SystemClasses = ["system-node-critical", "system-cluster-critical"];
    private static readonly string[] Scopes = ["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass"];

    public static void Budget(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["minAvailable"] is not null && spec["maxUnavailable"] is not null)
        {
            check.Add(FieldError.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
        }

        foreach (string bound in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            check.IntOrPercent(spec?[bound], $"spec.{bound}");
            check.AtMostAll(spec?[bound], $"spec.{bound}");
        }

        check.Selector(spec?["selector"], "spec.selector");
        check.OneOf(spec?["unhealthyPodEvictionPolicy"], "spec.unhealthyPodEvictionPolicy", "AlwaysAllow", "IfHealthyBudget");
    }

    public static void Quota(Checks check, MapNode node)
    {
        foreach ((string resource, Node amount, string at) in Checks.Members(node.At("spec", "hard"), "spec.hard"))
        {
            ResourceRules.QuotaName(check, resource, at);
            ResourceRules.Value(check, resource, amount, at);
        }

        string[] counted = [.. (node.At("spec", "hard") as MapNode ?? []).Keys.Where(name => ResourceRules.QuotaResources().IsMatch(name)).Order(StringComparer.Ordinal)];
        if (node.At("spec", "scopes") is ListNode { Count: > 0 } scopes)
        {
            QuotaScopes(check, scopes, counted);
        }

        if (node.At("spec", "scopeSelector") is MapNode selector)
        {
            ScopeSelector(check, selector, counted, node.At("spec", "scopes"));
        }
    }

    public static void QuotaStatus(Checks check, MapNode node)
    {
        foreach (string part in (ReadOnlySpan<string>)["hard", "used"])
        {
            foreach ((string resource, Node amount, string at) in Checks.Members(node.At("status", part), $"status.{part}"))
            {
                ResourceRules.QuotaName(check, resource, at);
                ResourceRules.Value(check, resource, amount, at);
            }
        }
    }

    private static void QuotaScopes(Checks check, ListNode scopes, string[] counted)
    {
        foreach (string scope in scopes.Select(Checks.Text))
        {
            if (!Scopes.Contains(scope))
            {
                check.Add(FieldError.Invalid("spec.scopes", scopes, "unsupported scope"));
            }

            foreach (string _ in counted.Where(name => !Counts(scope, name)))
            {
                check.Add(FieldError.Invalid("spec.scopes", scopes, NotCountedText));
            }
        }

        Conflicting(check, [.. scopes.Select(Checks.Text)], scopes);
    }

    private static void Conflicting(Checks check, string[] scopes, Node? shown)
    {
        foreach ((string one, string other) in ((string, string)[])[("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")])
        {
            if (scopes.Contains(one) && scopes.Contains(other))
            {
                check.Add(FieldError.Invalid("spec.scopes", shown, "conflicting scopes"));
            }
        }
    }

    private static void ScopeSelector(Checks check, MapNode selector, string[] counted, Node? scopes)
    {
        const string At = "spec.scopeSelector.matchExpressions";
        ListNode expressions = selector["matchExpressions"]?.AsList() ?? [];
        foreach (Node expression in expressions)
        {
            string scope = Checks.Text(expression["scopeName"]);
            string op = Checks.Text(expression["operator"]);
            if (!Scopes.Contains(scope))
            {
                check.Add(FieldError.Invalid($"{At}.scopeName", scope, "unsupported scope"));
            }

            foreach (string _ in counted.Where(name => !Counts(scope, name)))
            {
                check.Add(FieldError.Invalid(At, selector, NotCountedText));
            }

            if (scope is not ("PriorityClass" or "VolumeAttributesClass") && Scopes.Contains(scope) && op != "Exists")
            {
                check.Add(FieldError.Invalid($"{At}.operator", op, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"));
            }

            bool values = expression["values"] is ListNode { Count: > 0 };
            switch (op)
            {
                case "In" or "NotIn":
                    if (!values)
                    {
                        check.Add(FieldError.Required($"{At}.values", "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
                    }

                    break;
                case "Exists" or "DoesNotExist":
                    if (values)
                    {
                        check.Add(FieldError.Invalid($"{At}.values", expression["values"], "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
                    }

                    break;
                default:
                    check.Add(FieldError.Invalid($"{At}.operator", op, "not a valid selector operator"));
                    break;
            }
        }

        Conflicting(check, [.. expressions.Select(expression => Checks.Text(expression["scopeName"]))], scopes ?? Node.Null);
    }

    /// <summary>Whether a quota of this scope can count such a resource.</summary>
    private static bool Counts(string scope, string name) => scope switch
    {
        "BestEffort" => name == "pods",
        "Terminating" or "NotTerminating" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity" => name is "pods" or "cpu" or "memory" or "limits.cpu" or "limits.memory" or "requests.cpu" or "requests.memory",
        "VolumeAttributesClass" => name is "persistentvolumeclaims" or "requests.storage",
        _ => true,
    };

    public static void QuotaUpdate(Checks check, MapNode node, MapNode live) => check.Immutable(node.At("spec", "scopes"), live.At("spec", "scopes"), "spec.scopes", Node.Null);

    public static void Limits(Checks check, MapNode node)
    {
        HashSet<string> types = new(StringComparer.Ordinal);
        foreach ((Node limit, string at) in Checks.Each(node.At("spec", "limits"), "spec.limits"))
        {
            string type = limit["type"]?.AsString() ?? string.Empty;
            check.Name(limit["type"], $"{at}.type", NameRules.QualifiedName);
            if (type.Length > 0 && !type.Contains('/', StringComparison.Ordinal) && !NameRules.QualifiedName(type).Any() && type is not ("Pod" or "Container" or "PersistentVolumeClaim"))
            {
                check.Add(FieldError.Invalid($"{at}.type", type, "must be a standard limit type or fully qualified"));
            }

            if (!types.Add(type))
            {
                check.Add(FieldError.Duplicate($"{at}.type", type));
            }

            LimitItem(check, limit, at, type);
        }
    }

    private static void LimitItem(Checks check, Node limit, string path, string type)
    {
        foreach (string part in (ReadOnlySpan<string>)["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"])
        {
            if (type == "Pod" && (part is "default" or "defaultRequest"))
            {
                if (limit[part] is MapNode { Count: > 0 })
                {
                    check.Add(FieldError.Forbidden($"{path}.{part}", "may not be specified when `type` is 'Pod'"));
                }

                continue;
            }

            foreach ((string name, Node _, string at) in Checks.Members(limit[part], $"{path}.{part}"))
            {
                if (type is "Pod" or "Container")
                {
                    ResourceRules.ContainerName(check, name, at);
                }
                else
                {
                    ResourceRules.Name(check, name, at);
                }
            }
        }

        if (type == "PersistentVolumeClaim" && limit.At("min", "storage") is null && limit.At("max", "storage") is null)
        {
            check.Add(FieldError.Required($"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"));
        }

        string[] names = [.. ((string[])["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"]).SelectMany(part => (limit[part] as MapNode ?? []).Keys).Distinct().Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            Order(check, limit, path, name);
        }
    }

    private static void Order(Checks check, Node limit, string path, string name)
    {
        void Above(string left, string leftWords, string right, string rightWords, string field, string shown)
        {
            if (limit[left]?[name] is { } low && limit[right]?[name] is { } high && Quantity.TryParse(low.AsString(), out Quantity least) && Quantity.TryParse(high.AsString(), out Quantity most) && least > most)
            {
                check.Add(FieldError.Invalid($"{path}.{field}[{name}]", limit[shown]![name], $"{leftWords} value {low.AsString()} is greater than {rightWords} value {high.AsString()}"));
            }
        }

        Above("min", "min", "max", "max", "min", "min");
        Above("min", "min", "defaultRequest", "default request", "defaultRequest", "defaultRequest");
        Above("defaultRequest", "default request", "max", "max", "defaultRequest", "defaultRequest");
        Above("defaultRequest", "default request", "default", "default limit", "defaultRequest", "defaultRequest");
        Above("min", "min", "default", "default", "default", "min");
        Above("default", "default", "max", "max", "default", "max");
        if (limit["maxLimitRequestRatio"]?[name] is { } ratio && Quantity.TryParse(ratio.AsString(), out Quantity amount) && amount < Quantity.Of(1))
        {
            check.Add(FieldError.Invalid($"{path}.maxLimitRequestRatio[{name}]", ratio, $"ratio {ratio.AsString()} is less than 1"));
        }

        Ratio(check, limit, path, name);
        if (!ResourceRules.CanOvercommit(name) && limit["default"]?[name] is { } given && limit["defaultRequest"]?[name] is { } asked && Quantity.Of(given) != Quantity.Of(asked))
        {
            check.Add(FieldError.Invalid($"{path}.defaultRequest[{name}]", asked, $"default value {given.AsString()} must equal to defaultRequest value {asked.AsString()} in {name}"));
        }
    }

    private static void Ratio(Checks check, Node limit, string path, string name)
    {
        if (limit["maxLimitRequestRatio"]?[name] is not { } ratio || limit["min"]?[name] is not { } least || limit["max"]?[name] is not { } most)
        {
            return;
        }

        double allowed = Quantity.Of(most).ToDouble() / Quantity.Of(least).ToDouble();
        if (Quantity.Of(ratio).ToDouble() > allowed)
        {
            string shown = double.IsPositiveInfinity(allowed) ? "+Inf" : double.IsNegativeInfinity(allowed) ? "-Inf" : double.IsNaN(allowed) ? "NaN" : allowed.ToString("F6", System.Globalization.CultureInfo.InvariantCulture);
            check.Add(FieldError.Invalid($"{path}.maxLimitRequestRatio[{name}]", ratio, $"ratio {ratio.AsString()} is greater than max/min = {shown}"));
        }
    }

    public static void PriorityClass(Checks check, MapNode node)
    {
        string name = node.At("metadata", "name")?.AsString() ?? string.Empty;
        if (name.StartsWith("system-", StringComparison.Ordinal))
        {
            if (!SystemClasses.Contains(name))
            {
                check.Add(FieldError.Forbidden("metadata.name", $"priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"));
            }
        }
        else if ((node["value"]?.AsInteger() ?? 0) > 1_000_000_000)
        {
            check.Add(FieldError.Forbidden("value", "maximum allowed value of a user defined priority is 1000000000"));
        }

        check.Choice(node["preemptionPolicy"], "preemptionPolicy", "PreemptLowerPriority", "Never");
    }

    public static void PriorityClassUpdate(Checks check, MapNode node, MapNode live)
    {
        if (!Node.DeepEquals(node["value"], live["value"]))
        {
            check.Add(FieldError.Forbidden("value", "may not be changed in an update."));
        }

        check.Immutable(node["preemptionPolicy"], live["preemptionPolicy"], "preemptionPolicy");
    }
}
