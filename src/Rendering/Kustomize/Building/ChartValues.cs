using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Values;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>
/// The values that a kustomization gives a chart: its values file (the chart's own, when none is named) and inline values,
/// merged as Kustomize merges; then the additional files, as Helm takes them.
/// </summary>
internal sealed class ChartValues
{
    private const string Merge = "merge";
    private const string Override = "override";
    private const string Replace = "replace";
    private const string OwnValues = "values.yaml";
    private readonly HelmChartSpec chart;
    private readonly DirectoryLoader loader;
    private readonly KindTable kinds;

    /// <exception cref="RenderException">An unknown way to merge.</exception>
    public ChartValues(HelmChartSpec chart, DirectoryLoader loader, KindTable kinds)
    {
        this.chart = chart;
        this.loader = loader;
        this.kinds = kinds;
        if (chart.ValuesMerge is not ("" or Merge or Override or Replace))
        {
            throw new RenderException($"valuesMerge must be one of [{Merge} {Override} {Replace}]");
        }
    }

    /// <exception cref="RenderException">A file that cannot be read, or values that cannot be merged.</exception>
    public MapNode Read(ChartPlace place)
    {
        MapNode values = chart.ValuesInline is { Count: > 0 } inline ? Merged((MapNode)inline.DeepClone(), place) : OfChart(place);
        foreach (string file in chart.AdditionalValuesFiles)
        {
            byte[] content = loader.Read(file, out string name);
            values = ValueMerging.Overlay(values, Map(content, name));
        }

        return values;
    }

    private MapNode OfChart(ChartPlace place) => FileOf(place) is var (content, name) ? Map(content, name) : [];

    private MapNode Merged(MapNode inline, ChartPlace place)
    {
        if (chart.ValuesMerge != Replace && FileOf(place) is var (content, name))
        {
            MapNode file = Manifest(content, name);
            StrategicMerge merge = new(kinds);
            inline = (chart.ValuesMerge == Merge ? merge.Apply(inline, file) : merge.Apply(file, inline)) ?? [];
        }

        // Helm reads numbers its own way.
        return GoYaml.ReadMap(JsonWriter.ToBytes(ScalarText.Plain(inline))) ?? [];
    }

    /// <summary>Null when the kustomization names no file and the chart has none of its own.</summary>
    private (byte[] Content, string Name)? FileOf(ChartPlace place)
    {
        string path = chart.ValuesFile;
        if (path.Length == 0)
        {
            if (place.IsFetched)
            {
                return place.Files.FileExists(OwnValues) ? (place.Files.Read(OwnValues), place.Shown(OwnValues)) : null;
            }

            path = $"{place.FromKustomization}/{OwnValues}";
            if (!loader.IsFile(path))
            {
                return null;
            }
        }

        byte[] content = loader.Read(path, out string name);
        return (content, name);
    }

    private static MapNode Map(byte[] content, string file)
    {
        try
        {
            return GoYaml.ReadMap(content) ?? [];
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, file, error.Line, error.Column, error);
        }
    }

    private MapNode Manifest(byte[] content, string file)
    {
        IReadOnlyList<YamlDocument> documents = loader.Build.Parsed.Parse(content, file, isPatch: false);
        return documents.Count == 0 || ScalarText.IsNull(documents[0].Root)
            ? []
            : documents[0].Root.DeepClone() as MapNode ?? throw new RenderException("values must be a map", file);
    }
}
