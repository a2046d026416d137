using Bowline.Applications.Reconciling;

namespace Bowline.Applications.Sourcing;

/// <summary>What may have changed since a workspace was loaded; only applications that read of it are rendered again.</summary>
public sealed record WorkspaceChange
{
    /// <summary>Anything may have changed.</summary>
    public static readonly WorkspaceChange Everything = new();

    /// <summary>Files of the repository being delivered, relative to its root; null when any of them may have changed.</summary>
    public IReadOnlyCollection<string>? HomeFiles { get; init; }

    /// <summary>Applications that are rendered again whatever else changed.</summary>
    public IReadOnlyCollection<string> Applications { get; init; } = [];

    /// <summary>Other repositories whose branch, tag or version now means something else.</summary>
    public IReadOnlyList<SourceChange> Sources { get; init; } = [];
}

/// <param name="Revision">As applications ask for it: a branch, a tag, a range.</param>
/// <param name="Files">Relative to the repository's root; null when any of them may have changed.</param>
public sealed record SourceChange(string Url, string Revision, string Chart, IReadOnlyCollection<string>? Files)
{
    internal bool Concerns(RenderedSource source) =>
        source.Url == Url && source.Revision == Revision && source.Chart == Chart && (Files is null || Files.Any(source.DependsOn));
}
