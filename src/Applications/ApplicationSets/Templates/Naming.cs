using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>Names made of any text, and what Kubernetes takes for one.</summary>
internal static partial class Naming
{
    public const int LongestName = 253;

    /// <summary>Lower case, everything but letters, digits, dashes and dots replaced by a dash, at most 253 characters (Argo CD's <c>normalize</c> and the <c>…Normalized</c> parameters).</summary>
    public static string Normalize(string text)
    {
        StringBuilder name = new(Math.Min(text.Length, LongestName));
        foreach (Rune rune in text.ToLowerInvariant().EnumerateRunes())
        {
            if (name.Length == LongestName)
            {
                break;
            }

            name.Append(rune.IsAscii && (Rune.IsDigit(rune) || Rune.IsLower(rune) || rune.Value is '-' or '.') ? (char)rune.Value : '-');
        }

        return name.ToString().Trim('-', '.');
    }

    /// <summary>Lower-case words joined by dashes, accents taken off (the <c>…_slug</c> parameters and <c>slugify</c>).</summary>
    /// <param name="wholeWords">Whether a text that is too long is cut before a word rather than within one.</param>
    public static string Slug(string text, int longest, bool wholeWords)
    {
        StringBuilder plain = new(text.Length);
        foreach (char letter in text.Trim().Replace("&", " and ", StringComparison.Ordinal).Replace("@", " at ", StringComparison.Ordinal).Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark)
            {
                plain.Append(letter);
            }
        }

        string lower = plain.ToString().ToLowerInvariant();
        string slug = Dashes().Replace(NoSlug().Replace(!wholeWords && lower.Length > longest ? lower[..longest] : lower, "-"), "-").Trim('-', '_');
        if (!wholeWords || slug.Length <= longest)
        {
            return slug;
        }

        int cut = slug.LastIndexOf('-', longest);
        return slug[..(cut > 0 ? cut : longest)];
    }

    /// <summary>Whether a text is a DNS subdomain (RFC 1123), as names of applications must be.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName && Name().IsMatch(text);

    [GeneratedRegex("[^a-z0-9-_]")]
    private static partial Regex NoSlug();

    [GeneratedRegex("-+")]
    private static partial Regex Dashes();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
