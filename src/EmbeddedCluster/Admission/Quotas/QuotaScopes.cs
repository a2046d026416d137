using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Quotas;

/// <summary>Whether an object is of those that a quota with scopes counts; a quota without scopes counts all.</summary>
internal static class QuotaScopes
{
    /// <param name="kind">Qualified plural.</param>
    public static bool Covers(MapNode quota, string kind, MapNode item)
    {
        IEnumerable<Node> scopes = quota.At("spec", "scopes")?.AsList() ?? [];
        IEnumerable<Node> expressions = quota.At("spec", "scopeSelector", "matchExpressions")?.AsList() ?? [];
        return scopes.All(scope => Holds(scope.AsString() ?? string.Empty, "Exists", [], kind, item))
            && expressions.All(expression => Holds(
                expression["scopeName"]?.AsString() ?? string.Empty,
                expression["operator"]?.AsString() ?? string.Empty,
                [.. (expression["values"]?.AsList() ?? []).Select(value => value.AsString() ?? string.Empty)],
                kind,
                item));
    }

    private static bool Holds(string scope, string op, IReadOnlyList<string> values, string kind, MapNode item) => (kind, scope) switch
    {
        ("pods", "Terminating") => IsTerminating(item),
        ("pods", "NotTerminating") => !IsTerminating(item),
        ("pods", "BestEffort") => IsBestEffort(item),
        ("pods", "NotBestEffort") => !IsBestEffort(item),
        ("pods", "PriorityClass") => Matches(item.At("spec", "priorityClassName")?.AsString() ?? string.Empty, op, values),
        ("pods", "CrossNamespacePodAffinity") => CrossesNamespaces(item),
        ("persistentvolumeclaims", "VolumeAttributesClass") => Matches(item.At("spec", "volumeAttributesClassName")?.AsString() ?? string.Empty, op, values),
        _ => false,
    };

    private static bool Matches(string value, string op, IReadOnlyList<string> values) =>
        new LabelRequirement(string.Empty, op, values).Holds(value.Length > 0 ? value : null);

    private static bool IsTerminating(MapNode pod) => pod.At("spec", "activeDeadlineSeconds")?.AsInteger() >= 0;

    private static bool IsBestEffort(MapNode pod) => ((string[])["containers", "initContainers"])
        .SelectMany(list => pod.At("spec", list)?.AsList() ?? []).Select(container => container["resources"]).Append(pod.At("spec", "resources"))
        .All(resources => NoneSet(resources?["requests"]) && NoneSet(resources?["limits"]));

    private static bool NoneSet(Node? amounts) => ((string[])["cpu", "memory"]).All(name => Resources.Schemas.Quantity.Of(amounts?[name]).IsZero);

    private static bool CrossesNamespaces(MapNode pod)
    {
        foreach (string kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            Node? affinity = pod.At("spec", "affinity", kind);
            IEnumerable<Node?> terms = (affinity?["requiredDuringSchedulingIgnoredDuringExecution"]?.AsList() ?? []).Cast<Node?>()
                .Concat((affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.AsList() ?? []).Select(term => term["podAffinityTerm"]));
            if (terms.Any(term => term?["namespaces"] is ListNode { Count: > 0 } || term?["namespaceSelector"] is MapNode))
            {
                return true;
            }
        }

        return false;
    }
}
