using System.IO.Enumeration;
using Bowline.Resources.Model;

namespace Bowline.Applications.Placing;

/// <summary>A cluster that the user named, with the applications he wants there as globs.</summary>
public sealed record PlacementRule(string Cluster, IReadOnlyList<string> Globs)
{
    /// <summary>Applications by their names, beside those that a glob matches.</summary>
    public IReadOnlySet<string> Names { get; init; } = new HashSet<string>();

    public bool Matches(string application) => Names.Contains(application) || Globs.Any(glob => FileSystemName.MatchesSimpleExpression(glob, application, ignoreCase: false));
}

/// <summary>
/// Places applications on clusters: by the user's rules first; the rest so that no two applications that claim the same object
/// meet, on as few clusters as that allows, each beside those whose names it shares most with. Pure and deterministic.
/// </summary>
public static class ClusterPlacer
{
    public const string DefaultName = "bowline";

    public static Placement Place(IReadOnlyList<Claims> claims, IReadOnlyList<PlacementRule> rules)
    {
        List<Group> groups = [.. rules.Select(rule => new Group(rule.Cluster))];
        List<Claims> free = [];
        foreach (Claims claim in claims)
        {
            int rule = 0;
            while (rule < rules.Count && !rules[rule].Matches(claim.Application))
            {
                rule++;
            }

            if (rule < rules.Count)
            {
                groups[rule].Add(claim);
            }
            else
            {
                free.Add(claim);
            }
        }

        foreach (IGrouping<string, Claims> destination in free.GroupBy(claim => claim.Destination).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            // Applications for different API servers never share a cluster; rules alone may bring them together.
            List<Group> own = [.. groups.Where(group => group.Name is not null)];
            int before = own.Count;
            Spread([.. destination], own);
            groups.AddRange(own.Skip(before));
        }

        return Describe([.. groups.Where(group => group.Name is not null || group.Members.Count > 0)]);
    }

    private static void Spread(List<Claims> claims, List<Group> groups)
    {
        Dictionary<string, int> tokens = NameTokens.Count(claims.Select(claim => claim.Application));
        Dictionary<Claims, HashSet<Claims>> rivals = FindRivals([.. claims, .. groups.SelectMany(group => group.Members)]);
        Claims[] contested = [.. claims.Where(claim => rivals[claim].Count > 0)];
        int allowed = Math.Max(groups.Count, ColourCount.Of(contested.Length, (left, right) => rivals[contested[left]].Contains(contested[right])));

        // Those with the most rivals choose first; applications without any follow their names.
        foreach (Claims claim in claims.OrderByDescending(claim => rivals[claim].Count).ThenByDescending(claim => claim.Objects.Count).ThenBy(claim => claim.Application, StringComparer.Ordinal))
        {
            (Group Group, double Affinity)[] open = [.. groups
                .Where(group => !rivals[claim].Overlaps(group.Members))
                .Select(group => (group, NameTokens.Affinity(claim.Application, group.Tokens, group.Members.Count, tokens)))];
            Group? best = open.Length == 0 ? null : open.MaxBy(candidate => candidate.Affinity).Group;
            bool stranger = best is null || (rivals[claim].Count > 0 && groups.Count < allowed && open.Max(candidate => candidate.Affinity) == 0);
            if (stranger)
            {
                groups.Add(best = new Group(name: null));
            }

            best!.Add(claim);
        }
    }

    private static Dictionary<Claims, HashSet<Claims>> FindRivals(IReadOnlyList<Claims> claims)
    {
        Dictionary<ResourceId, List<Claims>> claimants = [];
        foreach (Claims claim in claims)
        {
            foreach (ResourceId id in claim.Objects)
            {
                (claimants.TryGetValue(id, out List<Claims>? known) ? known : claimants[id] = []).Add(claim);
            }
        }

        Dictionary<Claims, HashSet<Claims>> rivals = claims.ToDictionary(claim => claim, _ => new HashSet<Claims>(ReferenceEqualityComparer.Instance), (IEqualityComparer<Claims>)ReferenceEqualityComparer.Instance);
        foreach (List<Claims> several in claimants.Values.Where(several => several.Count > 1))
        {
            foreach (Claims claim in several)
            {
                rivals[claim].UnionWith(several.Where(other => !ReferenceEquals(other, claim)));
            }
        }

        return rivals;
    }

    private static Placement Describe(List<Group> groups)
    {
        List<string> names = [];
        Dictionary<string, string> clusterOf = new(StringComparer.Ordinal);
        Dictionary<string, string> reasons = new(StringComparer.Ordinal);
        foreach (Group group in groups)
        {
            string name = group.Name ?? InferName(group, groups, names);
            names.Add(name);
            foreach (Claims member in group.Members)
            {
                clusterOf[member.Application] = name;
            }

            if (group.Name is null && groups.Count > 1)
            {
                reasons[name] = Explain(group, groups);
            }
        }

        return new Placement(names, clusterOf, reasons);
    }

    private static string InferName(Group group, List<Group> groups, List<string> taken)
    {
        string name = groups.Count == 1 ? DefaultName : NameTokens.NameOf(group.Names, groups.Where(other => other != group).Select(other => other.Names));
        string stem = name.Length > 0 ? name : DefaultName;
        for (int number = 2; name.Length == 0 || taken.Contains(name); number++)
        {
            name = name.Length == 0 && !taken.Contains(stem) ? stem : $"{stem}-{number}";
        }

        return name;
    }

    private static string Explain(Group group, List<Group> groups)
    {
        foreach (Claims mine in group.Members)
        {
            foreach (Claims theirs in groups.Where(other => other != group).SelectMany(other => other.Members))
            {
                if (mine.Objects.Where(theirs.Objects.Contains).Order(Comparer<ResourceId>.Create(
                    static (left, right) => string.CompareOrdinal(left.ToString(), right.ToString()))).ToArray() is { Length: > 0 } shared)
                {
                    return $"{string.Join(", ", group.Names)}: {mine.Application} and {theirs.Application} both claim {shared[0]}" + (shared.Length > 1 ? $" and {shared.Length - 1} more" : string.Empty);
                }
            }
        }

        return string.Join(", ", group.Names);
    }

    private sealed class Group(string? name)
    {
        /// <summary>Null until it is inferred.</summary>
        public string? Name { get; } = name;

        public List<Claims> Members { get; } = [];

        /// <summary>How many members have each token in their names.</summary>
        public Dictionary<string, int> Tokens { get; } = new(StringComparer.Ordinal);

        public IReadOnlyList<string> Names => [.. Members.Select(member => member.Application).Order(StringComparer.Ordinal)];

        public void Add(Claims claim)
        {
            Members.Add(claim);
            foreach (string token in NameTokens.Of(claim.Application).Distinct())
            {
                Tokens[token] = Tokens.GetValueOrDefault(token) + 1;
            }
        }
    }
}
