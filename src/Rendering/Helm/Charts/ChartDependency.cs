using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>One entry of <c>dependencies</c>. Mutable, because Helm renames an aliased entry and flags it while it processes a chart.</summary>
internal sealed class ChartDependency
{
    public required string Name { get; set; }

    public required string Version { get; init; }

    public required string Repository { get; init; }

    public required string Condition { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string Alias { get; init; }

    /// <summary>Strings, or maps of child and parent.</summary>
    public required IReadOnlyList<Node> ImportValues { get; init; }

    public bool Enabled { get; set; }

    public ChartDependency Copy() => (ChartDependency)MemberwiseClone();
}
