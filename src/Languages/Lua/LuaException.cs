namespace Bowline.Languages.Lua;

/// <summary>A script that does not parse, fails, or goes beyond its limits.</summary>
public sealed class LuaException(string message) : Exception(message);
