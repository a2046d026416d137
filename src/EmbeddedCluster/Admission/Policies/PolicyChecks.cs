using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>Whether the expressions of policies and of webhooks' match conditions compile, asked when they are written.</summary>
internal static class PolicyChecks
{
    public static void Check(string qualifiedPlural, MapNode node, List<FieldError> errors)
    {
        switch (qualifiedPlural)
        {
            case "validatingadmissionpolicies.admissionregistration.k8s.io":
                Policy(node["spec"] as MapNode ?? [], errors);
                break;
            case "validatingwebhookconfigurations.admissionregistration.k8s.io" or "mutatingwebhookconfigurations.admissionregistration.k8s.io":
                foreach ((Node hook, string at) in Checks.Each(node["webhooks"], "webhooks"))
                {
                    Conditions(hook["matchConditions"], $"{at}.matchConditions", PolicyEnvironment.Conditions, errors);
                }

                break;
            default:
                break;
        }
    }

    private static void Policy(MapNode spec, List<FieldError> errors)
    {
        bool hasParams = spec["paramKind"] is MapNode;
        Conditions(spec["matchConditions"], "spec.matchConditions", PolicyEnvironment.PolicyConditions(hasParams), errors);
        PolicyVariables variables = PolicyVariables.Compile(spec["variables"], PolicyEnvironment.Policy(hasParams));
        for (int i = 0; i < variables.All.Count; i++)
        {
            Report(variables.All[i].Expression, $"spec.variables[{i}].expression", errors);
        }

        foreach ((Node rule, string at) in Checks.Each(spec["validations"], "spec.validations"))
        {
            One(rule["expression"], $"{at}.expression", variables.Environment, errors, CelKind.Bool);
            if (rule["messageExpression"]?.AsString() is { Length: > 0 })
            {
                One(rule["messageExpression"], $"{at}.messageExpression", variables.Environment, errors, CelKind.String);
            }
        }

        foreach ((Node annotation, string at) in Checks.Each(spec["auditAnnotations"], "spec.auditAnnotations"))
        {
            One(annotation["valueExpression"], $"{at}.valueExpression", variables.Environment, errors, CelKind.String, CelKind.Null);
        }
    }

    private static void Conditions(Node? conditions, string path, CelEnvironment environment, List<FieldError> errors)
    {
        foreach ((Node condition, string at) in Checks.Each(conditions, path))
        {
            One(condition["expression"], $"{at}.expression", environment, errors, CelKind.Bool);
        }
    }

    private static void One(Node? expression, string path, CelEnvironment environment, List<FieldError> errors, params CelKind[] wanted)
    {
        if (expression?.AsString() is not { } text || text.Trim().Length == 0)
        {
            errors.Add(FieldError.Required(path, path.EndsWith("valueExpression", StringComparison.Ordinal) ? "valueExpression is not specified" : "expression is not specified"));
            return;
        }

        Report(CompiledExpression.Compile(text, environment, wanted), path, errors);
    }

    private static void Report(CompiledExpression compiled, string path, List<FieldError> errors)
    {
        if (compiled.Error is { } error)
        {
            errors.Add(FieldError.Invalid(path, compiled.Expression, error));
        }
    }
}
