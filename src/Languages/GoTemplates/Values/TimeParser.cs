using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>time.Parse: reads a text by a layout, or says why not in Go's words.</summary>
internal ref struct TimeParser
{
    private readonly string layout;
    private readonly string value;
    private ReadOnlySpan<char> left;
    private string? rangeError;
    private long year = 0;
    private int month = -1;
    private int day = -1;
    private int yearDay = -1;
    private int hour = 0;
    private int minute = 0;
    private int second = 0;
    private int nanosecond = 0;
    private bool afternoon = false;
    private bool morning = false;
    private int? offset = null;
    private string zoneName = string.Empty;
    private bool isUtc = false;

    private TimeParser(string layout, string value)
    {
        this.layout = layout;
        this.value = value;
        left = value;
    }

    public static GoTime? Parse(string layout, string value, out string error)
    {
        TimeParser parser = new(layout, value);
        return parser.Run(out error);
    }

    private GoTime? Run(out string error)
    {
        string remaining = layout;
        while (true)
        {
            (string before, string element, string rest) = TimeLayout.NextElement(remaining);
            if (!SkipText(before))
            {
                error = Failure(before, left.ToString());
                return null;
            }

            if (element.Length == 0)
            {
                break;
            }

            string at = left.ToString();
            if (!Element(element, rest))
            {
                error = Failure(element, at);
                return null;
            }

            if (rangeError is not null)
            {
                error = $"parsing time {TimeLayout.Quote(value)}: {rangeError} out of range";
                return null;
            }

            remaining = rest;
        }

        if (left.Length > 0)
        {
            error = $"parsing time {TimeLayout.Quote(value)}: extra text: {TimeLayout.Quote(left.ToString())}";
            return null;
        }

        return Build(out error);
    }

    private readonly string Failure(string element, string at) =>
        $"parsing time {TimeLayout.Quote(value)} as {TimeLayout.Quote(layout)}: cannot parse {TimeLayout.Quote(at)} as {TimeLayout.Quote(element)}";

    private GoTime? Build(out string error)
    {
        error = $"parsing time {TimeLayout.Quote(value)}: day out of range";
        hour = afternoon && hour < 12 ? hour + 12 : morning && hour == 12 ? 0 : hour;
        if (yearDay >= 0)
        {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            if (yearDay < 1 || yearDay > (leap ? 366 : 365))
            {
                error = $"parsing time {TimeLayout.Quote(value)}: day-of-year out of range";
                return null;
            }

            (month, day) = (1, yearDay);
        }
        else
        {
            (month, day) = (month < 0 ? 1 : month, day < 0 ? 1 : day);
            if (day < 1 || day > GoTime.DaysOf(year, month + 1, 1) - GoTime.DaysOf(year, month, 1))
            {
                return null;
            }
        }

        TimeZoneData zone = isUtc ? TimeZones.Utc
            : offset is null && zoneName.Length == 0 ? TimeZones.Local
            : offset is { } seconds ? seconds == 0 ? TimeZones.Utc : TimeZones.Fixed(seconds, zoneName)
            : TimeZones.Fixed(NamedOffset(zoneName), zoneName);
        return GoTime.FromCivil(year, month, day, (hour * 3600L) + (minute * 60) + second, nanosecond, zone);
    }

    /// <summary>An abbreviation says nothing but its name, except for GMT-3 and its like.</summary>
    private static int NamedOffset(string name) =>
        name.Length > 3 && name.StartsWith("GMT", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(3), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int hours) ? hours * 3600 : 0;

    /// <summary>A space of the layout matches any number of spaces.</summary>
    private bool SkipText(string prefix)
    {
        for (int i = 0; i < prefix.Length;)
        {
            if (prefix[i] == ' ')
            {
                if (left.Length > 0 && left[0] != ' ')
                {
                    return false;
                }

                i = prefix.Length - prefix.AsSpan(i).TrimStart(' ').Length;
                left = left.TrimStart(' ');
                continue;
            }

            if (left.Length == 0 || left[0] != prefix[i])
            {
                return false;
            }

            i++;
            left = left[1..];
        }

        return true;
    }

    private bool Element(string element, string rest)
    {
        switch (element)
        {
            case "2006":
                return left.Length >= 4 && char.IsAsciiDigit(left[0]) && Digits(4, 4, out int full) && (year = full) >= 0;
            case "06":
                bool read = Digits(2, 2, out int two);
                year = two >= 69 ? two + 1900 : two + 2000;
                return read;
            case "January" or "Jan":
                return Name(TimeLayout.Months, element.Length == 3, out month) && ++month > 0;
            case "Monday" or "Mon":
                return Name(TimeLayout.Days, element.Length == 3, out _);
            case "1" or "01":
                return Ranged(Digits(element.Length, 2, out month), month is < 1 or > 12, "month");
            case "2" or "_2" or "02":
                left = element == "_2" && left.StartsWith(" ") ? left[1..] : left;
                return Digits(element == "02" ? 2 : 1, 2, out day);
            case "002" or "__2":
                left = element == "__2" ? left.TrimStart(' ') : left;
                return Digits(element == "002" ? 3 : 1, 3, out yearDay);
            case "15":
                return Ranged(Digits(1, 2, out hour), hour > 23, "hour");
            case "3" or "03":
                return Ranged(Digits(element.Length, 2, out hour), hour > 12, "hour");
            case "4" or "04":
                return Ranged(Digits(element.Length, 2, out minute), minute > 59, "minute");
            case "5" or "05":
                return Ranged(Digits(element.Length, 2, out second), second > 59, "second") && OptionalFraction(rest);
            case "PM" or "pm":
                return Meridian(element);
            case "MST":
                return ZoneAbbreviation();
            default:
                return element[0] is '.' or ',' ? Fraction(element) : Offset(element);
        }
    }

    private bool Ranged(bool read, bool outOfRange, string what)
    {
        rangeError = read && outOfRange ? what : null;
        return read;
    }

    private bool Digits(int least, int most, out int number)
    {
        int end = 0;
        while (end < left.Length && end < most && char.IsAsciiDigit(left[end]))
        {
            end++;
        }

        number = end > 0 ? int.Parse(left[..end], CultureInfo.InvariantCulture) : 0;
        if (end < least || end == 0)
        {
            return false;
        }

        left = left[end..];
        return true;
    }

    private bool Name(string[] names, bool shortened, out int index)
    {
        for (index = 0; index < names.Length; index++)
        {
            string name = shortened ? names[index][..3] : names[index];
            if (left.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                left = left[name.Length..];
                return true;
            }
        }

        return false;
    }

    private bool Meridian(string element)
    {
        bool upper = element == "PM";
        afternoon = left.StartsWith(upper ? "PM" : "pm");
        morning = left.StartsWith(upper ? "AM" : "am");
        left = afternoon || morning ? left[2..] : left;
        return afternoon || morning;
    }

    /// <summary>A fraction after the seconds is taken even where the layout has none.</summary>
    private bool OptionalFraction(string rest)
    {
        if (left.Length < 2 || left[0] is not ('.' or ',') || !char.IsAsciiDigit(left[1])
            || TimeLayout.NextElement(rest) is { Before: "", Element: ['.' or ',', ..] })
        {
            return true;
        }

        int end = 1;
        while (end < left.Length && char.IsAsciiDigit(left[end]))
        {
            end++;
        }

        nanosecond = Nanoseconds(left[1..end]);
        left = left[end..];
        return true;
    }

    private bool Fraction(string element)
    {
        if (element[1] == '9' && (left.Length < 2 || left[0] is not ('.' or ',') || !char.IsAsciiDigit(left[1])))
        {
            // An optional fraction that is not there.
            return true;
        }

        int length = element.Length;
        if (element[1] == '9')
        {
            length = 1;
            while (length < left.Length && length < 10 && char.IsAsciiDigit(left[length]))
            {
                length++;
            }
        }

        if (left.Length < length || left[0] is not ('.' or ',') || left[1..length].IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            return false;
        }

        nanosecond = Nanoseconds(left[1..length]);
        left = left[length..];
        return true;
    }

    private static int Nanoseconds(ReadOnlySpan<char> digits)
    {
        ReadOnlySpan<char> nine = digits.Length > 9 ? digits[..9] : digits;
        return int.Parse(nine.ToString().PadRight(9, '0'), CultureInfo.InvariantCulture);
    }

    private bool ZoneAbbreviation()
    {
        if (left.StartsWith("UTC"))
        {
            isUtc = true;
            left = left[3..];
            return true;
        }

        int length = 0;
        while (length < left.Length && length < 6 && char.IsAsciiLetterUpper(left[length]))
        {
            length++;
        }

        if (length == 3 && left.StartsWith("GMT") && left.Length > 4 && left[3] is '+' or '-' && char.IsAsciiDigit(left[4]))
        {
            length = left.Length > 5 && char.IsAsciiDigit(left[5]) ? 6 : 5;
        }
        else if (length is not 3 && !(length is 4 or 5 && left[length - 1] == 'T'))
        {
            return false;
        }

        zoneName = left[..length].ToString();
        left = left[length..];
        return true;
    }

    private bool Offset(string element)
    {
        if (element[0] == 'Z' && left.StartsWith("Z"))
        {
            isUtc = true;
            left = left[1..];
            return true;
        }

        bool colons = element.Contains(':', StringComparison.Ordinal);
        int pairs = element.Count(char.IsAsciiDigit) / 2;
        int length = 1 + (pairs * 2) + (colons ? pairs - 1 : 0);
        if (left.Length < length || left[0] is not ('+' or '-'))
        {
            return false;
        }

        int total = 0;
        for (int i = 0; i < pairs; i++)
        {
            int at = 1 + (i * (colons ? 3 : 2));
            if (!char.IsAsciiDigit(left[at]) || !char.IsAsciiDigit(left[at + 1]) || (colons && i > 0 && left[at - 1] != ':'))
            {
                return false;
            }

            int part = int.Parse(left.Slice(at, 2), CultureInfo.InvariantCulture);
            if (part > (i == 0 ? 24 : 60))
            {
                rangeError = i == 0 ? "time zone offset hour" : i == 1 ? "time zone offset minute" : "time zone offset second";
            }

            total += part * (i == 0 ? 3600 : i == 1 ? 60 : 1);
        }

        offset = left[0] == '-' ? -total : total;
        left = left[length..];
        return true;
    }
}
