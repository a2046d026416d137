using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>A chart as its files say, before values decide on its dependencies. Frozen, so that renders share it.</summary>
internal sealed class Chart
{
    public required ChartMetadata Metadata { get; init; }

    /// <summary>values.yaml, frozen; null where there is none.</summary>
    public MapNode? Values { get; init; }

    public ChartFile? Schema { get; init; }

    public required IReadOnlyList<ChartFile> Templates { get; init; }

    /// <summary>Everything else, in the order of the directory: what <c>.Files</c> sees, and the CRDs.</summary>
    public required IReadOnlyList<ChartFile> Files { get; init; }

    public required IReadOnlyList<Chart> Dependencies { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public bool IsLibrary => string.Equals(Metadata.Type, "library", StringComparison.Ordinal);
}
