using Bowline.Applications.Reconciling;
using Bowline.Sources.Files;

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
    /// <summary>The commit or version that it means now; empty when nobody knows.</summary>
    public string Resolved { get; init; } = string.Empty;

    internal bool IsOf(RenderedSource source) => !source.IsHome && source.Url == Url && source.Revision == Revision && source.Chart == Chart;

    /// <summary>What this change did not touch is the same at the commit that it led to.</summary>
    internal RenderedApplication Move(RenderedApplication application)
    {
        if (Resolved.Length == 0 || Chart.Length > 0 || application.Sources.FirstOrDefault(IsOf) is not { } old)
        {
            return application;
        }

        bool leads = application.Revision == new SourceRevision(old.Resolved, WorkingTree: false).Short;
        return application with
        {
            Revision = leads ? new SourceRevision(Resolved, WorkingTree: false).Short : application.Revision,
            Sources = [.. application.Sources.Select(source => IsOf(source) ? source with { Resolved = Resolved } : source)],
        };
    }

    internal bool Concerns(RenderedSource source) => IsOf(source) && source.IsTouchedBy(Files);
}
