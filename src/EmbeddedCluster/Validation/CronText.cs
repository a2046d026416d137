using System.Globalization;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Cron expressions, in the words of the parser that Kubernetes uses (robfig/cron).</summary>
internal static class CronText
{
    private static readonly string[] Descriptors = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    private static readonly (int Least, int Most, string[] Names)[] Fields =
    [
        (0, 59, []), (0, 23, []), (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];

    /// <summary>What is wrong with an expression; null when nothing is.</summary>
    public static string? Problem(string schedule)
    {
        if (schedule.StartsWith('@'))
        {
            return Descriptors.Contains(schedule) || schedule.StartsWith("@every ", StringComparison.Ordinal) ? null : $"unrecognized descriptor: {schedule}";
        }

        string[] fields = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != Fields.Length)
        {
            return $"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]";
        }

        for (int i = 0; i < fields.Length; i++)
        {
            foreach (string expression in fields[i].Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                if (Range(expression, Fields[i]) is { } problem)
                {
                    return problem;
                }
            }
        }

        return null;
    }

    private static string? Range(string expression, (int Least, int Most, string[] Names) field)
    {
        string[] steps = expression.Split('/');
        string[] bounds = steps[0].Split('-');
        long start = field.Least;
        long end = field.Most;
        if (bounds[0] is not ("*" or "?"))
        {
            if (Number(bounds[0], field, out start) is { } wrong)
            {
                return wrong;
            }

            end = start;
            if (bounds.Length > 2)
            {
                return $"too many hyphens: {expression}";
            }

            if (bounds.Length == 2 && Number(bounds[1], field, out end) is { } wrongEnd)
            {
                return wrongEnd;
            }
        }

        if (steps.Length > 2)
        {
            return $"too many slashes: {expression}";
        }

        long step = 1;
        if (steps.Length == 2)
        {
            if (Number(steps[1], (0, 0, []), out step) is { } wrongStep)
            {
                return wrongStep;
            }

            end = bounds.Length == 1 ? field.Most : end;
        }

        return Bounds(expression, field, start, end, step);
    }

    private static string? Bounds(string expression, (int Least, int Most, string[] Names) field, long start, long end, long step)
    {
        if (start < field.Least)
        {
            return $"beginning of range ({start}) below minimum ({field.Least}): {expression}";
        }

        if (end > field.Most)
        {
            return $"end of range ({end}) above maximum ({field.Most}): {expression}";
        }

        if (start > end)
        {
            return $"beginning of range ({start}) beyond end of range ({end}): {expression}";
        }

        return step == 0 ? $"step of range should be a positive number: {expression}" : null;
    }

    private static string? Number(string text, (int Least, int Most, string[] Names) field, out long number)
    {
        int named = Array.IndexOf(field.Names, text.ToLowerInvariant());
        number = named + field.Least;
        if (named >= 0)
        {
            return null;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
        {
            return $"failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax";
        }

        return number < 0 ? $"negative number ({number}) not allowed: {text}" : null;
    }
}
