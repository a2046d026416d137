using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>
/// A chart in one render: Helm renames, drops and copies charts and rewrites their defaults while it processes
/// dependencies, and what templates see depends on exactly how it shares them.
/// </summary>
internal sealed class ChartInstance
{
    private ChartInstance(Chart source, ChartMetadata metadata)
    {
        Source = source;
        Metadata = metadata;
    }

    public Chart Source { get; }

    public ChartMetadata Metadata { get; }

    public string Name => Metadata.Name;

    public ChartInstance? Parent { get; private set; }

    public bool IsRoot => Parent is null;

    public IReadOnlyList<ChartInstance> Dependencies { get; private set; } = [];

    /// <summary>Defaults, with what was imported from dependencies. Read only: whoever merges clones first.</summary>
    public MapNode? Values { get; set; }

    /// <summary><c>parent/charts/child</c> by the names of charts, whatever their directories are called.</summary>
    public string FullPath => Parent is null ? Name : $"{Parent.FullPath}/charts/{Name}";

    public static ChartInstance Of(Chart chart)
    {
        ChartInstance instance = new(chart, chart.Metadata.Copy(shareDependencies: false)) { Values = chart.Values };
        instance.SetDependencies([.. chart.Dependencies.Select(Of)]);
        return instance;
    }

    public void SetDependencies(IReadOnlyList<ChartInstance> dependencies)
    {
        foreach (ChartInstance dependency in dependencies)
        {
            dependency.Parent = this;
        }

        Dependencies = dependencies;
    }

    /// <summary>Go's <c>out := *c</c>: a chart of its own whose dependencies and requirement entries are still the original's.</summary>
    public ChartInstance ShallowCopy() => new(Source, Metadata.Copy(shareDependencies: true))
    {
        Parent = Parent,
        Dependencies = Dependencies,
        Values = Values,
    };

    /// <summary>CRDs of this chart and its dependencies: the path that is printed and the file.</summary>
    public IEnumerable<(string Path, ChartFile File)> Crds() => Source.Files
        .Where(file => file.Name.StartsWith("crds/", StringComparison.Ordinal) && GoPath.Extension(file.Name) is ".yaml" or ".yml" or ".json")
        .Select(file => ($"{FullPath}/{file.Name}", file))
        .Concat(Dependencies.SelectMany(dependency => dependency.Crds()));
}
