using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Webhooks and policies of admission, apart from what their expressions have to be.</summary>
internal static partial class AdmissionRules
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

    /// <summary>Where a webhook is: one of a URL and a Service.</summary>
    public static void Client(Checks check, Node? client, string path)
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
}
