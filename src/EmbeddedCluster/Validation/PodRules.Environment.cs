using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private static readonly string[] EnvironmentFields = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];
    private static readonly string[] ResourceFields = ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];
    private static readonly string[] MemoryDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    private static readonly FrozenSet<string> KnownFields = EnvironmentFields.Concat(["metadata.labels", "metadata.annotations", "spec.restartPolicy", "spec.schedulerName", "status.phase"]).ToFrozenSet(StringComparer.Ordinal);

    private static void Environment(Checks check, Node? variables, string path)
    {
        foreach ((Node variable, string at) in Checks.Each(variables, path))
        {
            check.RequireName(variable["name"], $"{at}.name", NameRules.EnvironmentName);
            if (variable["valueFrom"] is not MapNode from)
            {
                continue;
            }

            string where = $"{at}.valueFrom";
            FieldReference(check, from["fieldRef"], $"{where}.fieldRef", EnvironmentFields);
            ResourceField(check, from["resourceFieldRef"], $"{where}.resourceFieldRef", needsContainer: false);
            foreach (string reference in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
            {
                if (from[reference] is MapNode key)
                {
                    check.Name(key["name"], $"{where}.{reference}.name", NameRules.Subdomain);
                    check.RequireName(key["key"], $"{where}.{reference}.key", NameRules.ConfigKey);
                }
            }

            if (from.Count == 0)
            {
                check.Add(FieldError.Invalid(where, string.Empty, "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
            }
            else if (variable["value"]?.AsString() is { Length: > 0 })
            {
                check.Add(FieldError.Invalid(where, string.Empty, "may not be specified when `value` is not empty"));
            }
            else if (from.Count > 1)
            {
                check.Add(FieldError.Invalid(where, string.Empty, "may not have more than one field specified at a time"));
            }
        }
    }

    private static void EnvironmentSources(Checks check, Node? sources, string path)
    {
        foreach ((Node source, string at) in Checks.Each(sources, path))
        {
            check.NameIfSet(source["prefix"], $"{at}.prefix", NameRules.EnvironmentName);
            int count = 0;
            foreach (string reference in (ReadOnlySpan<string>)["configMapRef", "secretRef"])
            {
                if (source[reference] is MapNode from)
                {
                    count++;
                    check.RequireName(from["name"], $"{at}.{reference}.name", NameRules.Subdomain);
                }
            }

            if (count != 1)
            {
                check.Add(FieldError.Invalid(path, string.Empty, count == 0 ? "must specify one of: `configMapRef` or `secretRef`" : "may not have more than one field specified at a time"));
            }
        }
    }

    internal static void FieldReference(Checks check, Node? reference, string path, string[] supported)
    {
        if (reference is not MapNode)
        {
            return;
        }

        string field = reference["fieldPath"]?.AsString() ?? string.Empty;
        if (field.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.fieldPath"));
            return;
        }

        int bracket = field.EndsWith("']", StringComparison.Ordinal) ? field.IndexOf("['", StringComparison.Ordinal) : -1;
        if (bracket > 0)
        {
            string subscript = field[(bracket + 2)..^2];
            switch (field[..bracket])
            {
                case "metadata.annotations":
                    check.Name(StringNode.Of(subscript.ToLowerInvariant()), path, NameRules.QualifiedName);
                    return;
                case "metadata.labels":
                    check.Name(StringNode.Of(subscript), path, NameRules.QualifiedName);
                    return;
            }
        }

        if (!KnownFields.Contains(field))
        {
            check.Add(FieldError.Invalid($"{path}.fieldPath", field, $"error converting fieldPath: field label not supported: {field}"));
        }
        else if (!supported.Contains(field))
        {
            check.Add(FieldError.NotSupported($"{path}.fieldPath", field, supported));
        }
    }

    internal static void ResourceField(Checks check, Node? reference, string path, bool needsContainer)
    {
        if (reference is not MapNode)
        {
            return;
        }

        string resource = Checks.Text(reference["resource"]);
        bool huge = resource.StartsWith("limits.hugepages-", StringComparison.Ordinal) || resource.StartsWith("requests.hugepages-", StringComparison.Ordinal);
        if (needsContainer && Checks.IsEmpty(reference["containerName"]))
        {
            check.Add(FieldError.Required($"{path}.containerName"));
        }
        else if (resource.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.resource"));
        }
        else if (!ResourceFields.Contains(resource) && !huge)
        {
            check.Add(FieldError.NotSupported($"{path}.resource", resource, ResourceFields));
        }

        Divisor(check, resource, huge, reference["divisor"], $"{path}.divisor");
    }

    private static void Divisor(Checks check, string resource, bool huge, Node? divisor, string path)
    {
        string text = divisor?.AsString() ?? divisor?.ToString() ?? "0";
        string? kind = resource switch
        {
            "limits.cpu" or "requests.cpu" => "cpu",
            "limits.memory" or "requests.memory" => "memory",
            "limits.ephemeral-storage" or "requests.ephemeral-storage" => "local ephemeral storage",
            _ => huge ? "hugepages" : null,
        };
        if (kind is null || text == "0")
        {
            return;
        }

        if (kind == "cpu" ? text is not ("1m" or "1") : !MemoryDivisors.Contains(text))
        {
            string allowed = kind == "cpu" ? "1m and 1" : string.Join(", ", MemoryDivisors);
            check.Add(FieldError.Invalid(path, resource, $"only divisor's values {allowed} are supported with the {kind} resource"));
        }
    }
}
