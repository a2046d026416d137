using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.Schedules;

/// <summary>
/// A cron expression as robfig/cron's standard parser reads it, for CronJobs and sync windows alike: five fields with lists, ranges,
/// steps and names, <c>@daily</c>-style descriptors, <c>@every 1h30m</c>, and <c>TZ=</c> before it.
/// </summary>
public sealed class CronSchedule
{
    private const int YearsAhead = 5;
    private readonly TimeZoneInfo zone;
    private readonly TimeSpan every;
    private readonly CronField[] fields = [];

    private CronSchedule(TimeZoneInfo zone, TimeSpan every) => (this.zone, this.every) = (zone, every);

    private CronSchedule(TimeZoneInfo zone, CronField[] fields) => (this.zone, this.fields) = (zone, fields);

    /// <param name="timeZone">The zone that its times are of, unless the text names one; UTC when null.</param>
    /// <exception cref="FormatException">Not a schedule; the message says why, in robfig/cron's words.</exception>
    public static CronSchedule Parse(string text, TimeZoneInfo? timeZone)
    {
        TimeZoneInfo zone = timeZone ?? TimeZoneInfo.Utc;
        string rest = text;
        if (rest.StartsWith("TZ=", StringComparison.Ordinal) || rest.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            int space = rest.IndexOf(' ', StringComparison.Ordinal);
            string name = rest[(rest.IndexOf('=', StringComparison.Ordinal) + 1)..(space < 0 ? rest.Length : space)];
            zone = TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? found) ? found : throw new FormatException($"provided bad location {name}: unknown time zone {name}");
            rest = space < 0 ? string.Empty : rest[space..].Trim();
        }

        if (rest.StartsWith("@every ", StringComparison.Ordinal))
        {
            return GoDuration.Parse(rest["@every ".Length..], out string wrong) is { } nanoseconds
                ? new CronSchedule(zone, TimeSpan.FromSeconds(Math.Max(nanoseconds / 1_000_000_000, 1)))
                : throw new FormatException($"failed to parse duration {rest}: {wrong}");
        }

        string[] parts = Described(rest).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == CronField.Bounds.Count
            ? new CronSchedule(zone, [.. parts.Select((part, index) => CronField.Parse(part, CronField.Bounds[index]))])
            : throw new FormatException(parts.Length == 0 ? "empty spec string" : $"expected exactly 5 fields, found {parts.Length}: [{string.Join(' ', parts)}]");
    }

    /// <summary>
    /// The first minute after another in which the zone's clock shows what the fields say; null when there is none within five years. As robfig/cron
    /// has it, what the clock skips in spring does not come, and what it shows twice in autumn comes twice.
    /// </summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (every > TimeSpan.Zero)
        {
            DateTimeOffset next = after + every;
            return next.AddTicks(-(next.Ticks % TimeSpan.TicksPerSecond));
        }

        DateTimeOffset at = after.ToUniversalTime().AddTicks(TimeSpan.TicksPerMinute - (after.UtcTicks % TimeSpan.TicksPerMinute));
        int lastYear = Local(at).Year + YearsAhead;
        for (DateTime local = Local(at); local.Year <= lastYear; local = Local(at))
        {
            if (!Month.Has(local.Month))
            {
                at = FirstInstant(new DateTime(local.Year, local.Month, 1).AddMonths(1));
            }
            else if (!IsDay(local))
            {
                at = FirstInstant(local.Date.AddDays(1));
            }
            else if (!Hour.Has(local.Hour))
            {
                at = at.AddMinutes(60 - local.Minute);
            }
            else if (!Minute.Has(local.Minute))
            {
                at = at.AddMinutes(1);
            }
            else
            {
                return at;
            }
        }

        return null;
    }

    private DateTime Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone).DateTime;

    // Where clocks are put back at midnight the day begins when they show it first; where they skip it, the standard offset leads to the first moment after.
    private DateTimeOffset FirstInstant(DateTime midnight) =>
        new DateTimeOffset(midnight, zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight)).ToUniversalTime();

    private CronField Minute => fields[0];

    private CronField Hour => fields[1];

    private CronField Month => fields[3];

    /// <summary>Where both the day and the weekday are restricted, either will do, as cron has always had it.</summary>
    private bool IsDay(DateTime date)
    {
        bool day = fields[2].Has(date.Day);
        bool weekday = fields[4].Has((int)date.DayOfWeek);
        return fields[2].IsAny || fields[4].IsAny ? day && weekday : day || weekday;
    }

    private static string Described(string text) => text switch
    {
        "@yearly" or "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" or "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => text.StartsWith('@') ? throw new FormatException($"unrecognized descriptor: {text}") : text,
    };
}
