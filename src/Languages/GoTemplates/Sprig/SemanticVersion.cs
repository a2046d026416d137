using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Masterminds/semver 3.4: lenient versions (a leading v, missing parts) in semver's order, build metadata not counting.</summary>
public sealed partial record SemanticVersion(ulong Major, ulong Minor, ulong Patch, string Prerelease, string Metadata, string Original) : IComparable<SemanticVersion>
{
    /// <summary>Null, with the reason Go gives, for a text that is no version.</summary>
    public static SemanticVersion? Parse(string text, out string error)
    {
        error = "invalid semantic version";
        Match match = text.Length <= 256 ? Loose().Match(text) : Match.Empty;
        if (!match.Success)
        {
            return null;
        }

        string prerelease = match.Groups["pre"].Value;
        if (prerelease.Split('.').Any(part => part.Length > 1 && part[0] == '0' && part.All(char.IsAsciiDigit)))
        {
            error = "version segment starts with 0";
            return null;
        }

        ulong[] numbers = new ulong[3];
        for (int i = 0; i < 3; i++)
        {
            string digits = match.Groups[i + 1].Value.TrimStart('.');
            if (digits.Length > 0 && !ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                error = $"error parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of range";
                return null;
            }
        }

        return new SemanticVersion(numbers[0], numbers[1], numbers[2], prerelease, match.Groups["meta"].Value, text);
    }

    public int CompareTo(SemanticVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        int order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return order != 0 ? order : ComparePrerelease(Prerelease, other.Prerelease);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}")
        + (Prerelease.Length > 0 ? "-" + Prerelease : string.Empty) + (Metadata.Length > 0 ? "+" + Metadata : string.Empty);

    internal static int ComparePrerelease(string left, string right)
    {
        if (left == right)
        {
            return 0;
        }

        if (left.Length == 0 || right.Length == 0)
        {
            return left.Length == 0 ? 1 : -1;
        }

        string[] a = left.Split('.');
        string[] b = right.Split('.');
        for (int i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            int order = i >= a.Length ? -1 : i >= b.Length ? 1 : ComparePart(a[i], b[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private static int ComparePart(string left, string right)
    {
        bool leftIsNumber = ulong.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out ulong a);
        bool rightIsNumber = ulong.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out ulong b);
        return leftIsNumber && rightIsNumber ? a.CompareTo(b)
            : leftIsNumber != rightIsNumber ? leftIsNumber ? -1 : 1
            : Math.Sign(string.CompareOrdinal(left, right));
    }

    [GeneratedRegex(@"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(?:-(?<pre>[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+(?<meta>[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Loose();
}
