using System.Text.RegularExpressions;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>
/// Constraints of Masterminds/semver 3.4: groups joined by <c>||</c>, conditions in a group by commas or spaces, ranges
/// <c>1.2 - 3</c>, wildcards. A group lets prereleases in only if one of its own versions is a prerelease.
/// </summary>
public sealed class VersionConstraints
{
    private const string Operators = @"=|!=|>|<|>=|=>|<=|=<|~|~>|\^|";

    private const string Version =
        @"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";

    // A constraint comes from a template: spaces between its parts must not be tried in every combination.
    private const RegexOptions Linear = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly Regex Ranges = new(@"\s*(" + Version + @")\s+-\s+(" + Version + @")\s*", Linear);

    private static readonly Regex Valid = new(@"^(\s*(" + Operators + @")\s*(" + Version + @")\s*)((?:\s+|,\s*)(" + Operators + @")\s*(" + Version + @")\s*)*\z", Linear);

    private static readonly Regex Single = new("(?<op>!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|)\\s*v?(?<major>[0-9|x|X|\\*]+)(?<minor>\\.[0-9|x|X|\\*]+)?(?<patch>\\.[0-9|x|X|\\*]+)?(?<pre>-[0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*)?(?:\\+[0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*)?", Linear);

    private readonly List<List<Condition>> groups;

    private VersionConstraints(List<List<Condition>> groups) => this.groups = groups;

    /// <summary>Null, with the reason Go gives, for a text that is no constraint.</summary>
    public static VersionConstraints? Parse(string text, out string error)
    {
        error = string.Empty;
        if (text.Length > 4096)
        {
            error = "improper constraint: too long";
            return null;
        }

        List<List<Condition>> groups = [];
        foreach (string group in Ranges.Replace(text, ">= $1, <= $11 ").Split("||"))
        {
            if (!Valid.IsMatch(group))
            {
                error = $"improper constraint: {group}";
                return null;
            }

            List<Condition> conditions = [];
            foreach (Match match in Single.Matches(group))
            {
                if (Condition.From(match) is not { } condition)
                {
                    error = "constraint parser error";
                    return null;
                }

                conditions.Add(condition);
            }

            groups.Add(conditions);
        }

        return new VersionConstraints(groups);
    }

    public bool Check(SemanticVersion version) => groups.Exists(group =>
    {
        bool allowsPrerelease = group.Exists(condition => condition.Version.Prerelease.Length > 0);
        return (version.Prerelease.Length == 0 || allowsPrerelease) && group.TrueForAll(condition => condition.Check(version));
    });

    /// <summary>One comparison; dirty where its version leaves parts open.</summary>
    private sealed record Condition(string Operator, SemanticVersion Version, bool Dirty, bool MinorDirty, bool PatchDirty)
    {
        public static Condition? From(Match match)
        {
            (string major, string minor, string patch, string pre) =
                (match.Groups["major"].Value, match.Groups["minor"].Value.TrimStart('.'), match.Groups["patch"].Value.TrimStart('.'), match.Groups["pre"].Value);
            (string text, bool dirty, bool minorDirty, bool patchDirty) =
                IsOpen(major) ? ("0.0.0" + pre, true, false, false)
                : IsOpen(minor) ? ($"{major}.0.0{pre}", true, true, false)
                : IsOpen(patch) ? ($"{major}.{minor}.0{pre}", true, false, true)
                : ($"{major}.{minor}.{patch}{pre}", false, false, false);
            return SemanticVersion.Parse(text, out _) is { } version
                ? new Condition(match.Groups["op"].Value, version, dirty, minorDirty, patchDirty)
                : null;
        }

        public bool Check(SemanticVersion version) => Operator switch
        {
            "!=" => NotEqual(version),
            ">" => Greater(version),
            "<" => version.CompareTo(Version) < 0,
            ">=" or "=>" => version.CompareTo(Version) >= 0,
            "<=" or "=<" => LessOrEqual(version),
            "~" or "~>" => Tilde(version),
            "^" => Caret(version),
            _ => Dirty ? Tilde(version) : version.CompareTo(Version) == 0,
        };

        private static bool IsOpen(string part) => part is "" or "x" or "X" or "*";

        private bool NotEqual(SemanticVersion version)
        {
            if (!Dirty)
            {
                return version.CompareTo(Version) != 0;
            }

            if (version.Major != Version.Major || (version.Minor != Version.Minor && !MinorDirty))
            {
                return true;
            }

            return !MinorDirty && (PatchDirty
                ? SemanticVersion.ComparePrerelease(version.Prerelease, Version.Prerelease) != 0
                : version.Patch != Version.Patch || version.CompareTo(Version) != 0);
        }

        private bool Greater(SemanticVersion version)
        {
            if (!Dirty)
            {
                return version.CompareTo(Version) > 0;
            }

            if (version.Major != Version.Major)
            {
                return version.Major > Version.Major;
            }

            return !MinorDirty && (PatchDirty ? version.Minor > Version.Minor : version.CompareTo(Version) > 0);
        }

        private bool LessOrEqual(SemanticVersion version) => !Dirty
            ? version.CompareTo(Version) <= 0
            : version.Major <= Version.Major && !(version.Major == Version.Major && version.Minor > Version.Minor && !MinorDirty);

        private bool Tilde(SemanticVersion version)
        {
            if (version.CompareTo(Version) < 0)
            {
                return false;
            }

            // ~0.0.0 and * accept everything.
            if ((Version.Major, Version.Minor, Version.Patch) == (0UL, 0UL, 0UL) && !MinorDirty && !PatchDirty)
            {
                return true;
            }

            return version.Major == Version.Major && (version.Minor == Version.Minor || MinorDirty);
        }

        private bool Caret(SemanticVersion version)
        {
            if (version.CompareTo(Version) < 0)
            {
                return false;
            }

            if (Version.Major > 0 || MinorDirty || version.Major != Version.Major)
            {
                return version.Major == Version.Major;
            }

            if (Version.Minor > 0 || PatchDirty || version.Minor > 0)
            {
                return version.Minor == Version.Minor;
            }

            return version.Patch == Version.Patch;
        }
    }
}
