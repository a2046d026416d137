using System.Globalization;
using System.Text.RegularExpressions;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>What a remote base's URL asks for after the question mark.</summary>
/// <param name="Revision">Of <c>ref</c>, else of <c>version</c>; empty for the repository's default.</param>
/// <param name="Timeout">Seconds, or a duration as Go writes it; null when there is none that can be read.</param>
/// <param name="Submodules">False only where the URL says so in one of the words that Go takes for it.</param>
internal sealed partial record RemoteQuery(string Revision, TimeSpan? Timeout, bool Submodules)
{
    private const double MaxSeconds = 3600;

    public static RemoteQuery Parse(string query)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string key = Decoded(equals < 0 ? pair : pair[..equals]);
            values.TryAdd(key, equals < 0 ? string.Empty : Decoded(pair[(equals + 1)..]));
        }

        string revision = values.GetValueOrDefault("ref") is { Length: > 0 } named ? named : values.GetValueOrDefault("version", string.Empty);
        return new RemoteQuery(revision, Duration(values.GetValueOrDefault("timeout", string.Empty)), values.GetValueOrDefault("submodules") is not ("0" or "f" or "F" or "false" or "FALSE" or "False"));
    }

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static TimeSpan? Duration(string text)
    {
        double seconds = 0;
        if (double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out double whole))
        {
            seconds = whole;
        }
        else if (GoDuration().Match(text) is { Success: true } parts)
        {
            CaptureCollection numbers = parts.Groups["number"].Captures;
            for (int i = 0; i < numbers.Count; i++)
            {
                seconds += double.Parse(numbers[i].Value, CultureInfo.InvariantCulture) * SecondsOf(parts.Groups["unit"].Captures[i].Value);
            }
        }

        return seconds > 0 ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0.001, MaxSeconds)) : null;
    }

    private static double SecondsOf(string unit) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        "ms" => 1e-3,
        "ns" => 1e-9,
        _ => 1e-6,
    };

    [GeneratedRegex(@"\A(?:(?<number>[0-9]{1,12}(?:\.[0-9]{1,12})?)(?<unit>ms|us|µs|ns|h|m|s))+\z", RegexOptions.CultureInvariant)]
    private static partial Regex GoDuration();
}
