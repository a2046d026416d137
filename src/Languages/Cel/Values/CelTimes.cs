using System.Globalization;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.Cel.Values;

/// <summary>google.protobuf.Timestamp: years 1 to 9999 with nanoseconds.</summary>
internal sealed class CelTimestamp(long seconds, int nanoseconds) : CelValue, IComparable<CelTimestamp>
{
    public const long MinSeconds = -62135596800;
    public const long MaxSeconds = 253402300799;

    /// <summary>Since the Unix epoch.</summary>
    public long Seconds => seconds;

    public int Nanoseconds => nanoseconds;

    public override CelType Type => CelType.Timestamp;

    public static bool InRange(long seconds) => seconds is >= MinSeconds and <= MaxSeconds;

    /// <summary>RFC 3339; null for anything else or a year out of range.</summary>
    public static CelTimestamp? Parse(string text)
    {
        // date "T" time [fraction] zone, all of fixed width but the fraction and the zone.
        if (text.Length < 20 || text[10] is not ('T' or 't') || !DateTime.TryParseExact(text[..19].ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
        {
            return null;
        }

        int at = 19;
        int nanos = 0;
        if (text[at] == '.')
        {
            int digits = 0;
            for (at++; at < text.Length && char.IsAsciiDigit(text[at]); at++, digits++)
            {
                nanos = digits < 9 ? (nanos * 10) + (text[at] - '0') : nanos;
            }

            if (digits == 0)
            {
                return null;
            }

            for (; digits < 9; digits++)
            {
                nanos *= 10;
            }
        }

        long seconds = (local.Ticks / TimeSpan.TicksPerSecond) + MinSeconds;
        return TryOffset(text.AsSpan(at), out int offset) && InRange(seconds - offset) ? new CelTimestamp(seconds - offset, nanos) : null;
    }

    public int CompareTo(CelTimestamp? other) => other is null ? 1 : (seconds, nanoseconds).CompareTo((other.Seconds, other.Nanoseconds));

    /// <summary>Null when the sum leaves the years 1 to 9999.</summary>
    public CelTimestamp? Plus(Int128 nanos)
    {
        Int128 total = ((Int128)seconds * GoDuration.Second) + nanoseconds + nanos;
        Int128 whole = total / GoDuration.Second;
        int rest = (int)(total % GoDuration.Second);
        if (rest < 0)
        {
            whole--;
            rest += (int)GoDuration.Second;
        }

        return whole >= MinSeconds && whole <= MaxSeconds ? new CelTimestamp((long)whole, rest) : null;
    }

    /// <summary>The wall clock at an offset of so many seconds; clamped at the ends of .NET's calendar.</summary>
    public DateTime At(int offset) => new(Math.Clamp(seconds + offset - MinSeconds, 0, MaxSeconds - MinSeconds) * TimeSpan.TicksPerSecond, DateTimeKind.Unspecified);

    public override string ToString()
    {
        string text = At(0).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return nanoseconds == 0 ? text + "Z" : text + "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0') + "Z";
    }

    private static bool TryOffset(ReadOnlySpan<char> zone, out int offset)
    {
        offset = 0;
        if (zone is "Z" or "z")
        {
            return true;
        }

        if (zone.Length != 6 || zone[0] is not ('+' or '-') || zone[3] != ':'
            || !int.TryParse(zone[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
            || !int.TryParse(zone[4..], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) || hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = ((hours * 60) + minutes) * (zone[0] == '-' ? -60 : 60);
        return true;
    }
}

/// <summary>google.protobuf.Duration as Go's time.Duration has it: 64 bits of nanoseconds.</summary>
internal sealed class CelDuration(long nanoseconds) : CelValue
{
    public long Nanoseconds => nanoseconds;

    public override CelType Type => CelType.Duration;

    /// <summary>string(duration): seconds with as many decimals as needed.</summary>
    public override string ToString()
    {
        UInt128 size = nanoseconds < 0 ? (UInt128)(-(Int128)nanoseconds) : (UInt128)nanoseconds;
        string text = (size / 1_000_000_000).ToString(CultureInfo.InvariantCulture);
        ulong rest = (ulong)(size % 1_000_000_000);
        text += rest == 0 ? string.Empty : "." + rest.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        return (nanoseconds < 0 ? "-" : string.Empty) + text + "s";
    }
}
