using System.Globalization;
using System.Text.RegularExpressions;

namespace Bowline.Sources.Git;

/// <summary>A semantic version; a leading <c>v</c> is allowed and missing parts are zero, as tags are named.</summary>
internal sealed record SemanticVersion(long Major, long Minor, long Patch, string Prerelease) : IComparable<SemanticVersion>
{
    public static SemanticVersion? Parse(string text)
    {
        Match match = VersionRange.VersionPattern().Match(text);
        return match.Success && TryPart(match, "major", out long major) && TryPart(match, "minor", out long minor) && TryPart(match, "patch", out long patch)
            ? new SemanticVersion(major, minor, patch, match.Groups["pre"].Value)
            : null;
    }

    public int CompareTo(SemanticVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        int order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return order != 0 ? order
            : Prerelease.Length == 0 || other.Prerelease.Length == 0 ? other.Prerelease.Length.CompareTo(Prerelease.Length)
            : ComparePrereleases(Prerelease.Split('.'), other.Prerelease.Split('.'));
    }

    private static bool TryPart(Match match, string name, out long value)
    {
        value = 0;
        return !match.Groups[name].Success || long.TryParse(match.Groups[name].Value, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static int ComparePrereleases(string[] left, string[] right)
    {
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            bool leftNumeric = long.TryParse(left[i], NumberStyles.None, CultureInfo.InvariantCulture, out long a);
            bool rightNumeric = long.TryParse(right[i], NumberStyles.None, CultureInfo.InvariantCulture, out long b);
            int order = leftNumeric && rightNumeric ? a.CompareTo(b) : leftNumeric != rightNumeric ? (leftNumeric ? -1 : 1) : string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}

/// <summary>A range of versions as target revisions use them: <c>1.x</c>, <c>^1.2</c>, <c>~1.2.3</c>, <c>&gt;=1.0 &lt;2.0</c>, <c>1 - 2</c>, <c>||</c>. Pre-releases only match a range that names one.</summary>
internal sealed partial class VersionRange
{
    private readonly List<List<Func<SemanticVersion, bool>>> alternatives = [];
    private bool prereleases;

    /// <summary>Null for anything that is not a range, an exact version included: that names a tag.</summary>
    public static VersionRange? Parse(string text)
    {
        if (text.Length > 256 || !text.AsSpan().ContainsAny("^~*<>=!|, xX") || (!text.Any(char.IsAsciiDigit) && text.Trim() != "*"))
        {
            return null;
        }

        VersionRange range = new();
        foreach (string alternative in text.Split("||"))
        {
            List<Func<SemanticVersion, bool>> all = [];
            string spaced = HyphenPattern().Replace(alternative, ">=$1 <=$2");
            int end = 0;
            foreach (Match match in ComparatorPattern().Matches(spaced))
            {
                if (spaced[end..match.Index].Trim(' ', ',').Length > 0 || !range.Add(all, match))
                {
                    return null;
                }

                end = match.Index + match.Length;
            }

            if (all.Count == 0 || spaced[end..].Trim(' ', ',').Length > 0)
            {
                return null;
            }

            range.alternatives.Add(all);
        }

        return range;
    }

    public bool Contains(SemanticVersion version) =>
        (prereleases || version.Prerelease.Length == 0) && alternatives.Any(all => all.TrueForAll(holds => holds(version)));

    [GeneratedRegex(@"^[vV]?(?<major>\d{1,18})(\.(?<minor>\d{1,18}))?(\.(?<patch>\d{1,18}))?(-(?<pre>[0-9A-Za-z.-]+))?(\+[0-9A-Za-z.-]+)?$", RegexOptions.ExplicitCapture)]
    internal static partial Regex VersionPattern();

    [GeneratedRegex(@"(?<op>\^|~>?|>=|=>|<=|=<|!=|>|<|=)?\s*[vV]?(?<version>(\d+|[xX*])(\.(\d+|[xX*]))?(\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)", RegexOptions.ExplicitCapture)]
    private static partial Regex ComparatorPattern();

    [GeneratedRegex(@"(\S+)\s+-\s+(\S+)")]
    private static partial Regex HyphenPattern();

    private bool Add(List<Func<SemanticVersion, bool>> all, Match match)
    {
        string text = match.Groups["version"].Value;
        string core = text.Split('-', '+')[0];
        // How many parts are given: everything from the first wildcard on is open.
        string[] given = [.. core.Split('.').TakeWhile(part => part is not ("x" or "X" or "*"))];
        if (given.Length == 0)
        {
            all.Add(static _ => true);
            return true;
        }

        string suffix = given.Length == core.Split('.').Length ? text[core.Length..] : string.Empty;
        if (SemanticVersion.Parse(string.Join('.', given) + suffix) is not { } low)
        {
            return false;
        }

        prereleases |= low.Prerelease.Length > 0;
        SemanticVersion beyond = Next(low, given.Length);
        switch (match.Groups["op"].Value)
        {
            case ">=" or "=>":
                all.Add(version => version.CompareTo(low) >= 0);
                break;
            case ">":
                all.Add(given.Length == 3 ? version => version.CompareTo(low) > 0 : version => version.CompareTo(beyond) >= 0);
                break;
            case "<":
                all.Add(version => version.CompareTo(low) < 0);
                break;
            case "<=" or "=<":
                all.Add(given.Length == 3 ? version => version.CompareTo(low) <= 0 : version => version.CompareTo(beyond) < 0);
                break;
            case "!=":
                all.Add(version => version.CompareTo(low) < 0 || version.CompareTo(beyond) >= 0);
                break;
            case "^":
                int fixedParts = low.Major > 0 || given.Length == 1 ? 1 : low.Minor > 0 || given.Length == 2 ? 2 : 3;
                Between(all, low, Next(low, fixedParts));
                break;
            case "~" or "~>":
                Between(all, low, Next(low, Math.Min(given.Length, 2)));
                break;
            default:
                Between(all, low, beyond);
                break;
        }

        return true;
    }

    private static void Between(List<Func<SemanticVersion, bool>> all, SemanticVersion low, SemanticVersion beyond) =>
        all.Add(version => version.CompareTo(low) >= 0 && (version.CompareTo(low) == 0 || version.CompareTo(beyond) < 0));

    private static SemanticVersion Next(SemanticVersion version, int parts) => parts switch
    {
        1 => new SemanticVersion(version.Major + 1, 0, 0, string.Empty),
        2 => new SemanticVersion(version.Major, version.Minor + 1, 0, string.Empty),
        _ => new SemanticVersion(version.Major, version.Minor, version.Patch + 1, string.Empty),
    };
}
