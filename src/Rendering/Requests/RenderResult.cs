using Bowline.Resources.Model;

namespace Bowline.Rendering.Requests;

/// <summary>Snapshot and options in, resources with provenance out; pure, re-entrant and thread-safe.</summary>
public interface IRenderer
{
    /// <exception cref="RenderException">Anything in the input that cannot be rendered; with file and line where known.</exception>
    RenderResult Render(RenderRequest request, CancellationToken cancellationToken);
}

/// <param name="Resources">In the order in which the reference tool prints them.</param>
/// <param name="FilesRead">Paths (from the snapshot's root) that the result depends on.</param>
public sealed record RenderResult(IReadOnlyList<Resource> Resources, IReadOnlySet<string> FilesRead)
{
    /// <summary>Byte for byte what the reference tool prints; produced on demand, since a sync only needs <see cref="Resources"/>.</summary>
    public required Func<string> Text { get; init; }

    /// <summary>A part of the text that is no object and so is missing from <see cref="Resources"/>: Helm prints a file of crds/ whatever it holds. Whoever delivers must refuse it.</summary>
    public RenderException? Unreadable { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Which of <see cref="Resources"/> are Helm hooks, in the same order.</summary>
    public IReadOnlyList<HelmHook> Hooks { get; init; } = [];

    /// <summary>Helm's NOTES.txt, rendered; null when the chart has none.</summary>
    public string? Notes { get; init; }
}

/// <param name="Events">Such as <c>pre-install</c>; <c>test-success</c> reads <c>test</c>.</param>
/// <param name="DeletePolicies">As annotated; empty means before-hook-creation.</param>
public sealed record HelmHook(Resource Resource, IReadOnlyList<string> Events, int Weight, IReadOnlyList<string> DeletePolicies);

/// <summary>What went wrong where: <see cref="Exception.Message"/> reads <c>file:line:column: reason</c>, as far as known.</summary>
public sealed class RenderException : Exception
{
    public RenderException(string reason, string file = "", int line = 0, int column = 0, Exception? inner = null)
        : base(Describe(reason, file, line, column), inner)
    {
        Reason = reason;
        File = file;
        Line = line;
        Column = column;
    }

    public string Reason { get; }

    /// <summary>Whether a chart would be in order once its dependencies were fetched (<c>helm dependency build</c>).</summary>
    public bool LacksDependencies { get; init; }

    /// <summary>From the snapshot's root; empty when no single file is to blame.</summary>
    public string File { get; }

    public int Line { get; }

    public int Column { get; }

    /// <summary>The text of that line of a template, or the line of its output that is no YAML.</summary>
    public string? SourceLine { get; init; }

    /// <summary>The including templates, innermost first.</summary>
    public IReadOnlyList<string> TemplateStack { get; init; } = [];

    private static string Describe(string reason, string file, int line, int column) => (file.Length, line, column) switch
    {
        (0, _, _) => reason,
        (_, 0, _) => $"{file}: {reason}",
        (_, _, 0) => $"{file}:{line}: {reason}",
        _ => $"{file}:{line}:{column}: {reason}",
    };
}
