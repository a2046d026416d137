using System.Globalization;
using System.Text;
using KeraLua;

namespace Bowline.Languages.Lua;

/// <summary>The managed functions that the prelude builds Lua's from. Each returns nil and a message instead of raising an error.</summary>
internal sealed class LuaFunctions
{
    public const int Count = 3;
    private readonly TimeProvider time;
    private readonly Func<Func<int>, int> unlimited;
    // Kept alive as long as Lua may call them.
    private readonly LuaFunction find;
    private readonly LuaFunction now;
    private readonly LuaFunction date;
    private long patternSteps;

    public LuaFunctions(TimeProvider time, Func<Func<int>, int> unlimited)
    {
        this.time = time;
        this.unlimited = unlimited;
        find = state => Guard(state, Find);
        now = state => Guard(state, Now);
        date = state => Guard(state, Date);
    }

    public void Push(KeraLua.Lua lua)
    {
        lua.PushCFunction(find);
        lua.PushCFunction(now);
        lua.PushCFunction(date);
    }

    private int Guard(IntPtr state, Func<KeraLua.Lua, int> body) => unlimited(() =>
    {
        KeraLua.Lua lua = KeraLua.Lua.FromIntPtr(state)!;
        try
        {
            return body(lua);
        }
        catch (LuaException exception)
        {
            lua.SetTop(0);
            lua.PushNil();
            lua.PushBuffer(Encoding.UTF8.GetBytes(exception.Message));
            return 2;
        }
    });

    /// <summary>(text, pattern, init, plain): false, or true with first, last and captures.</summary>
    private int Find(KeraLua.Lua lua)
    {
        byte[] text = lua.ToBuffer(1, false) ?? [];
        byte[] pattern = lua.ToBuffer(2, false) ?? [];
        long from = lua.ToInteger(3);
        bool plain = lua.ToBoolean(4);
        from = from > 0 ? from : from == 0 ? 1 : Math.Max(1, text.Length + from + 1);
        lua.SetTop(0);
        LuaMatch? match = from > text.Length + 1 ? null : LuaPattern.Find(text, pattern, (int)from - 1, plain, ref patternSteps);
        lua.PushBoolean(match is not null);
        if (match is null)
        {
            return 1;
        }

        lua.CheckStack(match.Captures.Count + 4);
        lua.PushInteger(match.Start + 1);
        lua.PushInteger(match.End);
        foreach ((int start, int length) in match.Captures)
        {
            if (length == LuaMatch.Position)
            {
                lua.PushInteger(start + 1);
            }
            else
            {
                lua.PushBuffer(text[start..(start + length)]);
            }
        }

        return 3 + match.Captures.Count;
    }

    /// <summary>() or (year, month, day, hour, minute, second): seconds since the epoch.</summary>
    private int Now(KeraLua.Lua lua)
    {
        long seconds = time.GetUtcNow().ToUnixTimeSeconds();
        if (lua.GetTop() >= 6)
        {
            long Part(int index) => lua.ToInteger(index);
            try
            {
                seconds = new DateTimeOffset((int)Part(1), 1, 1, 0, 0, 0, TimeSpan.Zero)
                    .AddMonths((int)Part(2) - 1).AddDays(Part(3) - 1).AddHours(Part(4)).AddMinutes(Part(5)).AddSeconds(Part(6)).ToUnixTimeSeconds();
            }
            catch (ArgumentOutOfRangeException)
            {
                throw new LuaException("time result cannot be represented in this installation");
            }
        }

        lua.SetTop(0);
        lua.PushInteger(seconds);
        return 1;
    }

    /// <summary>(format, seconds): strftime in UTC.</summary>
    private int Date(KeraLua.Lua lua)
    {
        string format = LuaValues.Text(lua, 1);
        long seconds = lua.Type(2) == LuaType.Number ? (long)lua.ToNumber(2) : time.GetUtcNow().ToUnixTimeSeconds();
        if (seconds is < -62135596800 or > 253402300799)
        {
            throw new LuaException("date result cannot be represented in this installation");
        }

        DateTime at = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            text.Append(format[i] == '%' && i + 1 < format.Length ? Part(at, format[++i]) : format[i].ToString());
        }

        lua.SetTop(0);
        lua.PushBuffer(Encoding.UTF8.GetBytes(text.ToString()));
        return 1;
    }

    private static string Part(DateTime at, char verb)
    {
        string In(string format) => at.ToString(format, CultureInfo.InvariantCulture);
        return verb switch
        {
            'Y' => In("yyyy"),
            'y' => In("yy"),
            'm' => In("MM"),
            'd' => In("dd"),
            'H' => In("HH"),
            'I' => In("hh"),
            'M' => In("mm"),
            'S' => In("ss"),
            'p' => In("tt"),
            'A' => In("dddd"),
            'a' => In("ddd"),
            'B' => In("MMMM"),
            'b' or 'h' => In("MMM"),
            'X' or 'T' => In("HH:mm:ss"),
            'x' or 'D' => In("MM/dd/yy"),
            'F' => In("yyyy-MM-dd"),
            'R' => In("HH:mm"),
            'c' => In("ddd MMM ") + at.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + In(" HH:mm:ss yyyy"),
            'j' => at.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
            'w' => ((int)at.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'Z' => "UTC",
            'z' => "+0000",
            's' => new DateTimeOffset(at, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            '%' => "%",
            _ => throw new LuaException($"bad argument #1 to 'date' (invalid conversion specifier '%{verb}')"),
        };
    }
}
