using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>Go's time layouts, in which the reference time Mon Jan 2 15:04:05 MST 2006 stands for the parts of a time.</summary>
internal static class TimeLayout
{
    public static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    public static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    // Longer elements come before those they begin with.
    private static readonly string[] Elements =
    [
        "January", "Jan", "Monday", "Mon", "MST", "01", "02", "03", "04", "05", "06", "002", "2006", "15", "1", "2", "__2", "_2006", "_2",
        "3", "4", "5", "PM", "pm", "-07:00:00", "-070000", "-07:00", "-0700", "-07", "Z07:00:00", "Z070000", "Z07:00", "Z0700", "Z07",
    ];

    /// <summary>How errors of package time quote: everything but printable ASCII as the bytes that it is.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"", text.Length + 2);
        foreach (byte value in GoText.ToBytes(text))
        {
            if (value is < (byte)' ' or >= 0x80)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
            }
            else
            {
                quoted.Append(value is (byte)'"' or (byte)'\\' ? "\\" : string.Empty).Append((char)value);
            }
        }

        return quoted.Append('"').ToString();
    }

    public static string Format(GoTime time, string layout)
    {
        StringBuilder text = new(layout.Length + 16);
        while (layout.Length > 0)
        {
            (string before, string element, string rest) = NextElement(layout);
            text.Append(before);
            Append(text, time, element);
            layout = rest;
        }

        return text.ToString();
    }

    /// <summary>The text before the first element, the element (empty at the end) and the rest.</summary>
    public static (string Before, string Element, string Remaining) NextElement(string layout)
    {
        for (int i = 0; i < layout.Length; i++)
        {
            if (ElementAt(layout, i) is { } element)
            {
                // "_2006" is a literal underscore and a year.
                int skip = element == "_2006" ? 1 : 0;
                return (layout[..(i + skip)], element[skip..], layout[(i + element.Length)..]);
            }
        }

        return (layout, string.Empty, string.Empty);
    }

    private static string? ElementAt(string layout, int index)
    {
        ReadOnlySpan<char> rest = layout.AsSpan(index);
        char c = rest[0];
        switch (c)
        {
            case 'J':
                return rest.StartsWith("January") ? "January" : rest.StartsWith("Jan") && !IsLowerAt(rest, 3) ? "Jan" : null;
            case 'M':
                return rest.StartsWith("Monday") ? "Monday" : rest.StartsWith("Mon") && !IsLowerAt(rest, 3) ? "Mon" : rest.StartsWith("MST") ? "MST" : null;
            case '0':
                return rest.Length >= 2 && rest[1] is >= '1' and <= '6' ? rest[..2].ToString() : rest.StartsWith("002") ? "002" : null;
            case '1':
                return rest.StartsWith("15") ? "15" : "1";
            case '2':
                return rest.StartsWith("2006") ? "2006" : "2";
            case '_':
                return rest.StartsWith("_2006") ? "_2006" : rest.StartsWith("_2") ? "_2" : rest.StartsWith("__2") ? "__2" : null;
            case '3' or '4' or '5':
                return c.ToString();
            case 'P' or 'p':
                return rest.StartsWith("PM") ? "PM" : rest.StartsWith("pm") ? "pm" : null;
            case '-' or 'Z':
                foreach (string element in Elements)
                {
                    if (element[0] == c && rest.StartsWith(element))
                    {
                        return element;
                    }
                }

                return null;
            case '.' or ',':
                return FractionAt(rest);
            default:
                return null;
        }
    }

    private static bool IsLowerAt(ReadOnlySpan<char> text, int index) => index < text.Length && char.IsAsciiLetterLower(text[index]);

    /// <summary>A point or comma and then only zeros or only nines, with no further digit.</summary>
    private static string? FractionAt(ReadOnlySpan<char> rest)
    {
        if (rest.Length < 2 || rest[1] is not ('0' or '9'))
        {
            return null;
        }

        int end = 1;
        while (end < rest.Length && rest[end] == rest[1])
        {
            end++;
        }

        return end < rest.Length && char.IsAsciiDigit(rest[end]) ? null : rest[..end].ToString();
    }

    private static void Append(StringBuilder text, GoTime time, string element)
    {
        switch (element)
        {
            case "":
                break;
            case "2006":
                text.Append(time.Year < 0 ? "-" : string.Empty).Append(Math.Abs(time.Year).ToString("0000", CultureInfo.InvariantCulture));
                break;
            case "06":
                Two(text, (int)(((time.Year % 100) + 100) % 100));
                break;
            case "January" or "Jan":
                text.Append(Months[time.Month - 1].AsSpan(0, element.Length == 3 ? 3 : Months[time.Month - 1].Length));
                break;
            case "Monday" or "Mon":
                text.Append(Days[time.Weekday].AsSpan(0, element.Length == 3 ? 3 : Days[time.Weekday].Length));
                break;
            case "1":
                text.Append(time.Month);
                break;
            case "01":
                Two(text, time.Month);
                break;
            case "2":
                text.Append(time.Day);
                break;
            case "_2":
                text.Append(time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2));
                break;
            case "02":
                Two(text, time.Day);
                break;
            case "002":
                text.Append(time.YearDay.ToString("000", CultureInfo.InvariantCulture));
                break;
            case "__2":
                text.Append(time.YearDay.ToString(CultureInfo.InvariantCulture).PadLeft(3));
                break;
            default:
                AppendClock(text, time, element);
                break;
        }
    }

    private static void AppendClock(StringBuilder text, GoTime time, string element)
    {
        int twelve = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        switch (element)
        {
            case "15":
                Two(text, time.Hour);
                break;
            case "3":
                text.Append(twelve);
                break;
            case "03":
                Two(text, twelve);
                break;
            case "4":
                text.Append(time.Minute);
                break;
            case "04":
                Two(text, time.Minute);
                break;
            case "5":
                text.Append(time.Second);
                break;
            case "05":
                Two(text, time.Second);
                break;
            case "PM":
                text.Append(time.Hour >= 12 ? "PM" : "AM");
                break;
            case "pm":
                text.Append(time.Hour >= 12 ? "pm" : "am");
                break;
            case "MST":
                text.Append(time.ZoneName.Length > 0 ? time.ZoneName : OffsetText(time.Offset, "-07"));
                break;
            default:
                text.Append(element[0] is '.' or ',' ? Fraction(time.Nanosecond, element)
                    : element[0] == 'Z' && time.Offset == 0 ? "Z"
                    : OffsetText(time.Offset, "-" + element[1..]));
                break;
        }
    }

    private static string OffsetText(int offset, string form)
    {
        int absolute = Math.Abs(offset);
        string sign = offset < 0 ? "-" : "+";
        (int hours, int minutes, int seconds) = (absolute / 3600, absolute / 60 % 60, absolute % 60);
        return form switch
        {
            "-07" when minutes == 0 || form.Length == 3 => string.Create(CultureInfo.InvariantCulture, $"{sign}{hours:00}"),
            "-0700" => string.Create(CultureInfo.InvariantCulture, $"{sign}{hours:00}{minutes:00}"),
            "-07:00" => string.Create(CultureInfo.InvariantCulture, $"{sign}{hours:00}:{minutes:00}"),
            "-070000" => string.Create(CultureInfo.InvariantCulture, $"{sign}{hours:00}{minutes:00}{seconds:00}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{sign}{hours:00}:{minutes:00}:{seconds:00}"),
        };
    }

    private static string Fraction(int nanosecond, string element)
    {
        string digits = nanosecond.ToString("000000000", CultureInfo.InvariantCulture).PadRight(element.Length - 1, '0')[..(element.Length - 1)];
        if (element[1] == '9')
        {
            digits = digits.TrimEnd('0');
        }

        return digits.Length == 0 ? string.Empty : element[0] + digits;
    }

    private static void Two(StringBuilder text, int value) => text.Append((char)('0' + (value / 10))).Append((char)('0' + (value % 10)));
}
