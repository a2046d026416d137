using System.Globalization;
using System.Text.RegularExpressions;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Helm's validation of Chart.yaml, which also strips control characters from what it prints.</summary>
internal static partial class ChartValidation
{
    public static void Validate(ChartMetadata metadata)
    {
        Sanitize(metadata);
        Require(metadata.ApiVersion.Length > 0, "chart.metadata.apiVersion is required");
        Require(metadata.Name.Length > 0, "chart.metadata.name is required");
        Require(metadata.Name == GoPath.Base(metadata.Name) && metadata.Name is not ("." or ".."), $"chart.metadata.name {GoText.Quote(metadata.Name)} is invalid");
        Require(metadata.Version.Length > 0, "chart.metadata.version is required");
        Require(ChartVersions.IsValid(metadata.Version), $"chart.metadata.version {GoText.Quote(metadata.Version)} is invalid");
        Require(metadata.Type is "" or "application" or "library", "chart.metadata.type must be application or library");
        Require(metadata.Maintainers?.Contains(null) != true, "maintainers must not contain empty or null nodes");
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (ChartDependency? dependency in metadata.Dependencies ?? [])
        {
            Require(dependency is not null, "dependencies must not contain empty or null nodes");
            Require(dependency!.Alias.Length == 0 || AliasFormat().IsMatch(dependency.Alias), $"dependency {GoText.Quote(dependency.Name)} has disallowed characters in the alias");
            string key = dependency.Alias.Length > 0 ? dependency.Alias : dependency.Name;
            Require(seen.Add(key), $"more than one dependency with name or alias {GoText.Quote(key)}");
        }
    }

    private static void Require(bool condition, string words)
    {
        if (!condition)
        {
            throw new ChartException($"validation: {words}");
        }
    }

    private static void Sanitize(ChartMetadata metadata)
    {
        metadata.Name = Sanitize(metadata.Name);
        metadata.Description = Sanitize(metadata.Description);
        metadata.Home = Sanitize(metadata.Home);
        metadata.Icon = Sanitize(metadata.Icon);
        metadata.Condition = Sanitize(metadata.Condition);
        metadata.Tags = Sanitize(metadata.Tags);
        metadata.AppVersion = Sanitize(metadata.AppVersion);
        metadata.KubeVersion = Sanitize(metadata.KubeVersion);
        metadata.Sources = metadata.Sources?.Select(Sanitize).ToList();
        metadata.Keywords = metadata.Keywords?.Select(Sanitize).ToList();
        metadata.Maintainers = metadata.Maintainers?
            .Select(one => one is null ? null : new ChartMaintainer(Sanitize(one.Name), Sanitize(one.Email), Sanitize(one.Url)))
            .ToList();
        metadata.Dependencies = metadata.Dependencies?
            .Select(one => one is null ? null : new ChartDependency
            {
                Name = Sanitize(one.Name),
                Version = Sanitize(one.Version),
                Repository = Sanitize(one.Repository),
                Condition = Sanitize(one.Condition),
                Tags = [.. one.Tags.Select(Sanitize)],
                Alias = one.Alias,
                ImportValues = one.ImportValues,
                Enabled = one.Enabled,
            })
            .ToList();
    }

    private static string Sanitize(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                clean.Append(' ');
            }
            else if (IsPrint(rune))
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString();
    }

    /// <summary>Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the plain space.</summary>
    private static bool IsPrint(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    [GeneratedRegex(@"\A[a-zA-Z0-9_-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AliasFormat();
}
