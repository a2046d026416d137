using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Languages.Lua;

/// <summary>
/// A Lua script, run in a sandbox of its own each time: objects in as tables, one value out. There is no io, debug, package or load;
/// os has time and date in UTC only; instructions and memory are limited, pattern matching too.
/// </summary>
public sealed class LuaScript(string source, TimeProvider time)
{
    private readonly byte[] code = Encoding.UTF8.GetBytes(source);

    public LuaLimits Limits { get; init; } = new();

    /// <returns>What the script returns: tables as maps, or as lists when their keys are 1 to n; an empty table is a map.</returns>
    /// <exception cref="LuaException">It fails, or goes beyond a limit.</exception>
    public Node Run(IReadOnlyDictionary<string, Node> globals)
    {
        using LuaSandbox sandbox = new(Limits, time);
        return sandbox.Run(code, globals);
    }
}
