using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Budgets, autoscalers, quotas, limits and priorities.</summary>
internal static class PolicyRules
{
    private static readonly string[] MetricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
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

    public static void Autoscaler(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        long most = spec?["maxReplicas"]?.AsInteger() ?? 0;
        if (spec?["minReplicas"]?.AsInteger() is { } least and < 1)
        {
            check.Add(FieldError.Invalid("spec.minReplicas", least, "must be greater than or equal to 1"));
        }

        if (most < 1)
        {
            check.Add(FieldError.Required("spec.maxReplicas", "must be set and greater than 0"));
        }

        if (spec?["minReplicas"]?.AsInteger() is { } minimum && most < minimum)
        {
            check.Add(FieldError.Invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
        }

        Target(check, spec?["scaleTargetRef"], "spec.scaleTargetRef");
        foreach ((Node metric, string at) in Checks.Each(spec?["metrics"], "spec.metrics"))
        {
            Metric(check, metric, at);
        }

        if (spec?["targetCPUUtilizationPercentage"]?.AsInteger() is { } percent and < 1)
        {
            check.Add(FieldError.Invalid("spec.targetCPUUtilizationPercentage", percent, Checks.PositiveText));
        }

        foreach (string direction in (ReadOnlySpan<string>)["scaleUp", "scaleDown"])
        {
            Scaling(check, spec?.At("behavior", direction), $"spec.behavior.{direction}");
        }
    }

    /// <param name="mayBeCore">Any object can be described by a metric; only one kind of the core group can be scaled.</param>
    private static void Target(Checks check, Node? target, string path, bool mayBeCore = false)
    {
        string kind = target?["kind"]?.AsString() ?? string.Empty;
        check.RequireName(target?["kind"], $"{path}.kind", NameRules.PathSegment);
        check.RequireName(target?["name"], $"{path}.name", NameRules.PathSegment);
        string version = target?["apiVersion"]?.AsString() ?? string.Empty;
        if (version.Split('/').Length > 2)
        {
            check.Add(FieldError.Invalid($"{path}.apiVersion", version, $"unexpected GroupVersion string: {version}"));
        }
        else if (!version.Contains('/', StringComparison.Ordinal) && !mayBeCore && kind != "ReplicationController")
        {
            check.Add(FieldError.Invalid($"{path}.apiVersion", version, "apiVersion must specify API group"));
        }
    }

    private static void Metric(Checks check, Node metric, string path)
    {
        string type = metric["type"]?.AsString() ?? string.Empty;
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.type", "must specify a metric source type"));
            return;
        }

        if (!MetricTypes.Contains(type))
        {
            check.Add(FieldError.NotSupported($"{path}.type", type, MetricTypes));
            return;
        }

        string member = char.ToLowerInvariant(type[0]) + type[1..];
        foreach (string second in (metric as MapNode ?? []).Keys.Where(key => key != "type" && key != member))
        {
            check.Add(FieldError.Forbidden($"{path}.{second}", "must populate the given metric source only"));
        }

        if (metric[member] is not MapNode source)
        {
            check.Add(FieldError.Required($"{path}.{member}", "must populate information for the given metric source"));
            return;
        }

        string at = $"{path}.{member}";
        switch (type)
        {
            case "Resource" or "ContainerResource":
                check.Require(source["name"], $"{at}.name", "must specify a resource name");
                if (type == "ContainerResource")
                {
                    check.Require(source["container"], $"{at}.container", "must specify a container");
                }

                Amounts(check, source["target"], $"{at}.target", "averageUtilization", "averageValue");
                break;
            case "Object":
                Target(check, source["describedObject"], $"{at}.describedObject", mayBeCore: true);
                Identifier(check, source["metric"], $"{at}.metric");
                Amounts(check, source["target"], $"{at}.target", "value", "averageValue");
                break;
            case "Pods":
                Identifier(check, source["metric"], $"{at}.metric");
                Amounts(check, source["target"], $"{at}.target", "averageValue", string.Empty);
                break;
            default:
                Identifier(check, source["metric"], $"{at}.metric");
                Amounts(check, source["target"], $"{at}.target", "value", "averageValue");
                break;
        }
    }

    private static void Identifier(Checks check, Node? metric, string path) => check.RequireName(metric?["name"], $"{path}.name", NameRules.PathSegment);

    private static void Amounts(Checks check, Node? target, string path, string one, string other)
    {
        check.Choice(target?["type"], $"{path}.type", "AverageValue", "Utilization", "Value");
        bool first = target?[one] is { IsNull: false };
        bool second = other.Length > 0 && target?[other] is { IsNull: false };
        if (!first && !second)
        {
            check.Add(other.Length == 0
                ? FieldError.Required($"{path}.{one}", "must specify a positive target averageValue")
                : FieldError.Required($"{path}.{one}", one == "averageUtilization" ? "must set either a target raw value or a target utilization" : "must set either a target value for metric or a per-pod target"));
        }
        else if (first && second)
        {
            check.Add(FieldError.Forbidden($"{path}.{other}", one == "averageUtilization" ? "may not set both a target raw value and a target utilization" : "may not set both a target value for metric and a per-pod target"));
        }

        foreach (string name in (ReadOnlySpan<string>)["averageUtilization", "averageValue", "value"])
        {
            if (target?[name] is { IsNull: false } amount && Quantity.TryParse(amount.AsString() ?? amount.ToString(), out Quantity quantity) && quantity.Sign <= 0)
            {
                check.Add(FieldError.Invalid($"{path}.{name}", amount, name == "averageUtilization" ? Checks.PositiveText : "must be positive"));
            }
        }
    }

    private static void Scaling(Checks check, Node? rules, string path)
    {
        if (rules is not MapNode)
        {
            return;
        }

        check.NotNegative(rules["stabilizationWindowSeconds"], $"{path}.stabilizationWindowSeconds");
        if (rules["stabilizationWindowSeconds"]?.AsInteger() is { } window and > 3600)
        {
            check.Add(FieldError.Invalid($"{path}.stabilizationWindowSeconds", window, "must be less than or equal to 3600"));
        }

        check.OneOf(rules["selectPolicy"], $"{path}.selectPolicy", "Disabled", "Max", "Min");
        check.Require(rules["policies"], $"{path}.policies", "must specify at least one Policy");
        foreach ((Node policy, string at) in Checks.Each(rules["policies"], $"{path}.policies"))
        {
            check.OneOf(policy["type"], $"{at}.type", "Percent", "Pods");
            check.Positive(policy["value"] ?? IntegerNode.Of(0), $"{at}.value");
            check.Positive(policy["periodSeconds"] ?? IntegerNode.Of(0), $"{at}.periodSeconds");
            if (policy["periodSeconds"]?.AsInteger() is { } period and > 1800)
            {
                check.Add(FieldError.Invalid($"{at}.periodSeconds", period, "must be less than or equal to 1800"));
            }
        }
    }

    public static void Quota(Checks check, MapNode node)
    {
        foreach ((string resource, Node amount, string at) in Checks.Members(node.At("spec", "hard"), "spec.hard"))
        {
            ResourceRules.QuotaName(check, resource, at);
            ResourceRules.Value(check, resource, amount, at);
        }

        foreach ((Node scope, string _) in Checks.Each(node.At("spec", "scopes"), "spec.scopes"))
        {
            if (!Scopes.Contains(scope.AsString()))
            {
                check.Add(FieldError.Invalid("spec.scopes", node.At("spec", "scopes"), "unsupported scope"));
            }
        }
    }

    public static void QuotaUpdate(Checks check, MapNode node, MapNode live) => check.Immutable(node.At("spec", "scopes"), live.At("spec", "scopes"), "spec.scopes");

    public static void Limits(Checks check, MapNode node)
    {
        HashSet<string> types = new(StringComparer.Ordinal);
        foreach ((Node limit, string at) in Checks.Each(node.At("spec", "limits"), "spec.limits"))
        {
            string type = limit["type"]?.AsString() ?? string.Empty;
            foreach (string wrong in NameRules.QualifiedName(type))
            {
                check.Add(FieldError.Invalid($"{at}.type", type, wrong));
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
            foreach ((string name, Node _, string at) in Checks.Members(limit[part], $"{path}.{part}"))
            {
                ResourceRules.Name(check, name, at);
            }
        }

        if (type == "Pod")
        {
            foreach (string part in (ReadOnlySpan<string>)["default", "defaultRequest"])
            {
                if (limit[part] is MapNode { Count: > 0 })
                {
                    check.Add(FieldError.Forbidden($"{path}.{part}", "may not be specified when `type` is 'Pod'"));
                }
            }
        }

        string[] names = [.. ((string[])["max", "min", "default", "defaultRequest"]).SelectMany(part => (limit[part] as MapNode ?? []).Keys).Distinct().Order(StringComparer.Ordinal)];
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

        check.OneOf(node["preemptionPolicy"], "preemptionPolicy", "Never", "PreemptLowerPriority");
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
