using System.Globalization;

namespace Bowline.Applications.Projects;

/// <summary>A cron schedule of five fields, as robfig/cron's standard parser reads it: lists, ranges, steps, names, no descriptors.</summary>
public sealed class CronSchedule
{
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private readonly ulong minutes;
    private readonly ulong hours;
    private readonly ulong days;
    private readonly ulong months;
    private readonly ulong weekdays;
    private readonly bool anyDay;
    private readonly bool anyWeekday;

    private CronSchedule(ulong[] fields, bool anyDay, bool anyWeekday)
    {
        (minutes, hours, days, months, weekdays) = (fields[0], fields[1], fields[2], fields[3], fields[4]);
        (this.anyDay, this.anyWeekday) = (anyDay, anyWeekday);
    }

    /// <summary>Null when it is no schedule.</summary>
    public static CronSchedule? Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length != 5)
        {
            return null;
        }

        ulong?[] fields = [Field(parts[0], 0, 59, []), Field(parts[1], 0, 23, []), Field(parts[2], 1, 31, []), Field(parts[3], 1, 12, Months), Field(parts[4], 0, 6, Days)];
        return fields.Any(field => field is null or 0) ? null : new CronSchedule([.. fields.Select(field => field!.Value)], parts[2][0] is '*' or '?', parts[4][0] is '*' or '?');
    }

    /// <summary>The last time that it fired, no longer ago than a span; null when it did not.</summary>
    public DateTime? LastBefore(DateTime now, TimeSpan within)
    {
        DateTime oldest = now - within;
        for (DateTime day = now.Date; day >= oldest.Date; day = day.AddDays(-1))
        {
            if (!IsDay(day))
            {
                continue;
            }

            for (int minute = day == now.Date ? (now.Hour * 60) + now.Minute : (24 * 60) - 1; minute >= 0; minute--)
            {
                if (IsMinute(minute))
                {
                    DateTime fired = day.AddMinutes(minute);
                    return fired > oldest ? fired : null;
                }
            }
        }

        return null;
    }

    /// <summary>The next time that it fires, within five years; null for a date that does not come (30 February).</summary>
    public DateTime? NextAfter(DateTime now)
    {
        for (DateTime day = now.Date; day < now.Date.AddDays(5 * 366); day = day.AddDays(1))
        {
            if (!IsDay(day))
            {
                continue;
            }

            for (int minute = day == now.Date ? (now.Hour * 60) + now.Minute + 1 : 0; minute < 24 * 60; minute++)
            {
                if (IsMinute(minute))
                {
                    return day.AddMinutes(minute);
                }
            }
        }

        return null;
    }

    private bool IsMinute(int ofDay) => Has(hours, ofDay / 60) && Has(minutes, ofDay % 60);

    /// <summary>Where both the day and the weekday are restricted, either will do, as cron has always had it.</summary>
    private bool IsDay(DateTime date)
    {
        bool day = Has(days, date.Day);
        bool weekday = Has(weekdays, (int)date.DayOfWeek);
        return Has(months, date.Month) && (anyDay || anyWeekday ? day && weekday : day || weekday);
    }

    private static bool Has(ulong set, int value) => (set & (1UL << value)) != 0;

    private static ulong? Field(string text, int low, int high, string[] names)
    {
        ulong set = 0;
        foreach (string part in text.Split(','))
        {
            if (Range(part, low, high, names) is not { } some)
            {
                return null;
            }

            set |= some;
        }

        return set;
    }

    private static ulong? Range(string text, int low, int high, string[] names)
    {
        string[] stepped = text.Split('/');
        string[] ends = stepped[0].Split('-');
        int step = 1;
        if (stepped.Length > 2 || ends.Length > 2 || (stepped.Length == 2 && (!int.TryParse(stepped[1], NumberStyles.None, CultureInfo.InvariantCulture, out step) || step == 0)))
        {
            return null;
        }

        int from = low;
        int to = high;
        if (stepped[0] is not ("*" or "?"))
        {
            if (Value(ends[0], low, names) is not { } first || Value(ends[^1], low, names) is not { } last)
            {
                return null;
            }

            (from, to) = (first, ends.Length == 1 && stepped.Length == 2 ? high : last);
        }

        if (from < low || to > high || from > to)
        {
            return null;
        }

        ulong set = 0;
        for (int value = from; value <= to; value += step)
        {
            set |= 1UL << value;
        }

        return set;
    }

    private static int? Value(string text, int low, string[] names)
    {
        int named = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return named >= 0 ? named + low : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
    }
}
