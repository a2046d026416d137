using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string NotEmptyText = "can not be empty";
    private static readonly string[] Effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

    private static void Names(Checks check, Node? spec, string path)
    {
        check.NameIfSet(spec?["serviceAccountName"], $"{path}.serviceAccountName", NameRules.Subdomain);
        check.NameIfSet(spec?["nodeName"], $"{path}.nodeName", NameRules.Subdomain);
        check.NameIfSet(spec?["hostname"], $"{path}.hostname", NameRules.Label);
        check.NameIfSet(spec?["subdomain"], $"{path}.subdomain", NameRules.Label);
        check.NameIfSet(spec?["priorityClassName"], $"{path}.priorityClassName", NameRules.Subdomain);
        check.NameIfSet(spec?["runtimeClassName"], $"{path}.runtimeClassName", NameRules.Subdomain);
    }

    private static void HostNetwork(Checks check, Node? spec, string path)
    {
        if (spec?["hostNetwork"]?.AsBool() != true)
        {
            return;
        }

        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach ((Node port, string at) in Checks.Each(spec[list], $"{path}.{list}").SelectMany(pair => Checks.Each(pair.Item["ports"], $"{pair.Path}.ports")))
            {
                if (port["hostPort"]?.AsInteger() is { } host && host != port["containerPort"]?.AsInteger())
                {
                    check.Add(FieldError.Invalid($"{at}.hostPort", host, "must match `containerPort` when `hostNetwork` is true"));
                }
            }
        }
    }

    private static void SecurityContext(Checks check, Node? context, string path, bool ofPod)
    {
        if (context is not MapNode)
        {
            return;
        }

        foreach (string id in ofPod ? (string[])["runAsUser", "runAsGroup", "fsGroup"] : ["runAsUser", "runAsGroup"])
        {
            check.Between(context[id], $"{path}.{id}", 0, int.MaxValue);
        }

        if (ofPod)
        {
            foreach ((Node group, string at) in Checks.Each(context["supplementalGroups"], $"{path}.supplementalGroups"))
            {
                check.Between(group, at, 0, int.MaxValue);
            }

            check.OneOf(context["fsGroupChangePolicy"], $"{path}.fsGroupChangePolicy", "Always", "OnRootMismatch");
            check.OneOf(context["supplementalGroupsPolicy"], $"{path}.supplementalGroupsPolicy", "Merge", "Strict");
        }
        else
        {
            check.OneOf(context["procMount"], $"{path}.procMount", "Default", "Unmasked");
            if (context["allowPrivilegeEscalation"]?.AsBool() == false && context["privileged"]?.AsBool() == true)
            {
                check.Add(FieldError.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
            }
        }

        foreach ((string profile, string words) in ((string, string)[])[("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")])
        {
            Profile(check, context[profile], $"{path}.{profile}", words);
        }
    }

    private static void Profile(Checks check, Node? profile, string path, string words)
    {
        if (profile is not MapNode)
        {
            return;
        }

        string type = profile["type"]?.AsString() ?? string.Empty;
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.type", $"type is required when {path[(path.LastIndexOf('.') + 1)..]} is set"));
            return;
        }

        check.OneOf(profile["type"], $"{path}.type", "Localhost", "RuntimeDefault", "Unconfined");
        bool named = profile["localhostProfile"]?.AsString() is { Length: > 0 };
        if (type == "Localhost" && !named)
        {
            check.Add(FieldError.Required($"{path}.localhostProfile", $"must be set when {words} type is Localhost"));
        }
        else if (type != "Localhost" && named)
        {
            check.Add(FieldError.Invalid($"{path}.localhostProfile", profile["localhostProfile"], $"can only be set when {words} type is Localhost"));
        }
    }

    private static void DnsConfig(Checks check, Node? spec, string path)
    {
        Node? config = spec?["dnsConfig"];
        string at = $"{path}.dnsConfig";
        ListNode servers = config?["nameservers"]?.AsList() ?? [];
        if (spec?["dnsPolicy"]?.AsString() == "None" && config is not MapNode)
        {
            check.Add(FieldError.Required(at, "must provide `dnsConfig` when `dnsPolicy` is None"));
        }
        else if (spec?["dnsPolicy"]?.AsString() == "None" && servers.Count == 0)
        {
            check.Add(FieldError.Required($"{at}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"));
        }

        if (servers.Count > 3)
        {
            check.Add(FieldError.Invalid($"{at}.nameservers", servers, "must not have more than 3 nameservers"));
        }

        foreach ((Node server, string where) in Checks.Each(servers, $"{at}.nameservers"))
        {
            check.Name(server, where, AddressRules.Address);
        }

        foreach ((Node search, string where) in Checks.Each(config?["searches"], $"{at}.searches"))
        {
            check.Name(StringNode.Of(search.AsString()?.TrimEnd('.') ?? string.Empty), where, NameRules.SearchPath);
        }

        foreach ((Node option, string where) in Checks.Each(config?["options"], $"{at}.options"))
        {
            check.Require(option["name"], $"{where}", "must not be empty");
        }
    }

    private static void HostAliases(Checks check, Node? aliases, string path)
    {
        foreach ((Node alias, string at) in Checks.Each(aliases, path))
        {
            check.Name(alias["ip"], $"{at}.ip", AddressRules.Address);
            foreach ((Node name, string _) in Checks.Each(alias["hostnames"], $"{at}.hostnames"))
            {
                check.Name(name, $"{at}.hostnames", NameRules.Subdomain);
            }
        }
    }

    private static void Gates(Checks check, Node? spec, string path)
    {
        foreach ((Node gate, string at) in Checks.Each(spec?["readinessGates"], $"{path}.readinessGates"))
        {
            check.Name(gate["conditionType"], $"{at}.conditionType", NameRules.QualifiedName);
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node gate, string at) in Checks.Each(spec?["schedulingGates"], $"{path}.schedulingGates"))
        {
            check.Name(gate["name"], $"{at}.name", NameRules.QualifiedName);
            if (!seen.Add(gate["name"]?.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate(at, gate["name"]));
            }
        }
    }

    private static void Spread(Checks check, Node? constraints, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node constraint, string at) in Checks.Each(constraints, path))
        {
            if ((constraint["maxSkew"]?.AsInteger() ?? 0) <= 0)
            {
                check.Add(FieldError.Invalid($"{at}.maxSkew", constraint["maxSkew"] ?? IntegerNode.Of(0), "must be greater than zero"));
            }

            check.Require(constraint["topologyKey"], $"{at}.topologyKey", NotEmptyText);
            string when = constraint["whenUnsatisfiable"]?.AsString() ?? string.Empty;
            if (when is not ("DoNotSchedule" or "ScheduleAnyway"))
            {
                check.Add(FieldError.NotSupported($"{at}.whenUnsatisfiable", when, "DoNotSchedule", "ScheduleAnyway"));
            }

            string pair = $"{{{constraint["topologyKey"]?.AsString()}, {when}}}";
            if (!seen.Add(pair))
            {
                check.Add(FieldError.Duplicate($"{at}.{{topologyKey, whenUnsatisfiable}}", pair));
            }

            if (constraint["minDomains"]?.AsInteger() is { } domains)
            {
                check.Positive(constraint["minDomains"], $"{at}.minDomains");
                if (when != "DoNotSchedule")
                {
                    check.Add(FieldError.Invalid($"{at}.minDomains", domains, "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + when));
                }
            }

            check.OneOf(constraint["nodeAffinityPolicy"], $"{at}.nodeAffinityPolicy", "Honor", "Ignore");
            check.OneOf(constraint["nodeTaintsPolicy"], $"{at}.nodeTaintsPolicy", "Honor", "Ignore");
            check.Selector(constraint["labelSelector"], $"{at}.labelSelector");
        }
    }

    private static void Tolerations(Checks check, Node? spec, string path)
    {
        foreach ((Node toleration, string at) in Checks.Each(spec?["tolerations"], $"{path}.tolerations"))
        {
            string op = toleration["operator"]?.AsString() ?? string.Empty;
            bool keyed = toleration["key"]?.AsString() is { Length: > 0 };
            if (keyed)
            {
                check.Name(toleration["key"], $"{at}.key", NameRules.QualifiedName);
            }
            else if (op != "Exists")
            {
                check.Add(FieldError.Invalid($"{at}.operator", op, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            }

            if (toleration["tolerationSeconds"] is { IsNull: false } && toleration["effect"]?.AsString() != "NoExecute")
            {
                check.Add(FieldError.Invalid($"{at}.effect", toleration["effect"] ?? StringNode.Empty, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
            }

            switch (op)
            {
                case "" or "Equal":
                    foreach (string wrong in NameRules.LabelValue(toleration["value"]?.AsString() ?? string.Empty).Take(1))
                    {
                        check.Add(FieldError.Invalid($"{at}.operator", toleration["value"], wrong));
                    }

                    break;
                case "Exists":
                    if (toleration["value"]?.AsString() is { Length: > 0 } value)
                    {
                        check.Add(FieldError.Invalid($"{at}.operator", value, "value must be empty when `operator` is 'Exists'"));
                    }

                    break;
                default:
                    check.Add(FieldError.NotSupported($"{at}.operator", op, "Equal", "Exists"));
                    break;
            }

            if (toleration["effect"]?.AsString() is { Length: > 0 })
            {
                check.OneOf(toleration["effect"], $"{at}.effect", Effects);
            }
        }
    }

    private static void Affinity(Checks check, Node? affinity, string path)
    {
        Node? nodes = affinity?["nodeAffinity"];
        string at = $"{path}.nodeAffinity";
        if (nodes?["requiredDuringSchedulingIgnoredDuringExecution"] is MapNode required)
        {
            NodeTerms(check, required["nodeSelectorTerms"], $"{at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
        }

        foreach ((Node preference, string where) in Checks.Each(nodes?["preferredDuringSchedulingIgnoredDuringExecution"], $"{at}.preferredDuringSchedulingIgnoredDuringExecution"))
        {
            Weight(check, preference, where);
            NodeTerm(check, preference["preference"], $"{where}.preference");
        }

        foreach (string kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            Node? pods = affinity?[kind];
            foreach ((Node term, string where) in Checks.Each(pods?["requiredDuringSchedulingIgnoredDuringExecution"], $"{path}.{kind}.requiredDuringSchedulingIgnoredDuringExecution"))
            {
                PodTerm(check, term, where);
            }

            foreach ((Node preference, string where) in Checks.Each(pods?["preferredDuringSchedulingIgnoredDuringExecution"], $"{path}.{kind}.preferredDuringSchedulingIgnoredDuringExecution"))
            {
                Weight(check, preference, where);
                PodTerm(check, preference["podAffinityTerm"], $"{where}.podAffinityTerm");
            }
        }
    }

    private static void Weight(Checks check, Node preference, string path)
    {
        if (preference["weight"]?.AsInteger() is not (>= 1 and <= 100))
        {
            check.Add(FieldError.Invalid($"{path}.weight", preference["weight"] ?? IntegerNode.Of(0), "must be in the range 1-100"));
        }
    }

    internal static void NodeTerms(Checks check, Node? terms, string path)
    {
        if (terms is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required(path, "must have at least one node selector term"));
        }

        foreach ((Node term, string at) in Checks.Each(terms, path))
        {
            NodeTerm(check, term, at);
        }
    }

    private static void NodeTerm(Checks check, Node? term, string path)
    {
        foreach ((Node expression, string at) in Checks.Each(term?["matchExpressions"], $"{path}.matchExpressions"))
        {
            string op = expression["operator"]?.AsString() ?? string.Empty;
            int count = expression["values"]?.AsList()?.Count ?? 0;
            switch (op)
            {
                case "In" or "NotIn" when count == 0:
                    check.Add(FieldError.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'"));
                    break;
                case "Exists" or "DoesNotExist" when count > 0:
                    check.Add(FieldError.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                    break;
                case "Gt" or "Lt" when count != 1:
                    check.Add(FieldError.Required($"{at}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'"));
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist" or "Gt" or "Lt":
                    break;
                default:
                    check.Add(FieldError.Invalid($"{at}.operator", op, "not a valid selector operator"));
                    break;
            }

            check.Name(expression["key"], $"{at}.key", NameRules.LabelKey);
        }

        foreach ((Node field, string at) in Checks.Each(term?["matchFields"], $"{path}.matchFields"))
        {
            if (field["key"]?.AsString() != "metadata.name")
            {
                check.Add(FieldError.Invalid($"{at}.key", field["key"], "not a valid field selector key"));
            }
        }
    }

    private static void PodTerm(Checks check, Node? term, string path)
    {
        check.Selector(term?["labelSelector"], $"{path}.labelSelector");
        check.Selector(term?["namespaceSelector"], $"{path}.namespaceSelector");
        foreach ((Node name, string at) in Checks.Each(term?["namespaces"], $"{path}.namespace"))
        {
            check.Name(name, path + ".namespace", NameRules.Label);
            _ = at;
        }

        check.Require(term?["topologyKey"], $"{path}.topologyKey", NotEmptyText);
        if (term?["topologyKey"] is StringNode { Value.Length: > 0 } key)
        {
            check.Name(key, $"{path}.topologyKey", NameRules.LabelKey);
        }
    }
}
