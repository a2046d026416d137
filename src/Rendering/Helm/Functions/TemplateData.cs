using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Values;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>One template that will be parsed, and maybe executed.</summary>
/// <param name="Name">As it is printed: chart, charts/, templates/ and the file.</param>
/// <param name="Data">The dot of its chart; all templates of a chart share it.</param>
internal sealed record ChartTemplate(string Name, string BasePath, ChartFile File, MapNode Data)
{
    public bool IsPartial => GoPath.Base(Name).StartsWith('_');
}

/// <summary>Builds the dot of every chart (<c>.Values</c>, <c>.Chart</c>, <c>.Files</c> and so on) and lists their templates.</summary>
internal sealed class TemplateData(Node release, Node capabilities)
{
    public static readonly GoType ValuesType = GoType.Named("chartutil.Values", GoType.Map);

    private readonly Dictionary<string, ChartTemplate> templates = new(StringComparer.Ordinal);

    /// <summary>The templates deepest directories first, which is the order in which Helm parses and executes them.</summary>
    public static IReadOnlyList<ChartTemplate> Templates(ChartInstance root, MapNode values, Node release, Node capabilities)
    {
        TemplateData data = new(release, capabilities);
        data.Collect(root, values);
        (int Depth, ChartTemplate Template)[] all = [.. data.templates.Values.Select(template => (template.Name.AsSpan().Count('/'), template))];
        Array.Sort(all, static (left, right) => left.Depth != right.Depth ? right.Depth - left.Depth : KeyOrder.Compare(right.Template.Name, left.Template.Name));
        return [.. all.Select(one => one.Template)];
    }

    private MapNode Collect(ChartInstance chart, MapNode values)
    {
        MapNode subcharts = new();
        MapNode dot = new(8)
        {
            ["Chart"] = new ChartObject(chart.Metadata, chart.IsRoot),
            ["Files"] = FilesObject.Of(chart.Source.Files),
            ["Release"] = release,
            ["Capabilities"] = capabilities,
            ["Values"] = ValuesObject.Of(values),
            ["Subcharts"] = subcharts,
        };
        foreach (ChartInstance dependency in chart.Dependencies)
        {
            subcharts[dependency.Name] = Collect(dependency, ValuePath.Table(values, dependency.Name, out _) ?? new MapNode());
        }

        string path = chart.FullPath;
        foreach (ChartFile file in chart.Source.Templates)
        {
            if (!chart.Source.IsLibrary || GoPath.Base(file.Name).StartsWith('_'))
            {
                string name = $"{path}/{file.Name}";
                templates[name] = new ChartTemplate(name, $"{path}/templates", file, dot);
            }
        }

        return dot;
    }
}
