namespace Bowline.Sources.Files;

/// <summary>A reference to fetch: repository URL (or local path) and revision (branch, tag, commit; empty for the default, or the working tree of a local path).</summary>
public sealed record SourceRef(string Url, string Revision)
{
    /// <summary>Null for a repository that is open, or that the user's own Git configuration opens.</summary>
    public RepositoryAccess? Access { get; init; }

    /// <summary>Only what one of these signed is handed out; null when no signature is asked for.</summary>
    public TrustedKeys? TrustedKeys { get; init; }
}

/// <summary>What a reference meant when it was fetched.</summary>
/// <param name="Commit">The full commit id; empty for a folder without Git.</param>
/// <param name="WorkingTree">Whether uncommitted files are included.</param>
public sealed record SourceRevision(string Commit, bool WorkingTree)
{
    /// <summary>Of a chart from a repository of charts; empty for everything from Git.</summary>
    public string Version { get; init; } = string.Empty;

    /// <summary>Seven characters of the commit, with <c>-dirty</c> for a changed working tree, <c>worktree</c> for a plain folder, or a chart's version.</summary>
    public string Short => Version.Length > 0 ? Version : Commit.Length == 0 ? "worktree" : Commit[..Math.Min(7, Commit.Length)] + (WorkingTree ? "-dirty" : string.Empty);
}

public sealed record SourceSnapshot(FileTree Files, SourceRevision Revision);

/// <summary>A reference in, a read-only snapshot of files out.</summary>
public interface ISourceFetcher
{
    Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken);

    /// <summary>The commit that a revision of a remote repository means at this moment, asking the server without fetching.</summary>
    Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken);

    /// <summary>Paths that differ between two commits of a remote repository; null when one of them is not at hand.</summary>
    Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken);
}
