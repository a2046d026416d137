using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class AdmissionRules
{
    public static void Policy(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.OneOf(spec?["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        Constraints(check, spec, mutates: false);
        if (spec?["validations"] is not ListNode { Count: > 0 } && spec?["auditAnnotations"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.validations", "validations or auditAnnotations must be non-empty"));
        }

        foreach ((Node validation, string at) in Checks.Each(spec?["validations"], "spec.validations"))
        {
            if (string.IsNullOrWhiteSpace(validation["expression"]?.AsString()))
            {
                check.Add(FieldError.Required($"{at}.expression", "expression is not specified"));
            }

            check.OneOf(validation["reason"], $"{at}.reason", "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized");
        }
    }

    public static void PolicyBinding(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        Binding(check, spec, mutates: false);
        ListNode actions = spec?["validationActions"]?.AsList() ?? [];
        if (actions.Count == 0)
        {
            check.Add(FieldError.Required("spec.validationActions", "at least one validation action is required"));
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node action, string at) in Checks.Each(actions, "spec.validationActions"))
        {
            check.OneOf(action, at, "Audit", "Deny", "Warn");
            if (!seen.Add(action.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate(at, action));
            }
        }

        if (seen.Contains("Deny") && seen.Contains("Warn"))
        {
            check.Add(FieldError.Invalid("spec.validationActions", actions, "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"));
        }
    }

    public static void MutatingPolicy(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.OneOf(spec?["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        if (spec?["paramKind"] is MapNode parameters)
        {
            check.Require(parameters["apiVersion"], "spec.paramKind.apiVersion");
            check.Require(parameters["kind"], "spec.paramKind.kind");
        }

        Constraints(check, spec, mutates: true);
        if (spec?["mutations"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.mutations", "mutations must contain at least one item"));
        }

        foreach ((Node mutation, string at) in Checks.Each(spec?["mutations"], "spec.mutations"))
        {
            Mutation(check, mutation, at);
        }

        check.Choice(spec?["reinvocationPolicy"], "spec.reinvocationPolicy", "IfNeeded", "Never");
    }

    public static void MutatingBinding(Checks check, MapNode node) => Binding(check, node["spec"], mutates: true);

    /// <summary>Whom a policy of either kind concerns.</summary>
    private static void Constraints(Checks check, Node? spec, bool mutates)
    {
        if (spec?["matchConstraints"] is MapNode match)
        {
            Match(check, match, "spec.matchConstraints", requireRules: true, mutates);
        }
        else
        {
            check.Add(FieldError.Required("spec.matchConstraints"));
        }
    }

    /// <summary>What bindings of either kind say.</summary>
    private static void Binding(Checks check, Node? spec, bool mutates)
    {
        check.RequireName(spec?["policyName"], "spec.policyName", NameRules.Subdomain);
        if (spec?["matchResources"] is MapNode match)
        {
            Match(check, match, "spec.matchResources", requireRules: false, mutates);
        }
    }

    private static void Mutation(Checks check, Node mutation, string path)
    {
        string type = mutation["patchType"]?.AsString() ?? string.Empty;
        check.Choice(mutation["patchType"], $"{path}.patchType", "ApplyConfiguration", "JSONPatch");
        (string wanted, string other) = type == "JSONPatch" ? ("jsonPatch", "applyConfiguration") : ("applyConfiguration", "jsonPatch");
        if (type is not ("JSONPatch" or "ApplyConfiguration"))
        {
            return;
        }

        if (mutation[wanted] is not MapNode own)
        {
            check.Add(FieldError.Required($"{path}.{wanted}", $"must be specified when patchType is {type}"));
        }
        else if (string.IsNullOrWhiteSpace(own["expression"]?.AsString()))
        {
            check.Add(FieldError.Required($"{path}.{wanted}.expression"));
        }

        if (mutation[other] is MapNode)
        {
            check.Add(FieldError.Invalid($"{path}.{other}", $"{{{other}}}", $"must not be specified when patchType is {type}"));
        }
    }

    /// <param name="mutates">What goes cannot be changed.</param>
    private static void Match(Checks check, MapNode match, string path, bool requireRules, bool mutates)
    {
        check.Choice(match["matchPolicy"], $"{path}.matchPolicy", "Equivalent", "Exact");
        check.Selector(match["namespaceSelector"], $"{path}.namespaceSelector");
        check.Selector(match["objectSelector"], $"{path}.objectSelector");
        foreach (string list in (ReadOnlySpan<string>)["resourceRules", "excludeResourceRules"])
        {
            foreach ((Node rule, string at) in Checks.Each(match[list], $"{path}.{list}"))
            {
                Rule(check, rule, at);
            }
        }

        if (requireRules && match["resourceRules"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.resourceRules"));
        }

        foreach (Node operation in mutates ? (match["resourceRules"]?.AsList() ?? []).SelectMany(rule => rule["operations"]?.AsList() ?? []) : [])
        {
            check.OneOf(operation, $"{path}.resourceRules.operations", "*", "CONNECT", "CREATE", "UPDATE");
        }
    }
}
