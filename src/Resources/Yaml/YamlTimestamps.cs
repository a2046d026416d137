using System.Globalization;

namespace Bowline.Resources.Yaml;

/// <summary>The four timestamp forms that go-yaml takes, and Go's RFC 3339 printing of them.</summary>
internal static class YamlTimestamps
{
    /// <summary>Every form starts with a year of four digits and a dash.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<char> text) =>
        text.Length > 5 && text[4] == '-' && !text[..4].ContainsAnyExceptInRange('0', '9');

    /// <summary>Reads a timestamp and prints it as Go's JSON does (RFC 3339, fraction without trailing zeros).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out string rfc3339)
    {
        rfc3339 = string.Empty;
        int at = 5;
        int year = int.Parse(text[..4], CultureInfo.InvariantCulture);
        if (!OneOrTwo(text, ref at, out int month) || month is < 1 or > 12 || !Take(text, ref at, '-') || !OneOrTwo(text, ref at, out int day))
        {
            return false;
        }

        if (day < 1 || day > (year == 0 ? LeapDays(month) : DateTime.DaysInMonth(year, month)))
        {
            return false;
        }

        string date = $"{year:0000}-{month:00}-{day:00}";
        if (at == text.Length)
        {
            rfc3339 = date + "T00:00:00Z";
            return true;
        }

        char separator = text[at++];
        if (separator is not ('T' or 't' or ' ') || !TryClock(text, ref at, out string clock))
        {
            return false;
        }

        string zone = "Z";
        if (separator != ' ' && !TryZone(text, ref at, out zone))
        {
            return false;
        }

        rfc3339 = $"{date}T{clock}{zone}";
        return at == text.Length;
    }

    private static int LeapDays(int month) => DateTime.DaysInMonth(2000, month);

    private static bool TryClock(ReadOnlySpan<char> text, ref int at, out string clock)
    {
        clock = string.Empty;
        if (!OneOrTwo(text, ref at, out int hour) || hour > 23 || !Take(text, ref at, ':')
            || !OneOrTwo(text, ref at, out int minute) || minute > 59 || !Take(text, ref at, ':')
            || !OneOrTwo(text, ref at, out int second) || second > 59)
        {
            return false;
        }

        clock = $"{hour:00}:{minute:00}:{second:00}";
        if (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1]))
        {
            int from = ++at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            ReadOnlySpan<char> fraction = text[from..Math.Min(at, from + 9)].TrimEnd('0');
            clock = fraction.IsEmpty ? clock : $"{clock}.{fraction}";
        }

        return true;
    }

    private static bool TryZone(ReadOnlySpan<char> text, ref int at, out string zone)
    {
        zone = "Z";
        if (at < text.Length && text[at] == 'Z')
        {
            at++;
            return true;
        }

        ReadOnlySpan<char> rest = text[at..];
        if (rest.Length != 6 || rest[0] is not ('+' or '-') || rest[3] != ':'
            || !int.TryParse(rest[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours) || hours > 24
            || !int.TryParse(rest[4..6], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) || minutes > 60)
        {
            return false;
        }

        zone = hours == 0 && minutes == 0 ? "Z" : rest.ToString();
        at += 6;
        return true;
    }

    private static bool Take(ReadOnlySpan<char> text, ref int at, char expected)
    {
        bool found = at < text.Length && text[at] == expected;
        at += found ? 1 : 0;
        return found;
    }

    private static bool OneOrTwo(ReadOnlySpan<char> text, ref int at, out int value)
    {
        value = 0;
        int from = at;
        while (at < text.Length && at - from < 2 && char.IsAsciiDigit(text[at]))
        {
            value = (value * 10) + (text[at++] - '0');
        }

        return at > from;
    }
}
