using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Webhooks and policies of admission, and the flow control of requests.</summary>
internal static class AdmissionRules
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    public static void Webhooks(Checks check, MapNode node, bool mutating)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node hook, string at) in Checks.Each(node["webhooks"], "webhooks"))
        {
            Webhook(check, hook, at, mutating);
            if (!names.Add(hook["name"]?.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate($"{at}.name", hook["name"] ?? StringNode.Empty));
            }
        }
    }

    private static void Webhook(Checks check, Node hook, string path, bool mutating)
    {
        if (hook["name"]?.AsString() is null or "")
        {
            check.Add(FieldError.Required($"{path}.name"));
        }
        else
        {
            check.Name(hook["name"], $"{path}.name", NameRules.FullyQualified);
        }

        foreach ((Node rule, string at) in Checks.Each(hook["rules"], $"{path}.rules"))
        {
            Rule(check, rule, at);
        }

        check.OneOf(hook["failurePolicy"], $"{path}.failurePolicy", "Fail", "Ignore");
        check.OneOf(hook["matchPolicy"], $"{path}.matchPolicy", "Equivalent", "Exact");
        Reviews(check, hook["admissionReviewVersions"], $"{path}.admissionReviewVersions");
        string effects = hook["sideEffects"]?.AsString() ?? string.Empty;
        if (effects.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.sideEffects", "must specify one of None, NoneOnDryRun"));
        }
        else
        {
            check.OneOf(hook["sideEffects"], $"{path}.sideEffects", "None", "NoneOnDryRun");
        }

        if (hook["timeoutSeconds"]?.AsInteger() is { } timeout and (< 1 or > 30))
        {
            check.Add(FieldError.Invalid($"{path}.timeoutSeconds", timeout, "the timeout value must be between 1 and 30 seconds"));
        }

        check.Selector(hook["namespaceSelector"], $"{path}.namespaceSelector");
        check.Selector(hook["objectSelector"], $"{path}.objectSelector");
        if (mutating)
        {
            check.OneOf(hook["reinvocationPolicy"], $"{path}.reinvocationPolicy", "IfNeeded", "Never");
        }

        Client(check, hook["clientConfig"], $"{path}.clientConfig");
    }

    private static void Reviews(Checks check, Node? versions, string path)
    {
        ListNode list = versions?.AsList() ?? [];
        if (list.Count == 0)
        {
            check.Add(FieldError.Required(path, "must specify one of v1, v1beta1"));
        }
        else if (!list.Any(version => version.AsString() is "v1" or "v1beta1"))
        {
            check.Add(FieldError.Invalid(path, versions, "must include at least one of v1, v1beta1"));
        }
    }

    private static void Client(Checks check, Node? client, string path)
    {
        bool url = client?["url"] is StringNode;
        bool service = client?["service"] is MapNode;
        if (url == service)
        {
            check.Add(FieldError.Required(path, "exactly one of url or service is required"));
            return;
        }

        if (url)
        {
            string text = client!["url"]!.AsString() ?? string.Empty;
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? parsed) || parsed.Scheme != "https")
            {
                check.Add(FieldError.Invalid($"{path}.url", text, $"'https' is the only allowed URL scheme; desired format: https://host[/path]"));
            }

            return;
        }

        check.Require(client!.At("service", "name"), $"{path}.service.name");
        check.Require(client.At("service", "namespace"), $"{path}.service.namespace");
        if (client.At("service", "port")?.AsInteger() is { } port and (< 1 or > 65535))
        {
            check.Add(FieldError.Invalid($"{path}.service.port", port, "port is not valid: must be between 1 and 65535, inclusive"));
        }
    }

    private static void Rule(Checks check, Node rule, string path)
    {
        foreach (string list in (ReadOnlySpan<string>)["apiGroups", "apiVersions", "resources", "operations"])
        {
            ListNode values = rule[list]?.AsList() ?? [];
            if (values.Count == 0)
            {
                check.Add(FieldError.Required($"{path}.{list}"));
            }
            else if (values.Count > 1 && list != "resources" && values.Any(value => value.AsString() == "*"))
            {
                check.Add(FieldError.Invalid($"{path}.{list}", values, "if '*' is present, must not specify other " + list switch
                {
                    "apiGroups" => "API groups",
                    "apiVersions" => "API versions",
                    _ => list,
                }));
            }
        }

        foreach ((Node operation, string at) in Checks.Each(rule["operations"], $"{path}.operations"))
        {
            check.OneOf(operation, at, Operations);
        }

        check.OneOf(rule["scope"], $"{path}.scope", "*", "Cluster", "Namespaced");
    }

    public static void Policy(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.OneOf(spec?["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        if (spec?["matchConstraints"] is not MapNode match)
        {
            check.Add(FieldError.Required("spec.matchConstraints"));
        }
        else
        {
            Match(check, match, "spec.matchConstraints", requireRules: true);
        }

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
        check.RequireName(spec?["policyName"], "spec.policyName", NameRules.Subdomain);
        if (spec?["matchResources"] is MapNode match)
        {
            Match(check, match, "spec.matchResources", requireRules: false);
        }

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

    private static void Match(Checks check, MapNode match, string path, bool requireRules)
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
    }

    public static void FlowSchema(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["matchingPrecedence"]?.AsInteger() is { } precedence)
        {
            if (precedence <= 0)
            {
                check.Add(FieldError.Invalid("spec.matchingPrecedence", precedence, "must be a positive value"));
            }
            else if (precedence > 10000)
            {
                check.Add(FieldError.Invalid("spec.matchingPrecedence", precedence, "must not be greater than 10000"));
            }
        }

        check.OneOf(spec?.At("distinguisherMethod", "type"), "spec.distinguisherMethod.type", "ByNamespace", "ByUser");
        check.RequireName(spec?.At("priorityLevelConfiguration", "name"), "spec.priorityLevelConfiguration.name", NameRules.Subdomain);
        foreach ((Node rule, string at) in Checks.Each(spec?["rules"], "spec.rules"))
        {
            check.Require(rule["subjects"], $"{at}.subjects", "subjects must contain at least one value");
            if (rule["resourceRules"] is not ListNode { Count: > 0 } && rule["nonResourceRules"] is not ListNode { Count: > 0 })
            {
                check.Add(FieldError.Required(at, "at least one of resourceRules and nonResourceRules has to be non-empty"));
            }

            foreach ((Node subject, string where) in Checks.Each(rule["subjects"], $"{at}.subjects"))
            {
                check.OneOf(subject["kind"], $"{where}.kind", "Group", "ServiceAccount", "User");
            }
        }
    }

    public static void PriorityLevel(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string type = spec?["type"]?.AsString() ?? string.Empty;
        switch (type)
        {
            case "Exempt":
                if (spec?["limited"] is MapNode)
                {
                    check.Add(FieldError.Forbidden("spec.limited", "must be nil if the type is not Limited"));
                }

                break;
            case "Limited":
                Limited(check, spec!["limited"], "spec.limited");
                break;
            default:
                check.Add(FieldError.NotSupported("spec.type", type, "Exempt", "Limited"));
                break;
        }
    }

    private static void Limited(Checks check, Node? limited, string path)
    {
        if (limited is not MapNode)
        {
            check.Add(FieldError.Required(path, "must not be empty when type is Limited"));
            return;
        }

        if (limited["nominalConcurrencyShares"]?.AsInteger() < 0)
        {
            check.Add(FieldError.Invalid($"{path}.nominalConcurrencyShares", limited["nominalConcurrencyShares"], "must be a non-negative integer"));
        }

        string type = limited.At("limitResponse", "type")?.AsString() ?? string.Empty;
        if (type is not ("Queue" or "Reject"))
        {
            check.Add(FieldError.NotSupported($"{path}.limitResponse.type", type, "Queue", "Reject"));
        }

        if (type == "Reject" && limited.At("limitResponse", "queuing") is MapNode)
        {
            check.Add(FieldError.Forbidden($"{path}.limitResponse.queuing", "must be nil if limited.limitResponse.type is not Limited"));
        }
    }
}
