using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>What is wrong with policies, their bindings and webhooks' match conditions when they are written; their expressions have to compile.</summary>
internal static partial class PolicyChecks
{
    private const int MostConditions = 64;
    private const int MostAnnotations = 20;
    private const string OneItem = "validations or auditAnnotations must contain at least one item";
    private static readonly string[] Reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
    private static readonly string[] Actions = ["Audit", "Deny", "Warn"];

    public static void Check(string qualifiedPlural, MapNode node, List<FieldError> errors)
    {
        Checks check = new(errors);
        MapNode spec = node["spec"] as MapNode ?? [];
        switch (qualifiedPlural)
        {
            case "validatingadmissionpolicies.admissionregistration.k8s.io":
                Policy(check, node.At("metadata", "name")?.AsString() ?? string.Empty, spec);
                break;
            case "validatingadmissionpolicybindings.admissionregistration.k8s.io":
                Binding(check, spec);
                break;
            case "mutatingadmissionpolicies.admissionregistration.k8s.io":
                MutatingPolicy(check, spec);
                break;
            case "mutatingadmissionpolicybindings.admissionregistration.k8s.io":
                Reference(check, spec);
                break;
            case "validatingwebhookconfigurations.admissionregistration.k8s.io" or "mutatingwebhookconfigurations.admissionregistration.k8s.io":
                foreach ((Node hook, string at) in Checks.Each(node["webhooks"], "webhooks"))
                {
                    Conditions(check, hook["matchConditions"], $"{at}.matchConditions", PolicyEnvironment.Conditions);
                }

                break;
            default:
                break;
        }
    }

    private static void Policy(Checks check, string name, MapNode spec)
    {
        check.OneOf(spec["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        bool hasParams = spec["paramKind"] is MapNode;
        AdmissionRules.ParamKind(check, spec["paramKind"]);
        AdmissionRules.Constraints(check, spec, mutates: false);
        Conditions(check, spec["matchConditions"], "spec.matchConditions", PolicyEnvironment.PolicyConditions(hasParams));
        PolicyVariables variables = PolicyVariables.Compile(spec["variables"], hasParams);
        Variables(check, variables);
        if (spec["validations"] is not ListNode { Count: > 0 } && spec["auditAnnotations"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.validations", OneItem));
            check.Add(FieldError.Required("spec.auditAnnotations", OneItem));
            return;
        }

        foreach ((Node rule, string at) in Checks.Each(spec["validations"], "spec.validations"))
        {
            Validation(check, rule, at, variables);
        }

        Annotations(check, name, spec["auditAnnotations"], variables);
    }

    private static void MutatingPolicy(Checks check, MapNode spec)
    {
        bool hasParams = spec["paramKind"] is MapNode;
        Conditions(check, spec["matchConditions"], "spec.matchConditions", PolicyEnvironment.PolicyConditions(hasParams));
        PolicyVariables variables = PolicyVariables.Compile(spec["variables"], hasParams);
        Variables(check, variables);
        foreach ((Node mutation, string at) in Checks.Each(spec["mutations"], "spec.mutations"))
        {
            PolicyMutation compiled = Policies.MutatingPolicy.Compile(mutation, variables);
            Report(check, compiled.Expression, compiled.IsJsonPatch ? $"{at}.jsonPatch.expression" : $"{at}.applyConfiguration.expression");
        }
    }

    private static void Variables(Checks check, PolicyVariables variables)
    {
        for (int i = 0; i < variables.All.Count; i++)
        {
            (string name, CompiledExpression expression) = variables.All[i];
            string at = $"spec.variables[{i}]";
            if (name.Trim().Length == 0)
            {
                check.Add(FieldError.Required($"{at}.name", "name is not specified"));
            }
            else if (!Identifier().IsMatch(name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "name is not a valid CEL identifier"));
            }

            if (expression.Expression.Trim().Length == 0)
            {
                check.Add(FieldError.Required($"{at}.expression", "expression is not specified"));
            }
            else
            {
                Report(check, expression, $"{at}.expression");
            }
        }
    }

    private static void Validation(Checks check, Node rule, string at, PolicyVariables variables)
    {
        One(check, rule["expression"], $"{at}.expression", "expression is not specified", variables.Environment, CelType.Bool);
        string expression = rule["messageExpression"]?.AsString() ?? string.Empty;
        if (expression.Length > 0 && expression.Trim().Length == 0)
        {
            check.Add(FieldError.Invalid($"{at}.messageExpression", expression, "must be non-empty if specified"));
        }
        else if (expression.Length > 0)
        {
            Report(check, CompiledExpression.Compile(expression, variables.Messages, CelType.String), $"{at}.messageExpression");
        }

        string message = rule["message"]?.AsString() ?? string.Empty;
        if (message.Length > 0 && message.Trim().Length == 0)
        {
            check.Add(FieldError.Invalid($"{at}.message", message, "message must be non-empty if specified"));
        }
        else if (message.Trim().AsSpan().IndexOfAny('\n', '\r') >= 0)
        {
            check.Add(FieldError.Invalid($"{at}.message", message, "message must not contain line breaks"));
        }

        check.OneOf(rule["reason"], $"{at}.reason", Reasons);
    }

    private static void Annotations(Checks check, string name, Node? annotations, PolicyVariables variables)
    {
        if (annotations is ListNode { Count: > MostAnnotations } many)
        {
            check.Add(FieldError.Invalid("spec.auditAnnotations", many, $"must not have more than {MostAnnotations} auditAnnotations"));
        }

        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach ((Node annotation, string at) in Checks.Each(annotations, "spec.auditAnnotations"))
        {
            string key = annotation["key"]?.AsString() ?? string.Empty;
            check.Name($"{name}/{key}", $"{at}.key", NameRules.QualifiedName);
            One(check, annotation["valueExpression"], $"{at}.valueExpression", "valueExpression is not specified", variables.Environment, CelType.String, CelType.Null);
            if (!keys.Add(key))
            {
                check.Add(FieldError.Duplicate($"{at}.key", key));
            }
        }
    }

    private static void Binding(Checks check, MapNode spec)
    {
        check.RequireName(spec["policyName"], "spec.policyName", NameRules.Subdomain);
        Reference(check, spec);
        if (spec["matchResources"] is MapNode resources)
        {
            // The reference misspells it, and clients see that.
            AdmissionRules.Match(check, resources, "spec.matchResouces", requireRules: false, mutates: false);
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node action, string at) in Checks.Each(spec["validationActions"], "spec.validationActions"))
        {
            check.OneOf(action, at, Actions);
            if (!seen.Add(action.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate(at, action));
            }
        }

        if (seen.Contains("Deny") && seen.Contains("Warn"))
        {
            check.Add(FieldError.Invalid("spec.validationActions", spec["validationActions"], "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"));
        }

        if (seen.Count == 0)
        {
            check.Add(FieldError.Required("spec.validationActions", "at least one validation action is required"));
        }
    }

    private static void Reference(Checks check, MapNode spec)
    {
        if (spec["paramRef"] is not MapNode reference)
        {
            return;
        }

        bool named = reference["name"]?.AsString() is { Length: > 0 };
        bool selected = reference["selector"] is MapNode;
        if (named && selected)
        {
            check.Add(FieldError.Forbidden("spec.paramRef.name", "name and selector are mutually exclusive"));
            check.Add(FieldError.Forbidden("spec.paramRef.selector", "name and selector are mutually exclusive"));
        }
        else if (!named && !selected)
        {
            check.Add(FieldError.Required("spec.paramRef", "one of name or selector must be specified"));
        }

        check.Require(reference["parameterNotFoundAction"], "spec.paramRef.parameterNotFoundAction");
        check.OneOf(reference["parameterNotFoundAction"], "spec.paramRef.parameterNotFoundAction", "Deny", "Allow");
    }

    private static void Conditions(Checks check, Node? conditions, string path, CelEnvironment environment)
    {
        if (conditions is ListNode { Count: > MostConditions } many)
        {
            check.Add(FieldError.TooMany(path, many.Count, MostConditions));
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node condition, string at) in Checks.Each(conditions, path))
        {
            One(check, condition["expression"]?.AsString()?.Trim() ?? string.Empty, $"{at}.expression", string.Empty, environment, CelType.Bool);
            string name = condition["name"]?.AsString() ?? string.Empty;
            if (name.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.name"));
                continue;
            }

            check.Name(name, $"{at}.name", NameRules.QualifiedName);
            if (!names.Add(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }
        }
    }

    private static void One(Checks check, Node? expression, string path, string missing, CelEnvironment environment, params CelType[] wanted)
    {
        if (expression?.AsString() is not { } text || text.Trim().Length == 0)
        {
            check.Add(FieldError.Required(path, missing));
            return;
        }

        Report(check, CompiledExpression.Compile(text, environment, wanted), path);
    }

    private static void Report(Checks check, CompiledExpression compiled, string path)
    {
        if (compiled.Error is { } error)
        {
            check.Add(FieldError.Invalid(path, compiled.Expression, error));
        }
    }

    [GeneratedRegex(@"\A[_a-zA-Z][_a-zA-Z0-9]*\z")]
    private static partial Regex Identifier();
}
