using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Configuration;

/// <summary>A label selector as a text: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,l&gt;1</c> (apimachinery's labels.Parse).</summary>
internal sealed partial class LabelRequirements
{
    private readonly List<(string Key, string Operator, string[] Values)> requirements = [];

    /// <exception cref="NotificationException">It is none.</exception>
    public LabelRequirements(string text)
    {
        string rest = text.Trim();
        while (rest.Length > 0)
        {
            Match match = Requirement().Match(rest);
            if (!match.Success)
            {
                throw new NotificationException($"unable to parse requirement: '{rest}' is no label selector");
            }

            string[] values = match.Groups["set"].Success ? match.Groups["set"].Value.Split(',', StringSplitOptions.TrimEntries) : [match.Groups["value"].Value];
            string name = match.Groups["operator"].Value;
            requirements.Add((match.Groups["key"].Value, match.Groups["not"].Success ? "!" : name == "==" ? "=" : name, values));
            rest = rest[match.Length..];
        }
    }

    public bool Matches(Node? labels) => requirements.TrueForAll(requirement =>
    {
        string? value = labels?[requirement.Key]?.AsString();
        return requirement.Operator switch
        {
            "" => value is not null,
            "!" => value is null,
            "=" or "in" => value is not null && requirement.Values.Contains(value),
            "!=" or "notin" => value is null || !requirement.Values.Contains(value),
            _ => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long have)
                && long.TryParse(requirement.Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long limit)
                && (requirement.Operator == ">" ? have > limit : have < limit),
        };
    });

    [GeneratedRegex(@"^\s*(?:(?<not>!)\s*(?<key>[\w./-]+)|(?<key>[\w./-]+)(?:\s*(?<operator>==|=|!=|>|<)\s*(?<value>[\w.-]*)|\s+(?<operator>in|notin)\s*\((?<set>[\w.,\s-]*)\))?)\s*(?:,|$)", RegexOptions.NonBacktracking)]
    private static partial Regex Requirement();
}
