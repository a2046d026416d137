using System.Text.RegularExpressions;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Kubernetes' order of versions: v2 before v1 before v1beta2 before v1beta1 before v1alpha1 before anything else.</summary>
internal static partial class VersionPriority
{
    public static Comparer<string> Comparer { get; } = Comparer<string>.Create(Compare);

    private static int Compare(string left, string right)
    {
        (int Stability, int Major, int Minor)? a = Parse(left);
        (int Stability, int Major, int Minor)? b = Parse(right);
        return (a, b) switch
        {
            ({ } x, { } y) => -x.CompareTo(y),
            ({ }, null) => -1,
            (null, { }) => 1,
            _ => string.CompareOrdinal(left, right),
        };
    }

    private static (int Stability, int Major, int Minor)? Parse(string version)
    {
        Match match = Pattern().Match(version);
        if (!match.Success || !int.TryParse(match.Groups[1].Value, out int major))
        {
            return null;
        }

        int stability = match.Groups[2].Value switch
        {
            "alpha" => 0,
            "beta" => 1,
            _ => 2,
        };
        return (stability, major, int.TryParse(match.Groups[3].Value, out int minor) ? minor : 0);
    }

    [GeneratedRegex(@"^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?\z")]
    private static partial Regex Pattern();
}
