using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>The flow control of requests.</summary>
internal static class FlowRules
{
    private static readonly string[] Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
    private static readonly string[] Kinds = ["Group", "ServiceAccount", "User"];

    public static void FlowSchema(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        long precedence = spec?["matchingPrecedence"]?.AsInteger() ?? 0;
        if (precedence <= 0)
        {
            check.Add(FieldError.Invalid("spec.matchingPrecedence", precedence, "must be a positive value"));
        }
        else if (precedence > 10000)
        {
            check.Add(FieldError.Invalid("spec.matchingPrecedence", precedence, "must not be greater than 10000"));
        }
        else if (precedence == 1 && Checks.Text(node.At("metadata", "name")) != "exempt")
        {
            check.Add(FieldError.Invalid("spec.matchingPrecedence", precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
        }

        if (spec?["distinguisherMethod"] is MapNode method && Checks.Text(method["type"]) is not ("ByNamespace" or "ByUser"))
        {
            check.Add(FieldError.NotSupported("spec.distinguisherMethod.type", method, "ByNamespace", "ByUser"));
        }

        if (Checks.IsEmpty(spec?.At("priorityLevelConfiguration", "name")))
        {
            check.Add(FieldError.Required("spec.priorityLevelConfiguration.name", "must reference a priority level"));
        }

        check.NameIfSet(spec?.At("priorityLevelConfiguration", "name"), "spec.priorityLevelConfiguration.name", NameRules.Subdomain);
        foreach ((Node rule, string at) in Checks.Each(spec?["rules"], "spec.rules"))
        {
            check.Require(rule["subjects"], $"{at}.subjects", "subjects must contain at least one value");
            foreach ((Node subject, string where) in Checks.Each(rule["subjects"], $"{at}.subjects"))
            {
                Subject(check, subject, where);
            }

            if (rule["resourceRules"] is not ListNode { Count: > 0 } && rule["nonResourceRules"] is not ListNode { Count: > 0 })
            {
                check.Add(FieldError.Required(at, "at least one of resourceRules and nonResourceRules has to be non-empty"));
            }

            foreach ((Node resources, string where) in Checks.Each(rule["resourceRules"], $"{at}.resourceRules"))
            {
                Resources(check, resources, where);
            }

            foreach ((Node paths, string where) in Checks.Each(rule["nonResourceRules"], $"{at}.nonResourceRules"))
            {
                Paths(check, paths, where);
            }
        }
    }

    private static void Subject(Checks check, Node subject, string path)
    {
        string kind = Checks.Text(subject["kind"]);
        if (!Kinds.Contains(kind))
        {
            check.Add(FieldError.NotSupported($"{path}.kind", kind, Kinds));
            return;
        }

        foreach ((string member, string owner) in ((string, string)[])[("user", "User"), ("group", "Group"), ("serviceAccount", "ServiceAccount")])
        {
            if (owner != kind)
            {
                if (subject[member] is MapNode)
                {
                    check.Add(FieldError.Forbidden($"{path}.{member}", $"{member} is forbidden when subject kind is not '{owner}'"));
                }

                continue;
            }

            if (subject[member] is not MapNode named)
            {
                check.Add(FieldError.Required($"{path}.{member}", $"{member} is required when subject kind is '{owner}'"));
                continue;
            }

            check.Require(named["name"], $"{path}.{member}.name");
            if (owner == "ServiceAccount")
            {
                if (Checks.Text(named["name"]) != "*")
                {
                    check.NameIfSet(named["name"], $"{path}.{member}.name", NameRules.Subdomain);
                }

                check.Require(named["namespace"], $"{path}.{member}.namespace", "must specify namespace for service account");
                check.NameIfSet(named["namespace"], $"{path}.{member}.namespace", NameRules.Label);
            }
        }
    }

    private static void Resources(Checks check, Node rule, string path)
    {
        VerbList(check, rule["verbs"], $"{path}.verbs");
        Wildcards(check, rule["apiGroups"], $"{path}.apiGroups", "resource rules must supply at least one api group", "api groups");
        Wildcards(check, rule["resources"], $"{path}.resources", "resource rules must supply at least one resource", "resources");
        ListNode namespaces = rule["namespaces"]?.AsList() ?? [];
        if (namespaces.Count == 0 && rule["clusterScope"]?.AsBool() != true)
        {
            check.Add(FieldError.Required($"{path}.namespaces", "resource rules that are not cluster scoped must supply at least one namespace"));
        }
        else if (namespaces.Any(name => Checks.Text(name) == "*"))
        {
            if (namespaces.Count > 1)
            {
                check.Add(FieldError.Invalid($"{path}.namespaces", namespaces, "if '*' is present, must not specify other namespaces"));
            }
        }
        else
        {
            foreach ((Node name, string at) in Checks.Each(namespaces, $"{path}.namespaces"))
            {
                check.Name(name, at, static text => NameRules.Label(text).Select(wrong => "each member of this list must be '*' or a DNS-1123 label; " + wrong));
            }
        }
    }

    private static void Paths(Checks check, Node rule, string path)
    {
        VerbList(check, rule["verbs"], $"{path}.verbs");
        Wildcards(check, rule["nonResourceURLs"], $"{path}.nonResourceURLs", "nonResourceURLs must contain at least one value", "non-resource URLs");
        foreach ((Node url, string at) in Checks.Each(rule["nonResourceURLs"], $"{path}.nonResourceURLs").Where(pair => Checks.Text(pair.Item) != "*"))
        {
            string text = Checks.Text(url);
            string? problem = text switch
            {
                "" => "must not be empty",
                "/" => null,
                _ when !text.StartsWith('/') => "must start with slash",
                _ when text.Contains(' ', StringComparison.Ordinal) => "must not contain white-space",
                _ when text.Contains("//", StringComparison.Ordinal) => "must not contain double slash",
                _ when text[..^1].Contains('*', StringComparison.Ordinal) || (text.EndsWith('*') && !text.EndsWith("/*", StringComparison.Ordinal)) => "wildcard can only do suffix matching",
                _ => null,
            };
            if (problem is not null)
            {
                check.Add(FieldError.Invalid(at, text, problem));
            }
        }
    }

    private static void VerbList(Checks check, Node? verbs, string path)
    {
        string[] names = [.. (verbs?.AsList() ?? []).Select(Checks.Text)];
        Wildcards(check, verbs, path, "verbs must contain at least one value", "verbs");
        if (!names.Contains("*") && names.Any(name => !Verbs.Contains(name)))
        {
            check.Add(FieldError.NotSupported(path, verbs, Verbs));
        }
    }

    private static void Wildcards(Checks check, Node? list, string path, string none, string others)
    {
        check.Require(list, path, none);
        if (list is ListNode { Count: > 1 } names && names.Any(name => Checks.Text(name) == "*"))
        {
            check.Add(FieldError.Invalid(path, list, $"if '*' is present, must not specify other {others}"));
        }
    }

    public static void PriorityLevel(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string type = Checks.Text(spec?["type"]);
        if ((Checks.Text(node.At("metadata", "name")) == "exempt") != (type == "Exempt"))
        {
            check.Add(FieldError.Invalid("spec.type", type, "type must be 'Exempt' if and only if name is 'exempt'"));
        }

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

        if (type == "Queue")
        {
            Queuing(check, limited.At("limitResponse", "queuing"), $"{path}.limitResponse.queuing");
        }
        else if (type == "Reject" && limited.At("limitResponse", "queuing") is MapNode)
        {
            check.Add(FieldError.Forbidden($"{path}.limitResponse.queuing", "must be nil if limited.limitResponse.type is not Limited"));
        }
    }

    private static void Queuing(Checks check, Node? queuing, string path)
    {
        if (queuing is not MapNode)
        {
            check.Add(FieldError.Required(path, "must not be empty if limited.limitResponse.type is Limited"));
            return;
        }

        long queues = queuing["queues"]?.AsInteger() ?? 0;
        long hand = queuing["handSize"]?.AsInteger() ?? 0;
        if ((queuing["queueLengthLimit"]?.AsInteger() ?? 0) is var length && length <= 0)
        {
            check.Add(FieldError.Invalid($"{path}.queueLengthLimit", length, "must be positive"));
        }

        if (queues is <= 0 or > 10_000_000)
        {
            check.Add(FieldError.Invalid($"{path}.queues", queues, queues <= 0 ? "must be positive" : "must not be greater than 10000000"));
        }

        // Cards are dealt from the bits of one hash: log2 of the number of hands has to fit in 60 of them.
        double entropy = hand <= 0 || hand > queues ? 0 : Enumerable.Range(0, (int)Math.Min(hand, 64)).Sum(card => Math.Log2(queues - card));
        string? problem = hand <= 0 ? "must be positive" : hand > queues ? $"should not be greater than queues ({queues})"
            : Math.Ceiling(entropy) > 60 ? $"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than 60" : null;
        if (problem is not null)
        {
            check.Add(FieldError.Invalid($"{path}.handSize", hand, problem));
        }
    }
}
