using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class AdmissionRules
{
    public static void MutatingPolicy(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.OneOf(spec?["failurePolicy"], "spec.failurePolicy", "Fail", "Ignore");
        ParamKind(check, spec?["paramKind"]);
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

    public static void MutatingBinding(Checks check, MapNode node)
    {
        check.RequireName(node.At("spec", "policyName"), "spec.policyName", NameRules.Subdomain);
        if (node.At("spec", "matchResources") is MapNode match)
        {
            Match(check, match, "spec.matchResources", requireRules: false, mutates: true);
        }
    }

    /// <summary>The kind of a policy's parameters.</summary>
    public static void ParamKind(Checks check, Node? kind)
    {
        if (kind is not MapNode)
        {
            return;
        }

        const string Path = "spec.paramKind.apiVersion";
        string text = Checks.Text(kind["apiVersion"]);
        string[] parts = text is "" or "/" ? [] : text.Split('/');
        switch (parts.Length)
        {
            case 0 when text.Length == 0:
                check.Add(FieldError.Required(Path));
                break;
            case > 2:
                check.Add(FieldError.Invalid(Path, text, $"unexpected GroupVersion string: {text}"));
                break;
            default:
                check.NameIfSet(parts.Length == 2 ? parts[0] : string.Empty, Path, NameRules.Subdomain);
                if (parts.Length == 0 || parts[^1].Length == 0)
                {
                    check.Add(FieldError.Invalid(Path, text, "version must be specified"));
                }
                else
                {
                    check.Name(parts[^1], Path, NameRules.Label1035);
                }

                break;
        }

        if (Checks.IsEmpty(kind["kind"]))
        {
            check.Add(FieldError.Required("spec.paramKind.kind"));
        }
        else if (string.Join(',', NameRules.Label1035(Checks.Text(kind["kind"]).ToLowerInvariant())) is { Length: > 0 } wrong)
        {
            check.Add(FieldError.Invalid("spec.paramKind.kind", kind["kind"], $"may have mixed case, but should otherwise match: {wrong}"));
        }
    }

    /// <summary>Whom a policy of either kind concerns.</summary>
    public static void Constraints(Checks check, Node? spec, bool mutates)
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
    public static void Match(Checks check, MapNode match, string path, bool requireRules, bool mutates)
    {
        check.Choice(match["matchPolicy"], $"{path}.matchPolicy", "Equivalent", "Exact");
        check.Selector(match["namespaceSelector"], $"{path}.namespaceSelector");
        check.Selector(match["objectSelector"], $"{path}.objectSelector");
        foreach (string list in (ReadOnlySpan<string>)["resourceRules", "excludeResourceRules"])
        {
            foreach ((Node rule, string at) in Checks.Each(match[list], $"{path}.{list}"))
            {
                ResourceNames(check, rule["resourceNames"], $"{at}.resourceNames");
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

    private static void ResourceNames(Checks check, Node? names, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node name, string at) in Checks.Each(names, path))
        {
            check.Name(name, at, NameRules.PathSegment);
            if (!seen.Add(Checks.Text(name)))
            {
                check.Add(FieldError.Duplicate(at, name));
            }
        }
    }
}
