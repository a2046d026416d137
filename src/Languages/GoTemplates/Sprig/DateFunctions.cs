using System.Globalization;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Times and durations; the local zone is UTC and now is the run's clock.</summary>
internal static class DateFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "now", call => Now(call) },
            { "ago", Ago, Any },
            { "date", call => InZone(call, call.Text(0), call[1], "Local"), Text, Any },
            { "dateInZone", call => InZone(call, call.Text(0), call[1], call.Text(2)), Text, Any, Text },
            { "htmlDate", call => InZone(call, "2006-01-02", call[0], "Local"), Any },
            { "htmlDateInZone", call => InZone(call, "2006-01-02", call[0], call.Text(1)), Any, Text },
            { "dateModify", call => Modify(call, must: false), Text, Time },
            { "mustDateModify", call => Modify(call, must: true), Text, Time },
            { "duration", Duration, Any },
            { "durationRound", call => Round(Nanoseconds(call)), Any },
            { "toDate", call => TimeParser.Parse(call.Text(0), call.Text(1), out _) ?? GoTime.Zero, Text, Text },
            { "mustToDate", call => TimeParser.Parse(call.Text(0), call.Text(1), out string error) ?? throw new GoError(error), Text, Text },
            { "unixEpoch", call => ((GoTime)call[0]).UnixSeconds.ToString(CultureInfo.InvariantCulture), Time },
        };
        list.Alias("date_in_zone", "dateInZone");
        list.Alias("date_modify", "dateModify");
        list.Alias("must_date_modify", "mustDateModify");
        return list;
    }

    private static GoTime Now(FunctionCall call) => GoTime.From(call.Run.Clock.GetUtcNow());

    private static GoTime? ToTime(Node value) => value switch
    {
        GoTime time => time,
        IntegerNode seconds => GoTime.FromUnix(Bounded(seconds.Value)),
        GoInteger { Type: var type } seconds when type == GoType.Int || type == GoType.Int32 => GoTime.FromUnix(Bounded(seconds.Value)),
        _ => null,
    };

    /// <summary>Within some billion years of now, where the calendar's arithmetic cannot overflow.</summary>
    private static long Bounded(long seconds) => Math.Clamp(seconds, -100_000_000_000_000_000, 100_000_000_000_000_000);

    private static string InZone(FunctionCall call, string layout, Node value, string zone) =>
        TimeLayout.Format((ToTime(value) ?? Now(call)).In(TimeZones.Find(zone) ?? TimeZones.Utc), layout);

    private static Node Ago(FunctionCall call)
    {
        GoTime since = call[0] is GoInteger { Type: var type } && type == GoType.Int32 ? Now(call) : ToTime(call[0]) ?? Now(call);
        long elapsed = Now(call).Since(since);
        long rest = elapsed % GoDuration.Second;
        long rounded = elapsed - rest + (Math.Abs(rest) * 2 >= GoDuration.Second ? Math.Sign(rest) * GoDuration.Second : 0);
        return GoDuration.Format(rounded);
    }

    private static GoTime Modify(FunctionCall call, bool must)
    {
        GoTime time = (GoTime)call[1];
        return GoDuration.Parse(call.Text(0), out string error) is { } change ? time.Add(change) : must ? throw new GoError(error) : time;
    }

    private static Node Duration(FunctionCall call)
    {
        long seconds = call[0] switch
        {
            StringNode text => long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0,
            IntegerNode integer => integer.Value,
            _ => 0,
        };
        return GoDuration.Format(unchecked(seconds * GoDuration.Second));
    }

    private static long Nanoseconds(FunctionCall call) => call[0] switch
    {
        StringNode text => GoDuration.Parse(text.Value, out _) ?? 0,
        IntegerNode integer => integer.Value,
        GoTime time => Now(call).Since(time),
        _ => 0,
    };

    private static string Round(long nanoseconds)
    {
        ulong value = nanoseconds < 0 ? unchecked((ulong)-nanoseconds) : (ulong)nanoseconds;
        const ulong Day = 24 * GoDuration.Hour;
        (ulong Unit, string Name)[] units =
        [
            (365 * Day, "y"), (30 * Day, "mo"), (Day, "d"), (GoDuration.Hour, "h"), (GoDuration.Minute, "m"), (GoDuration.Second, "s"),
        ];
        foreach ((ulong unit, string name) in units)
        {
            if (value > unit)
            {
                return (value / unit).ToString(CultureInfo.InvariantCulture) + name;
            }
        }

        return "0s";
    }
}
