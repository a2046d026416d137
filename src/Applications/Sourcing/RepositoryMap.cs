using Bowline.Applications.Model;
using Bowline.Sources.Git;

namespace Bowline.Applications.Sourcing;

/// <summary>A repository URL that stands for a folder on this machine.</summary>
public sealed record RepositoryMapping(string Url, string Folder);

/// <summary>
/// Knows which repository URLs mean the repository that is being delivered: its own remotes, what <c>--repo-map</c> says, and, for a
/// folder that has no remote, the URL that evidently is meant.
/// </summary>
public sealed class RepositoryMap
{
    private readonly IReadOnlyList<string> remotes;
    private readonly IReadOnlyList<RepositoryMapping> mappings;
    private readonly string? guessed;

    private RepositoryMap(IReadOnlyList<string> remotes, IReadOnlyList<RepositoryMapping> mappings, string? guessed)
    {
        this.remotes = remotes;
        this.mappings = mappings;
        this.guessed = guessed;
    }

    /// <summary>The URL that was taken for this repository without proof; null when there was no need to guess.</summary>
    public string? Guessed => guessed;

    /// <param name="named">What applications, and generators of applications, name.</param>
    public static RepositoryMap For(HomeRepository home, IReadOnlyList<RepositoryMapping> mappings, IEnumerable<ApplicationSource> named)
    {
        string folderName = Path.GetFileName(home.Folder);
        string? guessed = home.Remotes.Count > 0 || home.IsNone ? null : named
            .Where(source => source.Chart.Length == 0 && source.RepoUrl != home.Folder)
            .GroupBy(source => source.RepoUrl, StringComparer.Ordinal)
            .Select(sources => (sources.Key, Count: sources.Count(), Here: sources.Count(source => home.Snapshot.Files.DirectoryExists(source.Path))))
            .Where(sources => sources.Here > 0 && (IsNamedAs(sources.Key, folderName) || sources.Here * 2 > sources.Count))
            .OrderByDescending(sources => IsNamedAs(sources.Key, folderName)).ThenByDescending(sources => sources.Count)
            .FirstOrDefault().Key;
        return new RepositoryMap(home.Remotes, mappings, guessed);
    }

    public bool IsHome(string url) =>
        remotes.Any(remote => RepositoryUrl.Same(remote, url)) || (guessed is not null && RepositoryUrl.Same(guessed, url));

    /// <summary>The folder that the user mapped this URL to; null when he did not.</summary>
    public string? FolderOf(string url) => mappings.FirstOrDefault(mapping => RepositoryUrl.Same(mapping.Url, url))?.Folder;

    private static bool IsNamedAs(string url, string folderName)
    {
        string last = url.TrimEnd('/').Split('/', ':')[^1];
        string name = last.EndsWith(".git", StringComparison.OrdinalIgnoreCase) ? last[..^4] : last;
        return string.Equals(name, folderName, StringComparison.OrdinalIgnoreCase);
    }
}
