using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>A zone's offsets and abbreviations through time.</summary>
internal sealed class TimeZoneData(string name, string syntax, long[] transitions, (int Offset, string Name)[] periods, TimeZoneInfo? after)
{
    public string Name => name;

    /// <summary>How Go source names it.</summary>
    public string Syntax => syntax;

    // The transitions say when each period but the first begins, in Unix seconds.
    public (int Offset, string Name) At(long unixSeconds)
    {
        int index = Array.BinarySearch(transitions, unixSeconds);
        index = index >= 0 ? index + 1 : ~index;
        (int Offset, string Name) period = periods[index];
        if (index < transitions.Length || after is null || unixSeconds > 253_402_300_799)
        {
            return period;
        }

        // Past the last transition listed, the rule at the end of the file goes on; .NET evaluates it, the names are those last used.
        int offset = (int)after.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(unixSeconds)).TotalSeconds;
        for (int i = periods.Length - 1; i >= Math.Max(0, periods.Length - 4); i--)
        {
            if (periods[i].Offset == offset)
            {
                return periods[i];
            }
        }

        return (offset, period.Name);
    }
}

/// <summary>time.LoadLocation over the system's zone database, which is read once per zone.</summary>
internal static class TimeZones
{
    private const string Database = "/usr/share/zoneinfo";

    public static readonly TimeZoneData Utc = new("UTC", "time.UTC", [], [(0, "UTC")], null);

    /// <summary>The machine's zone, which is taken to be UTC: output must not depend on the machine.</summary>
    public static readonly TimeZoneData Local = new("UTC", "time.Local", [], [(0, "UTC")], null);

    private static readonly ConcurrentDictionary<string, TimeZoneData> Loaded = new(StringComparer.Ordinal);

    public static TimeZoneData Fixed(int offset, string name) => new(name, SyntaxOf(name), [], [(offset, name)], null);

    /// <summary>Null for a name that is no zone.</summary>
    public static TimeZoneData? Find(string name) => name is "" or "UTC" ? Utc
        : name is "Local" ? Local
        : Loaded.TryGetValue(name, out TimeZoneData? zone) ? zone
        : Load(name) is { } loaded ? Loaded.GetOrAdd(name, loaded)
        : null;

    private static TimeZoneData? Load(string name)
    {
        // Go refuses names that could leave the database.
        if (name.Contains("..", StringComparison.Ordinal) || name[0] is '/' or '\\' || name.Contains('\\', StringComparison.Ordinal)
            || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '_' or '-' or '+')))
        {
            return null;
        }

        try
        {
            string file = Path.Combine(Database, name);
            return File.Exists(file) ? Read(name, File.ReadAllBytes(file), TimeZoneInfo.FindSystemTimeZoneById(name)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or TimeZoneNotFoundException or InvalidTimeZoneException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The 64-bit part of a TZif file (RFC 8536).</summary>
    private static TimeZoneData Read(string zone, byte[] file, TimeZoneInfo after)
    {
        if (file.Length < 44 || !file.AsSpan().StartsWith("TZif"u8) || file[4] < (byte)'2')
        {
            throw new InvalidDataException("not a TZif file of version 2");
        }

        (int version1Length, _) = Sizes(file.AsSpan(0, 44), 4);
        ReadOnlySpan<byte> data = file.AsSpan(44 + version1Length);
        (int length, int[] counts) = Sizes(data[..44], 8);
        data = data.Slice(44, length);
        (int times, int types, int characters) = (counts[3], counts[4], counts[5]);
        ReadOnlySpan<byte> indexes = data.Slice(times * 8, times);
        ReadOnlySpan<byte> infos = data.Slice(times * 9, types * 6);
        ReadOnlySpan<byte> names = data.Slice((times * 9) + (types * 6), characters);
        long[] transitions = new long[times];
        (int, string)[] periods = new (int, string)[times + 1];
        periods[0] = Period(infos, names, 0);
        for (int i = 0; i < times; i++)
        {
            transitions[i] = BinaryPrimitives.ReadInt64BigEndian(data[(i * 8)..]);
            periods[i + 1] = Period(infos, names, indexes[i]);
        }

        return new TimeZoneData(zone, SyntaxOf(zone), transitions, periods, after);
    }

    private static string SyntaxOf(string zone) => $"time.Location({TimeLayout.Quote(zone)})";

    private static (int Length, int[] Counts) Sizes(ReadOnlySpan<byte> header, int timeSize)
    {
        int[] counts = new int[6];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt32BigEndian(header[(20 + (i * 4))..]);
        }

        return ((counts[3] * (timeSize + 1)) + (counts[4] * 6) + counts[5] + (counts[2] * (timeSize + 4)) + counts[1] + counts[0], counts);
    }

    private static (int Offset, string Name) Period(ReadOnlySpan<byte> infos, ReadOnlySpan<byte> names, int type)
    {
        ReadOnlySpan<byte> info = infos.Slice(type * 6, 6);
        ReadOnlySpan<byte> name = names[info[5]..];
        return (BinaryPrimitives.ReadInt32BigEndian(info), Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
    }
}
