using System.Globalization;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Sets of completion indexes as text, such as <c>0-2,5</c>.</summary>
internal static class JobIndexes
{
    private const int Most = 100_000;

    /// <param name="limit">Indexes from here on are left out.</param>
    public static HashSet<int> Parse(string text, int limit = int.MaxValue)
    {
        HashSet<int> indexes = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) && last - first < Most)
            {
                indexes.UnionWith(Enumerable.Range(first, Math.Max(0, Math.Min(last, limit - 1) - first + 1)));
            }
        }

        return indexes;
    }

    public static string Format(IEnumerable<int> indexes)
    {
        List<string> parts = [];
        int[] sorted = [.. indexes.Order()];
        for (int i = 0; i < sorted.Length;)
        {
            int end = i;
            while (end + 1 < sorted.Length && sorted[end + 1] == sorted[end] + 1)
            {
                end++;
            }

            parts.Add(end == i ? Number(sorted[i]) : end == i + 1 ? $"{Number(sorted[i])},{Number(sorted[end])}" : $"{Number(sorted[i])}-{Number(sorted[end])}");
            i = end + 1;
        }

        return string.Join(',', parts);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
