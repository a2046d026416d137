using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Webhooks and policies of admission.</summary>
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
        if (hook["sideEffects"] is not StringNode)
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

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node version, string at) in Checks.Each(list, path))
        {
            if (!seen.Add(Checks.Text(version)))
            {
                check.Add(FieldError.Invalid(at, version, "duplicate version"));
                continue;
            }

            check.Name(version, at, NameRules.Label1035);
        }

        if (list.Count > 0 && !list.Any(version => version.AsString() is "v1" or "v1beta1"))
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
            Url(check, Checks.Text(client!["url"]), $"{path}.url");
            return;
        }

        ServicePath(check, client!["service"]!, $"{path}.service");
    }

    /// <summary>The address of a webhook, read as Go's net/url reads it.</summary>
    public static void Url(Checks check, string text, string path)
    {
        const string Form = "; desired format: https://host[/path]";
        int colon = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon > 0 ? text[..colon] : string.Empty;
        Uri? parsed = colon > 0 && Uri.TryCreate(text, UriKind.Absolute, out Uri? read) ? read : null;
        if (scheme != "https")
        {
            check.Add(FieldError.Invalid(path, scheme, "'https' is the only allowed URL scheme" + Form));
        }

        if (parsed is null || parsed.Host.Length == 0)
        {
            check.Add(FieldError.Invalid(path, string.Empty, "host must be provided" + Form));
            return;
        }

        foreach ((string part, string problem) in ((string, string)[])[
            (parsed.UserInfo, "user information is not permitted in the URL"),
            (parsed.Fragment.TrimStart('#'), "fragments are not permitted in the URL"),
            (parsed.Query.TrimStart('?'), "query parameters are not permitted in the URL")])
        {
            if (part.Length > 0)
            {
                check.Add(FieldError.Invalid(path, part, problem));
            }
        }
    }

    public static void ServicePath(Checks check, Node service, string path)
    {
        // Upstream calls this rule with name and namespace in the wrong order, and says so of the other one.
        check.Require(service["namespace"], $"{path}.name", "service name is required");
        check.Require(service["name"], $"{path}.namespace", "service namespace is required");
        check.Between(service["port"], $"{path}.port", 1, 65535, "port is not valid: must be between 1 and 65535, inclusive");
        string text = Checks.Text(service["path"]);
        if (text is "" or "/")
        {
            return;
        }

        if (text == "//")
        {
            check.Add(FieldError.Invalid($"{path}.path", text, "segment[0] may not be empty"));
            return;
        }

        if (!text.StartsWith('/'))
        {
            check.Add(FieldError.Invalid($"{path}.path", text, "must start with a '/'"));
        }

        string[] steps = (text.Length > 1 && text[1..].EndsWith('/') ? text[1..^1] : text[1..]).Split('/');
        for (int i = 0; i < steps.Length; i++)
        {
            foreach (string wrong in steps[i].Length == 0 ? [$"segment[{i}] may not be empty"] : NameRules.Subdomain(steps[i]).Select(failure => $"segment[{i}]: {failure}"))
            {
                check.Add(FieldError.Invalid($"{path}.path", text, wrong));
            }
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

        foreach (string list in (ReadOnlySpan<string>)["apiVersions", "resources"])
        {
            foreach ((Node value, string at) in Checks.Each(rule[list], $"{path}.{list}"))
            {
                check.Require(value, at);
            }
        }

        Overlaps(check, rule["resources"], $"{path}.resources");

        check.OneOf(rule["scope"], $"{path}.scope", "*", "Cluster", "Namespaced");
    }

    /// <summary>A wildcard says all that the resources beside it say.</summary>
    private static void Overlaps(Checks check, Node? resources, string path)
    {
        string[] names = [.. (resources?.AsList() ?? []).Select(Checks.Text)];
        if (names.Length > 1 && names.Contains("*/*"))
        {
            check.Add(FieldError.Invalid(path, resources, "if '*/*' is present, must not specify other resources"));
        }

        if (names.Contains("*") && names.FirstOrDefault(name => name != "*" && !name.Contains('/', StringComparison.Ordinal)) is not null)
        {
            check.Add(FieldError.Invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
        }

        string[] whole = [.. names.Where(name => name.EndsWith("/*", StringComparison.Ordinal)).Select(name => name[..^2])];
        string[] every = [.. names.Where(name => name.StartsWith("*/", StringComparison.Ordinal)).Select(name => name[2..])];
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i].Split('/') is not [var resource, var sub])
            {
                continue;
            }

            if (whole.Contains(resource) && sub != "*")
            {
                check.Add(FieldError.Invalid($"{path}[{i}]", names[i], $"if '{resource}/*' is present, must not specify {names[i]}"));
            }

            if (every.Contains(sub) && resource != "*")
            {
                check.Add(FieldError.Invalid($"{path}[{i}]", names[i], $"if '*/{sub}' is present, must not specify {names[i]}"));
            }
        }
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

    public static void MutatingPolicy(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.OneOf(spec?["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        if (spec?["paramKind"] is MapNode parameters)
        {
            check.Require(parameters["apiVersion"], "spec.paramKind.apiVersion");
            check.Require(parameters["kind"], "spec.paramKind.kind");
        }

        if (spec?["matchConstraints"] is MapNode match)
        {
            Match(check, match, "spec.matchConstraints", requireRules: true);
            MutableOperations(check, match, "spec.matchConstraints");
        }
        else
        {
            check.Add(FieldError.Required("spec.matchConstraints"));
        }

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

    public static void MutatingBinding(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.RequireName(spec?["policyName"], "spec.policyName", NameRules.Subdomain);
        if (spec?["matchResources"] is MapNode match)
        {
            Match(check, match, "spec.matchResources", requireRules: false);
            MutableOperations(check, match, "spec.matchResources");
        }
    }

    /// <summary>What goes cannot be changed.</summary>
    private static void MutableOperations(Checks check, MapNode match, string path)
    {
        foreach (Node operation in (match["resourceRules"]?.AsList() ?? []).SelectMany(rule => rule["operations"]?.AsList() ?? []))
        {
            check.OneOf(operation, $"{path}.resourceRules.operations", "*", "CONNECT", "CREATE", "UPDATE");
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
}
