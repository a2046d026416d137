using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>HorizontalPodAutoscalers, in the members of either version.</summary>
internal static class AutoscalerRules
{
    private static readonly string[] MetricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    private static readonly string[] Sources = ["object", "external", "pods", "resource", "containerResource"];

    public static void Check(Checks check, MapNode node, MapNode? live)
    {
        Node? spec = node["spec"];
        long most = spec?["maxReplicas"]?.AsInteger() ?? 0;
        long? least = spec?["minReplicas"]?.AsInteger();
        if (least < 1)
        {
            check.Add(FieldError.Invalid("spec.minReplicas", least.Value, "must be greater than or equal to 1"));
        }

        if (most == 0)
        {
            check.Add(FieldError.Required("spec.maxReplicas", "must be set and greater than 0"));
        }
        else if (most < 0)
        {
            check.Add(FieldError.Invalid("spec.maxReplicas", most, Checks.PositiveText));
        }

        if (most < least)
        {
            check.Add(FieldError.Invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
        }

        Target(check, spec?["scaleTargetRef"], "spec.scaleTargetRef", mayBeCore: false, live?.At("spec", "scaleTargetRef"));
        foreach ((Node metric, string at) in Checks.Each(spec?["metrics"], "spec.metrics"))
        {
            Metric(check, metric, at);
        }

        if (least == 0 && !(spec?["metrics"]?.AsList() ?? []).Any(metric => Checks.Text(metric["type"]) is "Object" or "External"))
        {
            check.Add(FieldError.Forbidden("spec.metrics", "must specify at least one Object or External metric to support scaling to zero replicas"));
        }

        if (spec?["targetCPUUtilizationPercentage"]?.AsInteger() is { } percent and < 1)
        {
            check.Add(FieldError.Invalid("spec.metrics[0].resource.target.averageUtilization", percent, Checks.PositiveText));
        }

        foreach (string direction in (ReadOnlySpan<string>)["scaleUp", "scaleDown"])
        {
            Scaling(check, spec?.At("behavior", direction), $"spec.behavior.{direction}");
        }
    }

    /// <param name="mayBeCore">Any object can be described by a metric; only one kind of the core group can be scaled.</param>
    /// <param name="live">What the object pointed to before: an apiVersion that was let in stays allowed.</param>
    private static void Target(Checks check, Node? target, string path, bool mayBeCore, Node? live)
    {
        string kind = Checks.Text(target?["kind"]);
        check.RequireName(target?["kind"], $"{path}.kind", NameRules.PathSegment);
        check.RequireName(target?["name"], $"{path}.name", NameRules.PathSegment);
        string version = Checks.Text(target?["apiVersion"]);
        if (VersionProblem(version, mayBeCore || kind == "ReplicationController") is { } problem && (live is null || VersionProblem(Checks.Text(live["apiVersion"]), mayBeCore || Checks.Text(live["kind"]) == "ReplicationController") is null))
        {
            check.Add(FieldError.Invalid($"{path}.apiVersion", version, problem));
        }
    }

    private static string? VersionProblem(string version, bool mayBeCore) => version.Split('/') switch
    {
        { Length: > 2 } => $"unexpected GroupVersion string: {version}",
        [_] when !mayBeCore => "apiVersion must specify API group",
        ["", _] when !mayBeCore => "apiVersion must specify API group",
        _ => null,
    };

    private static void Metric(Checks check, Node metric, string path)
    {
        string type = Checks.Text(metric["type"]);
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.type", "must specify a metric source type"));
        }

        bool known = MetricTypes.Contains(type);
        if (!known)
        {
            // Upstream looks twice.
            check.Add(FieldError.NotSupported($"{path}.type", type, MetricTypes));
            check.Add(FieldError.NotSupported($"{path}.type", type, MetricTypes));
        }

        string[] present = [.. Sources.Where(source => metric[source] is MapNode)];
        if (present.Length > 0)
        {
            Source(check, present[0], metric[present[0]]!, $"{path}.{present[0]}");
        }

        string expected = known ? char.ToLowerInvariant(type[0]) + type[1..] : string.Empty;
        if (known && !present.Contains(expected))
        {
            check.Add(FieldError.Required($"{path}.{expected}", "must populate information for the given metric source"));
        }

        if (present.Length != 1)
        {
            foreach (string other in present.Where(source => source != expected))
            {
                check.Add(FieldError.Forbidden($"{path}.{other}", "must populate the given metric source only"));
            }
        }
    }

    private static void Source(Checks check, string kind, Node source, string path)
    {
        Node? target = source["target"];
        switch (kind)
        {
            case "resource" or "containerResource":
                check.Require(source["name"], $"{path}.name", "must specify a resource name");
                if (kind == "containerResource")
                {
                    Container(check, source, path);
                }

                Amounts(check, target, $"{path}.target");
                OneOfTwo(check, target, $"{path}.target", "averageUtilization", "averageValue", "must set either a target raw value or a target utilization", "may not set both a target raw value and a target utilization");
                return;
            case "object":
                Target(check, source["describedObject"], $"{path}.describedObject", mayBeCore: true, live: null);
                break;
            default:
                break;
        }

        if (Checks.IsEmpty(source.At("metric", "name")))
        {
            check.Add(FieldError.Required($"{path}.metric.name", "must specify a metric name"));
        }
        else
        {
            check.Name(source.At("metric", "name"), $"{path}.metric.name", NameRules.PathSegment);
        }

        Amounts(check, target, $"{path}.target");
        bool average = target?["averageValue"] is { IsNull: false };
        bool value = target?["value"] is { IsNull: false };
        if (kind == "pods" ? !average : !average && !value)
        {
            check.Add(FieldError.Required($"{path}.target.averageValue", kind switch
            {
                "pods" => "must specify a positive target averageValue",
                "object" => "must set either a target value or averageValue",
                _ => "must set either a target value for metric or a per-pod target",
            }));
        }
        else if (kind == "external" && average && value)
        {
            check.Add(FieldError.Forbidden($"{path}.target.value", "may not set both a target value for metric and a per-pod target"));
        }
    }

    private static void Container(Checks check, Node source, string path)
    {
        if (!Checks.IsEmpty(source["name"]))
        {
            ResourceRules.ContainerName(check, Checks.Text(source["name"]), $"{path}.name");
        }

        check.Require(source["container"], $"{path}.container", "must specify a container");
        check.NameIfSet(source["container"], $"{path}.container", NameRules.Label);
    }

    private static void OneOfTwo(Checks check, Node? target, string path, string one, string other, string none, string both)
    {
        bool first = target?[one] is { IsNull: false };
        bool second = target?[other] is { IsNull: false };
        if (!first && !second)
        {
            check.Add(FieldError.Required($"{path}.{one}", none));
        }
        else if (first && second)
        {
            check.Add(FieldError.Forbidden($"{path}.{other}", both));
        }
    }

    private static void Amounts(Checks check, Node? target, string path)
    {
        string type = Checks.Text(target?["type"]);
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.type", "must specify a metric target type"));
        }

        if (type is not ("Utilization" or "Value" or "AverageValue"))
        {
            check.Add(FieldError.Invalid($"{path}.type", type, "must be either Utilization, Value, or AverageValue"));
        }

        foreach (string name in (ReadOnlySpan<string>)["value", "averageValue", "averageUtilization"])
        {
            if (target?[name] is { IsNull: false } amount && Quantity.TryRead(amount, out Quantity quantity) && quantity.Sign <= 0)
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

        if (rules["stabilizationWindowSeconds"]?.AsInteger() is { } window and (< 0 or > 3600))
        {
            check.Add(FieldError.Invalid($"{path}.stabilizationWindowSeconds", window, window < 0 ? "must be greater than or equal to zero" : "must be less than or equal to 3600"));
        }

        check.OneOf(rules["selectPolicy"], $"{path}.selectPolicy", "Disabled", "Max", "Min");
        check.Require(rules["policies"], $"{path}.policies", "must specify at least one Policy");
        foreach ((Node policy, string at) in Checks.Each(rules["policies"], $"{path}.policies"))
        {
            check.OneOf(policy["type"] ?? StringNode.Empty, $"{at}.type", "Percent", "Pods");
            foreach (string number in (ReadOnlySpan<string>)["value", "periodSeconds"])
            {
                if ((policy[number]?.AsInteger() ?? 0) is var given && given <= 0)
                {
                    check.Add(FieldError.Invalid($"{at}.{number}", given, Checks.AboveZeroText));
                }
            }

            if (policy["periodSeconds"]?.AsInteger() is { } period and > 1800)
            {
                check.Add(FieldError.Invalid($"{at}.periodSeconds", period, "must be less than or equal to 1800"));
            }
        }

        if (Quantity.TryRead(rules["tolerance"], out Quantity tolerance) && tolerance.Sign < 0)
        {
            check.Add(FieldError.Invalid($"{path}.tolerance", rules["tolerance"], "must be greater or equal to zero"));
        }
    }
}
