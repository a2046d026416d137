using System.Diagnostics.CodeAnalysis;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>A time.Time: an instant to the nanosecond and the zone it is shown in. The zero value is 1 January of year 1, UTC.</summary>
public sealed class GoTime : GoValue
{
    private const long DaysToEpoch = 719_468;
    private const long ZeroSeconds = -62_135_596_800;

    public static readonly GoTime Zero = new(ZeroSeconds, 0, TimeZones.Utc);

    private readonly TimeZoneData zone;

    internal GoTime(long unixSeconds, int nanoseconds, TimeZoneData zone)
    {
        this.zone = zone;
        UnixSeconds = unixSeconds;
        Nanosecond = nanoseconds;
        (Offset, ZoneName) = zone.At(unixSeconds);
        long local = unixSeconds + Offset;
        long days = Math.DivRem(local, 86_400, out long secondOfDay);
        if (secondOfDay < 0)
        {
            secondOfDay += 86_400;
            days--;
        }

        SecondOfDay = (int)secondOfDay;
        Days = days;
        (Year, Month, Day) = Civil(days);
    }

    public long UnixSeconds { get; }

    public int Nanosecond { get; }

    /// <summary>Seconds east of UTC at this instant.</summary>
    public int Offset { get; }

    public string ZoneName { get; }

    public long Year { get; }

    public int Month { get; }

    public int Day { get; }

    public int Hour => SecondOfDay / 3600;

    public int Minute => SecondOfDay / 60 % 60;

    public int Second => SecondOfDay % 60;

    /// <summary>From 0, Sunday.</summary>
    public int Weekday => (int)((((Days + 4) % 7) + 7) % 7);

    public int YearDay => (int)(Days - DaysOf(Year, 1, 1)) + 1;

    public override GoType Type => GoType.Time;

    public override string Text => TimeLayout.Format(this, "2006-01-02 15:04:05.999999999 -0700 MST");

    public override string Syntax =>
        $"time.Date({Year}, time.{TimeLayout.Months[Month - 1]}, {Day}, {Hour}, {Minute}, {Second}, {Nanosecond}, {zone.Syntax})";

    public override IReadOnlyList<KeyValuePair<string, Node>> Fields =>
    [
        new("wall", new GoInteger(GoType.Uint64, Nanosecond)),
        new("ext", IntegerNode.Of(UnixSeconds - ZeroSeconds)),
        new("loc", ReferenceEquals(zone, TimeZones.Utc) ? GoLocation.None : new GoLocation(zone.Name)),
    ];

    /// <summary>The name of the zone it is shown in, as Go's <c>Location().String()</c> gives it.</summary>
    public string Location => zone.Name;

    private int SecondOfDay { get; }

    private long Days { get; }

    private bool IsZero => UnixSeconds == ZeroSeconds && Nanosecond == 0;

    public static GoTime FromUnix(long seconds, int nanoseconds = 0) => new(seconds, nanoseconds, TimeZones.Local);

    /// <summary>time.Parse; null with Go's error text where the value is not of the layout.</summary>
    public static GoTime? Parse(string layout, string value, out string error) => TimeParser.Parse(layout, value, out error);

    public static GoTime From(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return FromUnix(rest < 0 ? seconds - 1 : seconds, (int)((rest < 0 ? rest + TimeSpan.TicksPerSecond : rest) * 100));
    }

    /// <summary>Go's <c>time.Parse</c>; null for a text of another layout.</summary>
    /// <param name="zone">The name of a zone that is UTC otherwise, for layouts without one.</param>
    public static GoTime? Parse(string layout, string text, string? zone = null) =>
        TimeParser.Parse(layout, text, out _) is not { } read ? null : zone is null ? read : read.In(TimeZones.Fixed(0, zone));

    /// <summary>The time in RFC 3339 or another of Go's layouts.</summary>
    public string Format(string layout) => TimeLayout.Format(this, layout);

    /// <summary>Days of a date before or after 1 January 1970, in the proleptic Gregorian calendar.</summary>
    public static long DaysOf(long year, long month, long day)
    {
        // Months past the year's end carry into the year, as Go normalises them.
        year += Math.DivRem(month - 1, 12, out long monthFromZero);
        if (monthFromZero < 0)
        {
            monthFromZero += 12;
            year--;
        }

        long y = monthFromZero < 2 ? year - 1 : year;
        long era = (y >= 0 ? y : y - 399) / 400;
        long yearOfEra = y - (era * 400);
        long dayOfYear = (((153 * ((monthFromZero + 10) % 12)) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - DaysToEpoch;
    }

    /// <summary>The time later by so many nanoseconds, in the same zone.</summary>
    public GoTime Add(long nanoseconds)
    {
        long total = Nanosecond + (nanoseconds % GoDuration.Second);
        long seconds = UnixSeconds + (nanoseconds / GoDuration.Second);
        return total < 0 ? new GoTime(seconds - 1, (int)(total + GoDuration.Second), zone)
            : total >= GoDuration.Second ? new GoTime(seconds + 1, (int)(total - GoDuration.Second), zone)
            : new GoTime(seconds, (int)total, zone);
    }

    /// <summary>Nanoseconds since another time, held to what a duration can say.</summary>
    public long Since(GoTime other)
    {
        Int128 difference = ((Int128)(UnixSeconds - other.UnixSeconds) * GoDuration.Second) + Nanosecond - other.Nanosecond;
        return (long)Int128.Clamp(difference, long.MinValue, long.MaxValue);
    }

    public override bool DeepEquals([NotNullWhen(true)] Node? other) =>
        other is GoTime time && time.UnixSeconds == UnixSeconds && time.Nanosecond == Nanosecond && time.ZoneName == ZoneName;

    public override Node ToPlain() => StringNode.Of(TimeLayout.Format(this, "2006-01-02T15:04:05.999999999Z07:00"));

    public override GoFunction? Method(string name) => name switch
    {
        "Year" => Getter(Year),
        "Day" => Getter(Day),
        "Hour" => Getter(Hour),
        "Minute" => Getter(Minute),
        "Second" => Getter(Second),
        "Nanosecond" => Getter(Nanosecond),
        "YearDay" => Getter(YearDay),
        "Month" => new GoFunction(_ => new GoNamedInteger(GoNamedInteger.Month, Month, TimeLayout.Months[Month - 1])),
        "Weekday" => new GoFunction(_ => new GoNamedInteger(GoNamedInteger.Weekday, Weekday, TimeLayout.Days[Weekday])),
        "Unix" => new GoFunction(_ => IntegerNode.Of(UnixSeconds)),
        "UnixMilli" => new GoFunction(_ => IntegerNode.Of((UnixSeconds * 1000) + (Nanosecond / 1_000_000))),
        "UnixMicro" => new GoFunction(_ => IntegerNode.Of((UnixSeconds * 1_000_000) + (Nanosecond / 1000))),
        "UnixNano" => new GoFunction(_ => IntegerNode.Of(unchecked((UnixSeconds * GoDuration.Second) + Nanosecond))),
        "IsZero" => new GoFunction(_ => IsZero),
        "String" => new GoFunction(_ => Text),
        "Location" => new GoFunction(_ => new GoLocation(zone.Name)),
        "UTC" => new GoFunction(_ => new GoTime(UnixSeconds, Nanosecond, TimeZones.Utc)),
        "Local" => new GoFunction(_ => new GoTime(UnixSeconds, Nanosecond, TimeZones.Local)),
        "Format" => new GoFunction(call => TimeLayout.Format(this, call.Text(0)), GoType.String),
        "Add" => new GoFunction(call => Add(call.Integer(0)), GoType.Duration),
        "AddDate" => new GoFunction(call => AddDate(call.Integer(0), call.Integer(1), call.Integer(2)), GoType.Int, GoType.Int, GoType.Int),
        "Sub" => new GoFunction(call => new GoDuration(Since((GoTime)call[0])), GoType.Time),
        "Before" => new GoFunction(call => Since((GoTime)call[0]) < 0, GoType.Time),
        "After" => new GoFunction(call => Since((GoTime)call[0]) > 0, GoType.Time),
        "Equal" => new GoFunction(call => Since((GoTime)call[0]) == 0, GoType.Time),
        _ => null,
    };

    internal GoTime In(TimeZoneData other) => new(UnixSeconds, Nanosecond, other);

    internal static GoTime FromCivil(long year, long month, long day, long secondOfDay, int nanosecond, TimeZoneData zone)
    {
        long local = (DaysOf(year, month, day) * 86_400) + secondOfDay;
        // The offset before the change is tried first, as Go does.
        int offset = zone.At(local - zone.At(local).Offset).Offset;
        return new GoTime(local - offset, nanosecond, zone);
    }

    private static GoFunction Getter(long value) => new(_ => GoInteger.Int(value)) { Result = GoType.Int };

    private GoTime AddDate(long years, long months, long days)
    {
        const long Most = 1_000_000;
        if (Math.Abs(years) > Most || Math.Abs(months) > Most || Math.Abs(days) > Most * 365)
        {
            throw new GoError("the date is out of range");
        }

        return FromCivil(Year + years, Month + months, Day + days, SecondOfDay, Nanosecond, zone);
    }

    private static (long Year, int Month, int Day) Civil(long days)
    {
        long shifted = days + DaysToEpoch;
        long era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        long dayOfEra = shifted - (era * 146_097);
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long month = ((5 * dayOfYear) + 2) / 153;
        int day = (int)(dayOfYear - (((153 * month) + 2) / 5) + 1);
        int civilMonth = (int)(month < 10 ? month + 3 : month - 9);
        return (yearOfEra + (era * 400) + (civilMonth <= 2 ? 1 : 0), civilMonth, day);
    }
}

/// <summary>A *time.Location, of which templates see little but the name.</summary>
public sealed class GoLocation(string? name) : GoValue
{
    /// <summary>The nil pointer that a time in UTC holds.</summary>
    public static readonly GoLocation None = new(name: null);

    private static readonly GoType Pointer = GoType.PointerTo(GoType.Struct("time.Location"));
    private static readonly GoType Zones = GoType.SliceOf(GoType.Struct("time.zone"));
    private static readonly GoType Transitions = GoType.SliceOf(GoType.Struct("time.zoneTrans"));
    private static readonly GoType ZonePointer = GoType.PointerTo(GoType.Struct("time.zone"));

    public override GoType Type => Pointer;

    public override bool IsNil => name is null;

    public override string? Text => name;

    public override IReadOnlyList<KeyValuePair<string, Node>> Fields =>
    [
        new("name", StringNode.Of(name ?? string.Empty)),
        new("zone", new GoSlice(Zones, []) { IsNilSlice = true }),
        new("tx", new GoSlice(Transitions, []) { IsNilSlice = true }),
        new("extend", StringNode.Empty),
        new("cacheStart", IntegerNode.Of(0)),
        new("cacheEnd", IntegerNode.Of(0)),
        new("cacheZone", new GoObject(ZonePointer, []) { IsNilPointer = true }),
    ];

    public override GoFunction? Method(string method) => method == "String" ? new GoFunction(_ => name ?? "UTC") : null;

    public override Node ToPlain() => name is null ? Null : new MapNode();
}

/// <summary>An integer of a declared type whose values have names: time.Month and time.Weekday.</summary>
public sealed class GoNamedInteger(GoType type, long value, string name) : GoValue
{
    public static readonly GoType Month = GoType.Named("time.Month", GoType.Int);
    public static readonly GoType Weekday = GoType.Named("time.Weekday", GoType.Int);

    public long Value => value;

    public override GoType Type => type;

    public override string Text => name;

    public override GoFunction? Method(string method) => method == "String" ? new GoFunction(_ => name) : null;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is GoNamedInteger named && named.Type == type && named.Value == value;

    public override Node ToPlain() => IntegerNode.Of(value);
}
