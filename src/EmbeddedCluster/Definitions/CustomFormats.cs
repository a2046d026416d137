using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Validation;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>The string formats that custom resources are held to, as kube-openapi's strfmt reads them; any other format says nothing.</summary>
internal static partial class CustomFormats
{
    private static readonly FrozenDictionary<string, Func<string, bool>> Checks = new Dictionary<string, Func<string, bool>>
    {
        ["bsonobjectid"] = static text => ObjectId().IsMatch(text),
        ["uri"] = IsUri,
        ["email"] = static text => System.Net.Mail.MailAddress.TryCreate(text, out _),
        ["hostname"] = IsHostname,
        ["ipv4"] = static text => text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out _),
        ["ipv6"] = static text => text.Contains(':', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal) && IPAddress.TryParse(text, out _),
        ["cidr"] = static text => AddressRules.IsCidr(text),
        ["mac"] = static text => Mac().IsMatch(text),
        ["uuid"] = static text => Uuid().IsMatch(text),
        ["uuid3"] = static text => Uuid().IsMatch(text) && VersionOf(text) == '3',
        ["uuid4"] = static text => Uuid().IsMatch(text) && VersionOf(text) == '4',
        ["uuid5"] = static text => Uuid().IsMatch(text) && VersionOf(text) == '5',
        ["isbn"] = static text => IsIsbn10(text) || IsIsbn13(text),
        ["isbn10"] = IsIsbn10,
        ["isbn13"] = IsIsbn13,
        ["creditcard"] = IsCreditCard,
        ["ssn"] = static text => SocialSecurity().IsMatch(text),
        ["hexcolor"] = static text => HexColor().IsMatch(text),
        ["rgbcolor"] = static text => RgbColor().IsMatch(text),
        ["byte"] = static text => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        ["date"] = static text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["date-time"] = IsDateTime,
        ["datetime"] = IsDateTime,
        ["duration"] = IsDuration,
        ["k8s-short-name"] = static text => !NameRules.Label(text).Any(),
        ["k8s-long-name"] = static text => !NameRules.Subdomain(text).Any(),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Fits(string text, string format) => !Checks.TryGetValue(format, out Func<string, bool>? check) || check(text);

    private static char VersionOf(string uuid) => uuid.Replace("-", string.Empty, StringComparison.Ordinal)[12];

    // Like Go's url.ParseRequestURI: an absolute URI or a rooted path, without control characters.
    private static bool IsUri(string text) =>
        !text.Any(char.IsControl) && (text.StartsWith('/') || (Scheme().IsMatch(text) && !text.Contains(' ', StringComparison.Ordinal)));

    private static bool IsHostname(string text) =>
        text.Length is > 0 and <= 255 && text.TrimEnd('.').Split('.').All(label => label.Length is > 0 and <= 63 && HostLabel().IsMatch(label));

    private static bool IsDateTime(string text) =>
        Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    private static bool IsDuration(string text) => text is "0" || GoDuration().IsMatch(text) || WordDuration().IsMatch(text);

    private static bool IsIsbn10(string text)
    {
        string digits = Separators().Replace(text, string.Empty);
        if (!Isbn10().IsMatch(digits))
        {
            return false;
        }

        int sum = 0;
        for (int i = 0; i < 10; i++)
        {
            sum += (10 - i) * (digits[i] is 'X' or 'x' ? 10 : digits[i] - '0');
        }

        return sum % 11 == 0;
    }

    private static bool IsIsbn13(string text)
    {
        string digits = Separators().Replace(text, string.Empty);
        return digits.Length == 13 && digits.All(char.IsAsciiDigit) && digits.Select((digit, i) => (digit - '0') * (i % 2 == 0 ? 1 : 3)).Sum() % 10 == 0;
    }

    private static bool IsCreditCard(string text)
    {
        string digits = NoDigits().Replace(text, string.Empty);
        if (digits.Length is < 12 or > 19)
        {
            return false;
        }

        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)] - '0';
            digit = i % 2 == 1 ? digit * 2 : digit;
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    [GeneratedRegex("^[0-9a-fA-F]{24}\\z")]
    private static partial Regex ObjectId();

    [GeneratedRegex("^[a-zA-Z][a-zA-Z0-9+.-]*:")]
    private static partial Regex Scheme();

    [GeneratedRegex("^[\\p{L}\\p{N}]([\\p{L}\\p{N}-]*[\\p{L}\\p{N}])?\\z")]
    private static partial Regex HostLabel();

    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\\z|^([0-9A-Fa-f]{2}[:-]){7}[0-9A-Fa-f]{2}\\z|^([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}\\z|^([0-9A-Fa-f]{4}\\.){3}[0-9A-Fa-f]{4}\\z")]
    private static partial Regex Mac();

    [GeneratedRegex("^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\\z")]
    private static partial Regex Uuid();

    [GeneratedRegex("^[0-9]{9}[0-9Xx]\\z")]
    private static partial Regex Isbn10();

    [GeneratedRegex("[\\s-]+")]
    private static partial Regex Separators();

    [GeneratedRegex("[^0-9]+")]
    private static partial Regex NoDigits();

    [GeneratedRegex("^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\\z")]
    private static partial Regex SocialSecurity();

    [GeneratedRegex("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\\z")]
    private static partial Regex HexColor();

    [GeneratedRegex("^rgb\\(\\s*(0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\s*,\\s*(0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\s*,\\s*(0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\s*\\)\\z")]
    private static partial Regex RgbColor();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}[tT][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})\\z")]
    private static partial Regex Rfc3339();

    [GeneratedRegex("^[+-]?([0-9]+(\\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))+\\z")]
    private static partial Regex GoDuration();

    [GeneratedRegex("^([0-9]+)\\s*(nanoseconds?|nanos?|ns|microseconds?|micros?|µs|us|milliseconds?|millis?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)\\z", RegexOptions.IgnoreCase)]
    private static partial Regex WordDuration();
}
