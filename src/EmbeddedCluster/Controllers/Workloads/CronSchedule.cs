using System.Globalization;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>A cron expression as robfig/cron parses it: five fields, names, steps, ranges and <c>@every</c>-style descriptors.</summary>
internal sealed class CronSchedule
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    private readonly TimeZoneInfo zone;
    private readonly TimeSpan? every;
    private readonly ulong minutes;
    private readonly ulong hours;
    private readonly ulong days;
    private readonly ulong months;
    private readonly ulong weekdays;
    private readonly bool anyDay;
    private readonly bool anyWeekday;

    private CronSchedule(TimeZoneInfo zone, TimeSpan every)
    {
        this.zone = zone;
        this.every = every;
    }

    private CronSchedule(TimeZoneInfo zone, string[] fields)
    {
        this.zone = zone;
        minutes = ParseField(fields[0], 0, 59, [], 0);
        hours = ParseField(fields[1], 0, 23, [], 0);
        days = ParseField(fields[2], 1, 31, [], 0);
        months = ParseField(fields[3], 1, 12, Months, 1);
        weekdays = ParseField(fields[4], 0, 7, Days, 0);
        if ((weekdays & (1ul << 7)) != 0)
        {
            weekdays |= 1;
        }

        anyDay = fields[2] is "*" or "?" || fields[2].StartsWith("*/", StringComparison.Ordinal);
        anyWeekday = fields[4] is "*" or "?" || fields[4].StartsWith("*/", StringComparison.Ordinal);
    }

    /// <exception cref="FormatException">Not a schedule; the message says why.</exception>
    public static CronSchedule Parse(string text, string? timeZone)
    {
        TimeZoneInfo zone = TimeZoneInfo.Utc;
        string rest = text.Trim();
        if (rest.StartsWith("TZ=", StringComparison.Ordinal) || rest.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            int space = rest.IndexOf(' ', StringComparison.Ordinal);
            zone = FindZone(rest[(rest.IndexOf('=', StringComparison.Ordinal) + 1)..(space < 0 ? rest.Length : space)]);
            rest = space < 0 ? string.Empty : rest[space..].Trim();
        }

        zone = timeZone is null ? zone : FindZone(timeZone);
        if (rest.StartsWith("@every ", StringComparison.Ordinal))
        {
            return new CronSchedule(zone, ParseDuration(rest[7..].Trim()));
        }

        rest = rest switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => rest,
        };
        string[] fields = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 5
            ? new CronSchedule(zone, fields)
            : throw new FormatException($"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none within five years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (every is { } interval)
        {
            DateTimeOffset next = after + interval;
            return next.AddTicks(-(next.Ticks % TimeSpan.TicksPerSecond));
        }

        DateTime local = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        local = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0).AddMinutes(1);
        int lastYear = local.Year + 5;
        while (local.Year <= lastYear)
        {
            if (!Has(months, local.Month))
            {
                local = new DateTime(local.Year, local.Month, 1).AddMonths(1);
            }
            else if (!DayMatches(local))
            {
                local = local.Date.AddDays(1);
            }
            else if (!Has(hours, local.Hour))
            {
                local = local.Date.AddHours(local.Hour + 1);
            }
            else if (!Has(minutes, local.Minute) || zone.IsInvalidTime(local))
            {
                local = local.AddMinutes(1);
            }
            else
            {
                DateTimeOffset found = new(local, zone.GetUtcOffset(local));
                if (found > after)
                {
                    return found.ToUniversalTime();
                }

                local = local.AddMinutes(1);
            }
        }

        return null;
    }

    // When both days are restricted either of them does, as in Vixie cron.
    private bool DayMatches(DateTime day)
    {
        bool byDay = Has(days, day.Day);
        bool byWeekday = Has(weekdays, (int)day.DayOfWeek);
        return anyDay || anyWeekday ? byDay && byWeekday : byDay || byWeekday;
    }

    private static bool Has(ulong bits, int value) => (bits & (1ul << value)) != 0;

    private static TimeZoneInfo FindZone(string name) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : throw new FormatException($"unknown time zone {name}");

    private static ulong ParseField(string field, int min, int max, string[] names, int firstName)
    {
        ulong bits = 0;
        foreach (string part in field.Split(','))
        {
            string[] stepped = part.Split('/');
            string[] range = stepped[0].Split('-');
            bool all = stepped[0] is "*" or "?";
            int from = all ? min : ParseValue(range[0], names, firstName, field);
            int to = all ? Math.Min(max, names == Days ? 6 : max) : range.Length > 1 ? ParseValue(range[1], names, firstName, field) : stepped.Length > 1 ? max : from;
            int step = stepped.Length > 1 ? ParseValue(stepped[1], [], 0, field) : 1;
            if (from < min || to > max || from > to || step <= 0 || stepped.Length > 2 || range.Length > 2)
            {
                throw new FormatException($"failed to parse field {field}");
            }

            for (int value = from; value <= to; value += step)
            {
                bits |= 1ul << value;
            }
        }

        return bits;
    }

    private static int ParseValue(string text, string[] names, int firstName, string field)
    {
        int named = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (named >= 0)
        {
            return named + firstName;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new FormatException($"failed to parse int from {field}");
    }

    // Go durations: 1h30m, 90s, 1.5h.
    private static TimeSpan ParseDuration(string text)
    {
        double seconds = 0;
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            {
                end++;
            }

            int unitEnd = end;
            while (unitEnd < text.Length && char.IsAsciiLetter(text[unitEnd]))
            {
                unitEnd++;
            }

            double factor = text[end..unitEnd] switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 0.001, _ => 0 };
            if (factor == 0 || !double.TryParse(text.AsSpan(at, end - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            {
                throw new FormatException($"failed to parse duration {text}");
            }

            seconds += value * factor;
            at = unitEnd;
        }

        return TimeSpan.FromSeconds(Math.Clamp(Math.Truncate(seconds), 1, 1e9));
    }
}
