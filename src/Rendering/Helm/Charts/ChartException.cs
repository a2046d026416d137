namespace Bowline.Rendering.Helm.Charts;

/// <summary>A failure in Helm's own words; the renderer adds the file and makes a <c>RenderException</c> of it.</summary>
internal sealed class ChartException(string message, string file = "", int line = 0, int column = 0, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>From the snapshot's root; empty when unknown.</summary>
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>The text of the line to blame, where the file itself does not have it: a line of rendered output.</summary>
    public string? SourceLine { get; init; }

    /// <summary>Whether the chart would be in order once its dependencies were fetched.</summary>
    public bool LacksDependencies { get; init; }

    /// <summary>Helm wraps errors outside-in: the outer words come first.</summary>
    public ChartException Within(string words) => new($"{words}: {Message}", File, Line, Column, InnerException) { SourceLine = SourceLine };
}
