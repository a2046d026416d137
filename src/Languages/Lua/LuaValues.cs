using System.Text;
using Bowline.Resources.Model;
using KeraLua;

namespace Bowline.Languages.Lua;

/// <summary>Between trees and Lua's tables.</summary>
internal static class LuaValues
{
    private const int MostDepth = 200;
    private const int MostNodes = 2_000_000;

    public static void Push(KeraLua.Lua lua, Node value, int depth)
    {
        if (depth > MostDepth || !lua.CheckStack(4))
        {
            throw new LuaException("the object nests too deeply");
        }

        switch (value)
        {
            case StringNode text:
                lua.PushBuffer(Encoding.UTF8.GetBytes(text.Value));
                break;
            case IntegerNode number:
                lua.PushInteger(number.Value);
                break;
            case FloatNode number:
                lua.PushNumber(number.Value);
                break;
            case BoolNode flag:
                lua.PushBoolean(flag.Value);
                break;
            case MapNode map:
                PushMap(lua, map, depth);
                break;
            case ListNode list:
                lua.CreateTable(list.Count, 0);
                for (int i = 0; i < list.Count; i++)
                {
                    Push(lua, list[i], depth + 1);
                    lua.RawSetInteger(-2, i + 1);
                }

                break;
            default:
                lua.PushNil();
                break;
        }
    }

    /// <exception cref="LuaException">A function, or a table that holds itself.</exception>
    public static Node Read(KeraLua.Lua lua, int index)
    {
        int nodes = 0;
        return Read(lua, lua.AbsIndex(index), 0, ref nodes);
    }

    public static string Text(KeraLua.Lua lua, int index) => lua.Type(index) switch
    {
        LuaType.String or LuaType.Number => Encoding.UTF8.GetString(lua.ToBuffer(index, false) ?? []),
        var type => $"(error object is a {type.ToString().ToLowerInvariant()} value)",
    };

    private static void PushMap(KeraLua.Lua lua, MapNode map, int depth)
    {
        lua.CreateTable(0, map.Count);
        foreach ((string key, Node member) in map)
        {
            lua.PushBuffer(Encoding.UTF8.GetBytes(key));
            Push(lua, member, depth + 1);
            lua.RawSet(-3);
        }
    }

    private static Node Read(KeraLua.Lua lua, int index, int depth, ref int nodes)
    {
        if (depth > MostDepth || ++nodes > MostNodes || !lua.CheckStack(4))
        {
            throw new LuaException("the script returns too large a value");
        }

        return lua.Type(index) switch
        {
            LuaType.Nil or LuaType.None => Node.Null,
            LuaType.Boolean => BoolNode.Of(lua.ToBoolean(index)),
            LuaType.String => StringNode.Of(Text(lua, index)),
            LuaType.Number => Number(lua, index),
            LuaType.Table => Table(lua, index, depth, ref nodes),
            var type => throw new LuaException($"the script returns a {type.ToString().ToLowerInvariant()}"),
        };
    }

    private static Node Number(KeraLua.Lua lua, int index)
    {
        if (lua.IsInteger(index))
        {
            return IntegerNode.Of(lua.ToInteger(index));
        }

        // In the reference all numbers are floating, and whole ones are printed without a point.
        double number = lua.ToNumber(index);
        return number == Math.Truncate(number) && Math.Abs(number) < 1e15 ? IntegerNode.Of((long)number) : new FloatNode(number);
    }

    private static Node Table(KeraLua.Lua lua, int index, int depth, ref int nodes)
    {
        SortedDictionary<long, Node> items = [];
        MapNode map = [];
        lua.PushNil();
        while (lua.Next(index))
        {
            Node value = Read(lua, lua.AbsIndex(-1), depth + 1, ref nodes);
            if (lua.Type(-2) == LuaType.Number)
            {
                items[(long)lua.ToNumber(-2)] = value;
            }
            else if (lua.Type(-2) == LuaType.String)
            {
                map[Text(lua, -2)] = value;
            }

            lua.Pop(1);
        }

        bool isList = items.Count > 0 && map.Count == 0 && items.Keys.First() == 1 && items.Keys.Last() == items.Count;
        if (isList)
        {
            return new ListNode(items.Values);
        }

        foreach ((long key, Node value) in items)
        {
            map[key.ToString(System.Globalization.CultureInfo.InvariantCulture)] = value;
        }

        // Lua's order changes from run to run.
        MapNode sorted = new(map.Count);
        foreach ((string key, Node value) in map.Sorted())
        {
            sorted[key] = value;
        }

        return sorted;
    }
}
