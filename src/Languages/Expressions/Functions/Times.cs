using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

internal static class Times
{
    /// <summary>What a date may look like that comes without a layout.</summary>
    private static readonly string[] Layouts =
    [
        "2006-01-02", "15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "02 Jan 06 15:04 MST",
        "Monday, 02-Jan-06 15:04:05 MST", "Mon, 02 Jan 2006 15:04:05 MST",
    ];

    public static IReadOnlyDictionary<string, Builtin> All { get; } = new Dictionary<string, Builtin>
    {
        ["now"] = new(0, 0, static call => GoTime.From(call.Run.Clock.GetUtcNow())),
        ["duration"] = new(1, 1, static call => GoDuration.Parse(call.Text(0), out string error) is { } span ? new GoDuration(span) : throw new Failure(error)),
        ["date"] = new(1, 3, Date),
    };

    private static Node Date(BuiltinCall call)
    {
        string text = call.Text(0);
        if (call.Count == 1)
        {
            return Layouts.Select(layout => TimeParser.Parse(layout, text, out _)).FirstOrDefault(time => time is not null)
                ?? throw new Failure($"invalid date {text}");
        }

        GoTime parsed = TimeParser.Parse(call.Text(1), text, out string error) ?? throw new Failure(error);
        if (call.Count == 2)
        {
            return parsed;
        }

        TimeZoneData zone = TimeZones.Find(call.Text(2)) ?? throw new Failure($"unknown time zone {call.Text(2)}");
        return call.Text(1).Contains("MST", StringComparison.Ordinal) || call.Text(1).Contains("07", StringComparison.Ordinal)
            ? parsed.In(zone)
            : GoTime.FromCivil(parsed.Year, parsed.Month, parsed.Day, (parsed.Hour * 3600) + (parsed.Minute * 60) + parsed.Second, parsed.Nanosecond, zone);
    }
}
