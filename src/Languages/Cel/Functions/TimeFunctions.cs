using System.Globalization;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>Accessors of timestamps (in UTC or a named zone or an offset) and of durations.</summary>
internal static class TimeFunctions
{
    public static CelLibrary All()
    {
        CelLibrary library = new();
        Add(library, "getFullYear", time => time.Year);
        Add(library, "getMonth", time => time.Month - 1);
        Add(library, "getDayOfYear", time => time.DayOfYear - 1);
        Add(library, "getDayOfMonth", time => time.Day - 1);
        Add(library, "getDate", time => time.Day);
        Add(library, "getDayOfWeek", time => (int)time.DayOfWeek);
        Add(library, "getHours", time => time.Hour);
        Add(library, "getMinutes", time => time.Minute);
        Add(library, "getSeconds", time => time.Second);
        library.Add("timestamp getMilliseconds(): int", (_, a) => IntegerNode.Of(((CelTimestamp)a[0]).Nanoseconds / 1_000_000));
        library.Add("timestamp getMilliseconds(string): int", (_, a) => IntegerNode.Of(((CelTimestamp)a[0]).Nanoseconds / 1_000_000));
        library.Add("duration getHours(): int", (_, a) => Whole(a, GoDuration.Hour));
        library.Add("duration getMinutes(): int", (_, a) => Whole(a, GoDuration.Minute));
        library.Add("duration getSeconds(): int", (_, a) => Whole(a, GoDuration.Second));
        library.Add("duration getMilliseconds(): int", (_, a) => Whole(a, 1_000_000));
        return library;
    }

    private static IntegerNode Whole(Node[] a, long unit) => IntegerNode.Of(((CelDuration)a[0]).Nanoseconds / unit);

    private static void Add(CelLibrary library, string name, Func<DateTime, int> part)
    {
        library.Add($"timestamp {name}(): int", (_, a) => IntegerNode.Of(part(((CelTimestamp)a[0]).At(0))));
        library.Add($"timestamp {name}(string): int", (_, a) =>
        {
            CelTimestamp time = (CelTimestamp)a[0];
            return Offset(a.Text(1), time.Seconds) is { } offset ? IntegerNode.Of(part(time.At(offset))) : Arguments.Fail($"unknown time zone {a.Text(1)}");
        });
    }

    /// <summary>Seconds east of UTC: <c>America/New_York</c>, <c>-08:00</c>, <c>02:00</c>.</summary>
    private static int? Offset(string zone, long at)
    {
        int colon = zone.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return TimeZones.Find(zone)?.At(at).Offset;
        }

        return int.TryParse(zone[..colon], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int hours)
            && int.TryParse(zone[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            && hours is > -24 and < 24 && minutes < 60
            ? ((Math.Abs(hours) * 60) + minutes) * (zone[0] == '-' ? -60 : 60)
            : null;
    }
}
