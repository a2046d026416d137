namespace Bowline.Resources.Patching;

/// <summary>A patch that cannot be applied: malformed, a failed test, a path that leads nowhere, or grown beyond its bounds.</summary>
public sealed class PatchException(string message, string? path = null) : Exception(message)
{
    /// <summary>The JSON pointer or field path concerned.</summary>
    public string? Path { get; } = path;

    /// <summary>Whether the patch is sound and one of its <c>test</c> operations found another value.</summary>
    public bool IsFailedTest { get; init; }
}
