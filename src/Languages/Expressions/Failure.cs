namespace Bowline.Languages.Expressions;

/// <summary>What went wrong in a step; <see cref="Expression"/> adds where, so that it never leaves the room.</summary>
internal sealed class Failure(string reason, int at = -1, Exception? inner = null) : Exception(reason, inner)
{
    /// <summary>Where in the text; -1 until the step that it happened in says so.</summary>
    public int At { get; } = at;
}
