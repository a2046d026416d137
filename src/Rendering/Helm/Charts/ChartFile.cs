using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>One file of a chart.</summary>
/// <param name="Name">From the chart's own directory.</param>
/// <param name="Path">From the snapshot's root; inside an archive, the archive's path and the name in it.</param>
internal sealed record ChartFile(string Name, string Path, byte[] Data)
{
    private string? text;

    /// <summary>As templates see it: bytes that are no UTF-8 survive.</summary>
    public string Text => text ??= GoText.FromBytes(Data);
}
