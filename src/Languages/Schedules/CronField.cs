using System.Globalization;

namespace Bowline.Languages.Schedules;

/// <summary>One field of a cron expression: the values that it lets through.</summary>
/// <param name="IsAny">Whether it is <c>*</c> or <c>?</c>, without steps.</param>
internal readonly record struct CronField(ulong Values, bool IsAny)
{
    /// <summary>Minute, hour, day of the month, month, day of the week.</summary>
    public static readonly IReadOnlyList<(int Least, int Most, string[] Names)> Bounds =
    [
        (0, 59, []), (0, 23, []), (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];

    public bool Has(int value) => (Values & (1UL << value)) != 0;

    /// <exception cref="FormatException">In robfig/cron's words.</exception>
    public static CronField Parse(string text, (int Least, int Most, string[] Names) bounds)
    {
        CronField field = default;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            CronField range = Range(part, bounds);
            field = new CronField(field.Values | range.Values, field.IsAny || range.IsAny);
        }

        return field;
    }

    private static CronField Range(string text, (int Least, int Most, string[] Names) bounds)
    {
        string[] steps = text.Split('/');
        string[] ends = steps[0].Split('-');
        bool any = ends[0] is "*" or "?";
        long start = any ? bounds.Least : Number(ends[0], bounds);
        long end = any ? bounds.Most : start;
        if (!any && ends.Length > 1)
        {
            end = ends.Length == 2 ? Number(ends[1], bounds) : throw new FormatException($"too many hyphens: {text}");
        }

        long step = 1;
        if (steps.Length > 1)
        {
            step = steps.Length == 2 ? Number(steps[1], (0, 0, [])) : throw new FormatException($"too many slashes: {text}");
            end = ends.Length == 1 ? bounds.Most : end;
        }

        Check(text, bounds, start, end, step);
        ulong values = 0;
        for (long value = start; value <= end; value += step)
        {
            values |= 1UL << (int)value;
        }

        return new CronField(values, any && step == 1);
    }

    private static void Check(string text, (int Least, int Most, string[] Names) bounds, long start, long end, long step)
    {
        string? wrong = start < bounds.Least ? $"beginning of range ({start}) below minimum ({bounds.Least})"
            : end > bounds.Most ? $"end of range ({end}) above maximum ({bounds.Most})"
            : start > end ? $"beginning of range ({start}) beyond end of range ({end})"
            : step == 0 ? "step of range should be a positive number"
            : null;
        if (wrong is not null)
        {
            throw new FormatException($"{wrong}: {text}");
        }
    }

    private static long Number(string text, (int Least, int Most, string[] Names) bounds)
    {
        int named = Array.IndexOf(bounds.Names, text.ToLowerInvariant());
        if (named >= 0)
        {
            return named + bounds.Least;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            throw new FormatException($"failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax");
        }

        return number >= 0 ? number : throw new FormatException($"negative number ({number}) not allowed: {text}");
    }
}
