using System.Globalization;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Times as Go's time.Parse reads them: RFC 3339, of a MicroTime with exactly six digits after the seconds.</summary>
internal static class GoTimes
{
    private const string Layout = "2006-01-02T15:04:05Z07:00";
    private const string MicroLayout = "2006-01-02T15:04:05.000000Z07:00";

    // The parts of a layout that Go reads one after another; a part of digits in the layout takes as many digits.
    private static readonly (string Text, int Low, int High, string Name)[] Parts =
    [
        ("2006", 0, 9999, "year"), ("-", 0, 0, ""), ("01", 1, 12, "month"), ("-", 0, 0, ""), ("02", 1, 31, "day"), ("T", 0, 0, ""),
        ("15", 0, 23, "hour"), (":", 0, 0, ""), ("04", 0, 59, "minute"), (":", 0, 0, ""), ("05", 0, 59, "second"),
    ];

    /// <exception cref="DecodeException">The text is no such time, in Go's words.</exception>
    public static DateTime Parse(string text, bool micro)
    {
        string layout = micro ? MicroLayout : Layout;
        int at = 0;
        foreach ((string part, int low, int high, string name) in Parts)
        {
            at = Read(text, at, part, low, high, name, layout);
        }

        if (micro)
        {
            at = Fits(text, at, ".000000", 7) ? at + 7 : throw Fault(text, layout, $"cannot parse \"{text[at..]}\" as \".000000\"");
        }
        else if (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1]))
        {
            for (at++; at < text.Length && char.IsAsciiDigit(text[at]); at++)
            {
            }
        }

        int end = Zone(text, at);
        if (end < 0)
        {
            throw Fault(text, layout, $"cannot parse \"{text[at..]}\" as \"Z07:00\"");
        }

        if (end < text.Length)
        {
            throw Fault(text, layout, $"extra text: \"{text[end..]}\"");
        }

        return DateTimeOffset.TryParse(text.Replace(',', '.'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.UtcDateTime
            : throw Fault(text, layout, "day out of range");
    }

    private static int Read(string text, int at, string part, int low, int high, string name, string layout)
    {
        if (!Fits(text, at, part, part.Length))
        {
            throw Fault(text, layout, $"cannot parse \"{text[at..]}\" as \"{part}\"");
        }

        if (name.Length > 0 && int.Parse(text.AsSpan(at, part.Length), CultureInfo.InvariantCulture) is var number && (number < low || number > high))
        {
            throw Fault(text, layout, $"{name} out of range");
        }

        return at + part.Length;
    }

    private static bool Fits(string text, int at, string part, int length)
    {
        for (int i = 0; i < length; i++)
        {
            if (at + i >= text.Length || (char.IsAsciiDigit(part[i]) ? !char.IsAsciiDigit(text[at + i]) : text[at + i] != part[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static int Zone(string text, int at) => at >= text.Length
        ? -1
        : text[at] switch
        {
            'Z' => at + 1,
            '+' or '-' => Fits(text, at + 1, "07:00", 5) ? at + 6 : -1,
            _ => -1,
        };

    private static DecodeException Fault(string text, string layout, string why) =>
        new(why.StartsWith("cannot", StringComparison.Ordinal) ? $"parsing time \"{text}\" as \"{layout}\": {why}" : $"parsing time \"{text}\": {why}");
}
