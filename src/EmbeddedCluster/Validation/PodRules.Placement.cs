using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string NotEmptyText = "can not be empty";
    private const string NoSelectorText = "must not be specified when labelSelector is not set";
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

    private static void HostNetwork(Checks check, Node? spec, string path, bool ofPod)
    {
        if (spec?["hostNetwork"]?.AsBool() != true)
        {
            return;
        }

        foreach ((Node port, string at) in Checks.Each(spec["containers"], $"{path}.containers").SelectMany(pair => Checks.Each(pair.Item["ports"], $"{pair.Path}.ports")))
        {
            long host = port["hostPort"]?.AsInteger() ?? 0;
            if ((ofPod || host != 0) && host != (port["containerPort"]?.AsInteger() ?? 0))
            {
                check.Add(FieldError.Invalid($"{at}.hostPort", host, "must match `containerPort` when `hostNetwork` is true"));
            }
        }
    }

    private static void DnsConfig(Checks check, Node? spec, string path)
    {
        Node? config = spec?["dnsConfig"];
        string at = $"{path}.dnsConfig";
        ListNode servers = config?["nameservers"]?.AsList() ?? [];
        bool none = spec?["dnsPolicy"]?.AsString() == "None";
        if (none && config is not MapNode)
        {
            check.Add(FieldError.Required(at, "must provide `dnsConfig` when `dnsPolicy` is None"));
            return;
        }

        if (none && servers.Count == 0)
        {
            check.Add(FieldError.Required($"{at}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"));
            return;
        }

        if (servers.Count > 3)
        {
            check.Add(FieldError.Invalid($"{at}.nameservers", servers, "must not have more than 3 nameservers"));
        }

        foreach ((Node server, string where) in Checks.Each(servers, $"{at}.nameservers"))
        {
            check.Name(server, where, AddressRules.Address);
        }

        Searches(check, config?["searches"]?.AsList() ?? [], $"{at}.searches");
        foreach ((Node option, string where) in Checks.Each(config?["options"], $"{at}.options"))
        {
            check.Require(option["name"], $"{where}", "must not be empty");
        }
    }

    /// <summary>A resolver's search list; the root of the names may be in it, and underscores.</summary>
    private static void Searches(Checks check, ListNode searches, string path)
    {
        if (searches.Count > 32)
        {
            check.Add(FieldError.Invalid(path, searches, "must not have more than 32 search paths"));
        }

        if (searches.Sum(search => Checks.Text(search).Length) + searches.Count - 1 > 2048)
        {
            check.Add(FieldError.Invalid(path, searches, "must not have more than 2048 characters (including spaces) in the search list"));
        }

        foreach ((Node search, string where) in Checks.Each(searches, path))
        {
            string text = Checks.Text(search);
            if (text != ".")
            {
                check.Name(StringNode.Of(text.EndsWith('.') ? text[..^1] : text), where, NameRules.SearchPath);
            }
        }
    }

    private static void HostAliases(Checks check, Node? aliases, string path)
    {
        foreach ((Node alias, string at) in Checks.Each(aliases, path))
        {
            check.Name(alias["ip"], $"{at}.ip", AddressRules.Address);
            foreach ((Node name, string where) in Checks.Each(alias["hostnames"], $"{at}.hostnames"))
            {
                check.Name(name, where, NameRules.Subdomain);
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
            check.Name(gate["name"], at, NameRules.QualifiedName);
            if (!seen.Add(gate["name"]?.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate(at, gate["name"]));
            }
        }
    }

    private static void Spread(Checks check, Node? constraints, string path)
    {
        ListNode all = constraints?.AsList() ?? [];
        int index = 0;
        foreach ((Node constraint, string at) in Checks.Each(constraints, path))
        {
            index++;
            if ((constraint["maxSkew"]?.AsInteger() ?? 0) <= 0)
            {
                check.Add(FieldError.Invalid($"{at}.maxSkew", constraint["maxSkew"] ?? IntegerNode.Of(0), Checks.AboveZeroText));
            }

            check.Require(constraint["topologyKey"], $"{at}.topologyKey", NotEmptyText);
            string when = constraint["whenUnsatisfiable"]?.AsString() ?? string.Empty;
            if (when is not ("DoNotSchedule" or "ScheduleAnyway"))
            {
                check.Add(FieldError.NotSupported($"{at}.whenUnsatisfiable", when, "DoNotSchedule", "ScheduleAnyway"));
            }

            string key = Checks.Text(constraint["topologyKey"]);
            if (all.Skip(index).Any(later => Checks.Text(later["topologyKey"]) == key && Checks.Text(later["whenUnsatisfiable"]) == when))
            {
                check.Add(FieldError.Duplicate($"{at}.{{topologyKey, whenUnsatisfiable}}", $"{{{key}, {when}}}"));
            }

            if (constraint["minDomains"]?.AsInteger() is { } domains)
            {
                if (domains <= 0)
                {
                    check.Add(FieldError.Invalid($"{at}.minDomains", domains, Checks.AboveZeroText));
                }

                if (when != "DoNotSchedule")
                {
                    check.Add(FieldError.Invalid($"{at}.minDomains", domains, "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + when));
                }
            }

            MatchLabelKeys(check, constraint, at);
            check.OneOf(constraint["nodeAffinityPolicy"], $"{at}.nodeAffinityPolicy", "Honor", "Ignore");
            check.OneOf(constraint["nodeTaintsPolicy"], $"{at}.nodeTaintsPolicy", "Honor", "Ignore");
            check.Selector(constraint["labelSelector"], $"{at}.labelSelector");
        }
    }

    /// <summary>Keys of labels that a constraint takes from the pod, beside a selector and not in it.</summary>
    private static void MatchLabelKeys(Checks check, Node constraint, string path)
    {
        if (constraint["matchLabelKeys"] is not ListNode { Count: > 0 } keys)
        {
            return;
        }

        Node? selector = constraint["labelSelector"];
        if (selector is not MapNode)
        {
            check.Add(FieldError.Forbidden($"{path}.matchLabelKeys", NoSelectorText));
        }

        HashSet<string> selected = [.. (selector?["matchLabels"] as MapNode ?? []).Keys, .. (selector?["matchExpressions"]?.AsList() ?? []).Select(expression => Checks.Text(expression["key"]))];
        foreach ((Node key, string at) in Checks.Each(keys, $"{path}.matchLabelKeys"))
        {
            check.Name(key, at, NameRules.LabelKey);
            if (selected.Contains(Checks.Text(key)))
            {
                check.Add(FieldError.Invalid(at, key, "exists in both matchLabelKeys and labelSelector"));
            }
        }
    }

    internal static void Tolerations(Checks check, Node? spec, string path)
    {
        foreach ((Node toleration, string at) in Checks.Each(spec?["tolerations"], $"{path}.tolerations"))
        {
            string op = toleration["operator"]?.AsString() ?? string.Empty;
            bool keyed = toleration["key"]?.AsString() is { Length: > 0 };
            if (keyed)
            {
                check.Name(toleration["key"], $"{at}.key", NameRules.LabelKey);
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
            NodeTerm(check, preference["preference"], $"{where}.preference", valuesToo: false);
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
            NodeTerm(check, term, at, valuesToo: true);
        }
    }

    private static void NodeTerm(Checks check, Node? term, string path, bool valuesToo)
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
            foreach ((Node value, string where) in valuesToo ? Checks.Each(expression["values"], $"{at}.values") : [])
            {
                check.Name(value, where, NameRules.LabelValue);
            }
        }

        foreach ((Node field, string at) in Checks.Each(term?["matchFields"], $"{path}.matchFields"))
        {
            FieldTerm(check, field, at);
        }
    }

    /// <summary>A node can be picked by its name, one at a time.</summary>
    private static void FieldTerm(Checks check, Node field, string path)
    {
        string op = Checks.Text(field["operator"]);
        if (op is not ("In" or "NotIn"))
        {
            check.Add(FieldError.Invalid($"{path}.operator", op, "not a valid selector operator"));
        }
        else if (field["values"] is not ListNode { Count: 1 })
        {
            check.Add(FieldError.Required($"{path}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
        }

        if (field["key"]?.AsString() != "metadata.name")
        {
            check.Add(FieldError.Invalid($"{path}.key", field["key"] ?? StringNode.Empty, "not a valid field selector key"));
            return;
        }

        foreach ((Node value, string at) in Checks.Each(field["values"], $"{path}.values"))
        {
            check.Name(value, at, NameRules.Subdomain);
        }
    }

    private static void PodTerm(Checks check, Node? term, string path)
    {
        check.Selector(term?["labelSelector"], $"{path}.labelSelector");
        check.Selector(term?["namespaceSelector"], $"{path}.namespaceSelector");
        foreach (Node name in term?["namespaces"]?.AsList() ?? [])
        {
            check.Name(name, $"{path}.namespace", NameRules.Label);
        }

        TermLabelKeys(check, term, path);
        check.Require(term?["topologyKey"], $"{path}.topologyKey", NotEmptyText);
        check.Name(term?["topologyKey"], $"{path}.topologyKey", NameRules.LabelKey);
    }

    private static void TermLabelKeys(Checks check, Node? term, string path)
    {
        string[] mismatched = [.. (term?["mismatchLabelKeys"]?.AsList() ?? []).Select(Checks.Text)];
        foreach (string part in (ReadOnlySpan<string>)["matchLabelKeys", "mismatchLabelKeys"])
        {
            if (term?[part] is ListNode { Count: > 0 } && term["labelSelector"] is not MapNode)
            {
                check.Add(FieldError.Forbidden($"{path}.{part}", NoSelectorText));
                continue;
            }

            foreach ((Node key, string at) in Checks.Each(term?[part], $"{path}.{part}"))
            {
                check.Name(key, at, NameRules.LabelKey);
            }
        }

        foreach ((Node key, string at) in Checks.Each(term?["matchLabelKeys"], $"{path}.matchLabelKeys").Where(pair => mismatched.Contains(Checks.Text(pair.Item))))
        {
            check.Add(FieldError.Invalid(at, key, "exists in both matchLabelKeys and mismatchLabelKeys"));
        }
    }
}
