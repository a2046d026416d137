using System.Text;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>One file of a chart.</summary>
/// <param name="Name">From the chart's own directory.</param>
/// <param name="Path">From the snapshot's root; inside an archive, the archive's path and the name in it.</param>
internal sealed record ChartFile(string Name, string Path, byte[] Data)
{
    private string? text;

    public string Text => text ??= Encoding.UTF8.GetString(Data);
}
