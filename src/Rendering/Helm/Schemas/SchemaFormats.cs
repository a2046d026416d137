using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>The formats that are checked up to draft 7, and patterns in Go's syntax.</summary>
internal static partial class SchemaFormats
{
    /// <summary>Whether a Go regular expression matches somewhere in a text.</summary>
    /// <exception cref="SchemaException">The pattern is none.</exception>
    public static bool Matches(string pattern, string text)
    {
        GoFunction match = SprigFunctions.Table.Find("mustRegexMatch") ?? throw new SchemaException("patterns are not supported");
        try
        {
            return match.Body(new FunctionCall([StringNode.Of(pattern), StringNode.Of(text)], new TemplateRun(SprigFunctions.Table))) is BoolNode { Value: true };
        }
        catch (GoError error)
        {
            throw new SchemaException($"{SchemaError.Quote(pattern)} is not valid regex: {error.Message}");
        }
    }

    /// <summary>Why a text does not have a format; null when it has, or is no text, or the format is not known.</summary>
    public static string? Violation(string format, Node value) => value is not StringNode { Value: var text } ? null : format switch
    {
        "ipv4" => IPAddress.TryParse(text, out IPAddress? four) && four.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3 ? null : "expected four decimals",
        "ipv6" => text.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text, out IPAddress? six) && six.AddressFamily == AddressFamily.InterNetworkV6 ? null : "invalid ipv6 address",
        "hostname" => IsHostname(text) ? null : "invalid label",
        "email" => text.LastIndexOf('@') is var sign and > 0 && sign < text.Length - 1 && text.Length <= 254 ? null : "missing @",
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? null : "invalid date",
        "date-time" => DateTime().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) ? null : "invalid date-time",
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) && text.Contains(':', StringComparison.Ordinal) && text[0] != '/' ? null : "relative url",
        "uuid" => Guid.TryParseExact(text, "D", out _) ? null : "must be 36 characters long",
        "regex" => IsRegex(text) ? null : "invalid regex",
        "json-pointer" => text.Length == 0 || text[0] == '/' ? null : "not starting with /",
        _ => null,
    };

    private static bool IsHostname(string text)
    {
        string name = text.EndsWith('.') ? text[..^1] : text;
        return name.Length is > 0 and <= 253 && name.Split('.').All(label =>
            label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
    }

    public static bool IsRegex(string text)
    {
        try
        {
            Matches(text, string.Empty);
            return true;
        }
        catch (SchemaException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DateTime();
}
