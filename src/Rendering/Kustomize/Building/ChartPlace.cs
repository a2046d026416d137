using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Where a chart's files are.</summary>
/// <param name="Directory">The chart's, from the root of the files.</param>
/// <param name="FromKustomization">The same from the kustomization, for a chart of the source.</param>
internal sealed record ChartPlace(FileTree Files, string Directory, string FromKustomization)
{
    /// <summary>How origins call the chart's root; empty for a chart of the source.</summary>
    public string FetchedFrom { get; init; } = string.Empty;

    public bool IsFetched => FetchedFrom.Length > 0;

    public string Shown(string file) => IsFetched && file.Length > 0 ? $"{FetchedFrom}/{file}" : file;
}
