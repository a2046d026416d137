namespace Bowline.Applications.Placing;

/// <summary>What applications' names have in common: <c>echo-monitoring-dev</c> is echo, monitoring and dev.</summary>
internal static class NameTokens
{
    private static readonly char[] Separators = ['-', '_', '.', '/'];

    public static IReadOnlyList<string> Of(string name) =>
        name.ToLowerInvariant().Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>How many names have each token.</summary>
    public static Dictionary<string, int> Count(IEnumerable<string> names) =>
        names.SelectMany(name => Of(name).Distinct()).GroupBy(token => token).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);

    /// <summary>How much a name belongs to a group: each token it shares counts the more, the fewer names outside the group have it.</summary>
    public static double Affinity(string name, IReadOnlyDictionary<string, int> inGroup, int groupSize, IReadOnlyDictionary<string, int> everywhere)
    {
        double sum = 0;
        foreach (string token in Of(name).Distinct())
        {
            int inside = inGroup.GetValueOrDefault(token);
            int outside = Math.Max(0, everywhere.GetValueOrDefault(token) - inside - 1);
            sum += inside == 0 ? 0 : (double)inside / groupSize / (1 + outside);
        }

        return sum;
    }

    /// <summary>The tokens that all of a group's names have and no other group's names all have, in order: <c>dev</c>; empty when there is no such token.</summary>
    public static string NameOf(IReadOnlyCollection<string> group, IEnumerable<IReadOnlyCollection<string>> others)
    {
        HashSet<string> elsewhere = [.. others.Where(other => other.Count > 0).SelectMany(CommonTo)];
        return string.Join('-', CommonTo(group).Where(token => !elsewhere.Contains(token)));
    }

    private static IEnumerable<string> CommonTo(IReadOnlyCollection<string> names) =>
        Of(names.First()).Distinct().Where(token => names.All(name => Of(name).Contains(token)));
}
