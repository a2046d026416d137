namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Recorded steps that are answered differently, each with its reason, in known-differences.txt; any other difference fails, and so does a line that no longer holds.</summary>
internal static class KnownDifferences
{
    private static readonly Dictionary<string, string> Reasons = Read();

    public static void Check(string area, ScenarioReport report)
    {
        string[] news = [.. report.Mismatches.Where(text => !Reasons.ContainsKey(text.Split(' ')[0]))];
        string[] stale = [.. Reasons.Keys.Where(step => report.Compared.Contains(step) && !report.Differing.Contains(step))];
        Assert.True(news.Length == 0, $"{area}: {news.Length} steps differ and are not in known-differences.txt:\n{string.Join("\n", news.Take(40))}");
        Assert.True(stale.Length == 0, $"{area}: these steps match now; take them out of known-differences.txt: {string.Join(", ", stale)}");
    }

    private static Dictionary<string, string> Read()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "ApiServer", "known-differences.txt");
        Dictionary<string, string> reasons = new(StringComparer.Ordinal);
        foreach (string line in File.ReadAllLines(file).Where(line => line.Length > 0 && !line.StartsWith("# ", StringComparison.Ordinal)))
        {
            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            Assert.True(blank > 0, $"{line}: a known difference needs its reason");
            reasons.Add(line[..blank], line[(blank + 1)..]);
        }

        return reasons;
    }
}
