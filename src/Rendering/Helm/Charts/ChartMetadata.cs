using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

internal sealed record ChartMaintainer(string Name, string Email, string Url);

/// <summary>Chart.yaml with what requirements.yaml adds. Mutable where Helm changes it while it processes dependencies.</summary>
internal sealed class ChartMetadata
{
    public string Name { get; set; } = string.Empty;

    public string Home { get; set; } = string.Empty;

    public IReadOnlyList<string>? Sources { get; set; }

    public string Version { get; set; } = string.Empty;

    public string Description { get; set; } = string.Empty;

    public IReadOnlyList<string>? Keywords { get; set; }

    public IReadOnlyList<ChartMaintainer?>? Maintainers { get; set; }

    public string Icon { get; set; } = string.Empty;

    public string ApiVersion { get; set; } = string.Empty;

    public string Condition { get; set; } = string.Empty;

    public string Tags { get; set; } = string.Empty;

    public string AppVersion { get; set; } = string.Empty;

    public bool Deprecated { get; set; }

    public MapNode? Annotations { get; set; }

    public string KubeVersion { get; set; } = string.Empty;

    /// <summary>Null where Go has a nil slice, which Helm treats as "does not manage its dependencies".</summary>
    public IReadOnlyList<ChartDependency?>? Dependencies { get; set; }

    public string Type { get; set; } = string.Empty;

    /// <summary>A copy whose entries may be changed. Several aliases of one chart share theirs, as in Helm.</summary>
    public ChartMetadata Copy(bool shareDependencies)
    {
        ChartMetadata copy = (ChartMetadata)MemberwiseClone();
        if (!shareDependencies)
        {
            copy.Dependencies = Dependencies?.Select(dependency => dependency?.Copy()).ToList();
        }

        return copy;
    }
}
