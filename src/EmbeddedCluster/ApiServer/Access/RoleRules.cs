using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>What one RBAC rule says, as data.</summary>
internal sealed record RoleRule(IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Names, IReadOnlyList<string> Paths)
{
    public static RoleRule Of(Node rule) => new(Texts(rule["verbs"]), Texts(rule["apiGroups"]), Texts(rule["resources"]), Texts(rule["resourceNames"]), Texts(rule["nonResourceURLs"]));

    /// <summary>The rule as kube-apiserver prints it in refusals.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        Add(parts, "APIGroups", Groups);
        Add(parts, "Resources", Resources);
        Add(parts, "NonResourceURLs", Paths);
        Add(parts, "ResourceNames", Names);
        Add(parts, "Verbs", Verbs);
        return "{" + string.Join(", ", parts) + "}";
    }

    private static void Add(List<string> parts, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            parts.Add($"{name}:[{string.Join(' ', values.Select(value => $"\"{value}\""))}]");
        }
    }

    private static IReadOnlyList<string> Texts(Node? list) => [.. (list?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];
}

/// <summary>Matching of RBAC rules: against a request, and against other rules.</summary>
internal static class RoleRules
{
    public static bool Allow(Node rule, AccessQuery query)
    {
        if (!Has(rule["verbs"], query.Verb))
        {
            return false;
        }

        if (query.Path is { } path)
        {
            return (rule["nonResourceURLs"]?.AsList() ?? []).Any(item => item.AsString() is { } pattern && PathCovers(pattern, path));
        }

        bool names = rule["resourceNames"] is not ListNode { Count: > 0 } only || only.Any(item => item.AsString() == query.Name);
        return names && Has(rule["apiGroups"], query.Group) && (Has(rule["resources"], query.FullResource) || (query.Subresource.Length > 0 && Lists(rule["resources"], "*/" + query.Subresource)));
    }

    /// <summary>Whether a list names a value, or all.</summary>
    public static bool Has(Node? list, string value) => (list?.AsList() ?? []).Any(item => item.AsString() is { } text && (text == "*" || text == value));

    /// <summary>The smallest parts of the asked rules that the held rules do not cover.</summary>
    public static IReadOnlyList<RoleRule> Uncovered(IReadOnlyList<RoleRule> held, IEnumerable<RoleRule> asked) =>
        [.. asked.SelectMany(Parts).Where(part => !held.Any(rule => Covers(rule, part)))];

    /// <summary>Parts that differ in their verb only become one rule again.</summary>
    public static IReadOnlyList<RoleRule> Compact(IEnumerable<RoleRule> parts) =>
    [
        .. parts.GroupBy(part => string.Join('\0', [.. part.Groups, "|", .. part.Resources, "|", .. part.Names, "|", .. part.Paths]), StringComparer.Ordinal)
            .SelectMany(IEnumerable<RoleRule> (group) => group.First().Paths.Count > 0 ? group : [group.First() with { Verbs = [.. group.SelectMany(part => part.Verbs).Distinct()] }]),
    ];

    private static IEnumerable<RoleRule> Parts(RoleRule rule)
    {
        foreach (string group in rule.Groups)
        {
            foreach (string resource in rule.Resources)
            {
                foreach (string verb in rule.Verbs)
                {
                    IEnumerable<string[]> names = rule.Names.Count == 0 ? [[]] : rule.Names.Select(name => (string[])[name]);
                    foreach (string[] name in names)
                    {
                        yield return new RoleRule([verb], [group], [resource], name, []);
                    }
                }
            }
        }

        foreach (string path in rule.Paths)
        {
            foreach (string verb in rule.Verbs)
            {
                yield return new RoleRule([verb], [], [], [], [path]);
            }
        }
    }

    private static bool Covers(RoleRule held, RoleRule part)
    {
        bool verbs = held.Verbs.Contains("*") || part.Verbs.All(held.Verbs.Contains);
        bool groups = held.Groups.Contains("*") || part.Groups.All(held.Groups.Contains);
        bool resources = part.Resources.All(resource => ResourceCovered(held, resource));
        bool paths = part.Paths.All(path => held.Paths.Any(pattern => PathCovers(pattern, path)));
        bool names = held.Names.Count == 0 || (part.Names.Count > 0 && part.Names.All(held.Names.Contains));
        return verbs && groups && resources && paths && names;
    }

    private static bool ResourceCovered(RoleRule held, string resource)
    {
        int slash = resource.IndexOf('/', StringComparison.Ordinal);
        return held.Resources.Contains("*") || held.Resources.Contains(resource) || (slash >= 0 && held.Resources.Contains("*" + resource[slash..]));
    }

    private static bool PathCovers(string pattern, string path) =>
        pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));

    private static bool Lists(Node? list, string value) => (list?.AsList() ?? []).Any(item => item.AsString() == value);
}
