namespace Bowline.Languages.Lua;

/// <summary>How far a script may go. Argo CD gives its scripts a second; these numbers end sooner and do not depend on the machine.</summary>
public sealed record LuaLimits
{
    public long Instructions { get; init; } = 20_000_000;

    /// <summary>Beyond what the objects handed in take.</summary>
    public long MemoryBytes { get; init; } = 64L * 1024 * 1024;
}
