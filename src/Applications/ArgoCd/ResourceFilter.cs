using Bowline.Rendering.Globs;
using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// Argo CD's <c>resource.exclusions</c> and <c>resource.inclusions</c>: kinds that are neither delivered nor pruned. An exclusion goes before an inclusion;
/// where there are inclusions, nothing else is included.
/// </summary>
public sealed class ResourceFilter
{
    private static readonly Rule[] Always =
    [
        new Rule(["events.k8s.io", "metrics.k8s.io"], [], []),
        new Rule([string.Empty], ["Event"], []),
        new Rule(["coordination.k8s.io"], ["Lease"], []),
    ];

    /// <summary>Excludes only what Argo CD excludes always: what the cluster itself makes by the thousand.</summary>
    public static readonly ResourceFilter Usual = new([], null);

    private readonly IReadOnlyList<Rule> exclusions;
    private readonly IReadOnlyList<Rule>? inclusions;

    private ResourceFilter(IReadOnlyList<Rule> exclusions, IReadOnlyList<Rule>? inclusions)
    {
        this.exclusions = [.. Always, .. exclusions];
        this.inclusions = inclusions;
    }

    /// <param name="exclusions">A list of <c>apiGroups</c>, <c>kinds</c> and <c>clusters</c>, each of globs; null for none.</param>
    /// <param name="inclusions">The same; null includes everything.</param>
    public static ResourceFilter Read(Node? exclusions, Node? inclusions) => new(Rules(exclusions), inclusions is ListNode { Count: > 0 } ? Rules(inclusions) : null);

    /// <param name="server">The destination's, as Argo CD writes it.</param>
    public bool Excludes(ResourceId id, string server) => Matches(exclusions, id, server) || (inclusions is not null && !Matches(inclusions, id, server));

    // Every look at an application asks this of every object, so nothing is allocated on the way.
    private static bool Matches(IReadOnlyList<Rule> rules, ResourceId id, string server)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            if (rules[i].Matches(id, server))
            {
                return true;
            }
        }

        return false;
    }

    private static Rule[] Rules(Node? list) =>
        [.. (list as ListNode ?? []).Select(rule => new Rule(ArgoCdDialect.Texts(rule["apiGroups"]), ArgoCdDialect.Texts(rule["kinds"]), ArgoCdDialect.Texts(rule["clusters"])))];

    private sealed record Rule(IReadOnlyList<string> Groups, IReadOnlyList<string> Kinds, IReadOnlyList<string> Clusters)
    {
        public bool Matches(ResourceId id, string server) => Any(Groups, id.Group) && Any(Kinds, id.Kind) && Any(Clusters, server);

        private static bool Any(IReadOnlyList<string> patterns, string text)
        {
            for (int i = 0; i < patterns.Count; i++)
            {
                if (Fits(patterns[i], text))
                {
                    return true;
                }
            }

            return patterns.Count == 0;
        }

        private static bool Fits(string pattern, string text) =>
            pattern == "*" || pattern == text || (pattern.AsSpan().IndexOfAny("*?[{") >= 0 && FileGlob.Compile(pattern, crossesSlashes: true)?.IsMatch(text) == true);
    }
}
