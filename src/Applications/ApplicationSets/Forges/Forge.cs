using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <param name="Id">The server's own name for the repository.</param>
/// <param name="Branch">The default branch, or the one that the element stands for.</param>
/// <param name="Sha">The branch's commit; empty until it is known.</param>
internal sealed record ForgeRepository(string Organization, string Name, string Id, string Url, string Branch, string Sha, IReadOnlyList<string> Labels);

internal sealed record PullRequest(string Number, string Title, string Branch, string TargetBranch, string HeadSha, string Author, IReadOnlyList<string> Labels);

/// <summary>A Git server with an API, as far as generators ask it.</summary>
internal interface IForge
{
    /// <summary>The repositories that the generator names, without commits.</summary>
    /// <param name="ssh">Whether they are cloned by ssh.</param>
    IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, CancellationToken cancellationToken);

    /// <summary>One element for each branch, or for the default one; none where a repository is empty.</summary>
    IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, CancellationToken cancellationToken);

    /// <summary>Whether there is a file or a folder at a path of the repository's branch.</summary>
    Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken);

    /// <summary>Open pull requests of the repository that the generator names, unless it asks for others.</summary>
    IAsyncEnumerable<PullRequest> PullRequestsAsync(CancellationToken cancellationToken);
}

/// <summary>What the servers' answers are read with.</summary>
internal static class ForgeNodes
{
    public static string Text(this Node? node, params ReadOnlySpan<string> path) => node?.At(path) is { } found and not (NullNode or MapNode or ListNode) ? found.ToString() ?? string.Empty : string.Empty;

    public static IReadOnlyList<string> Texts(this Node? node, string list, string member = "") =>
        node?[list] is ListNode items ? [.. items.Select(item => member.Length == 0 ? Text(item) : Text(item, member))] : [];

    public static string Escaped(this string text) => Uri.EscapeDataString(text);

    /// <summary>A path with each of its parts escaped.</summary>
    public static string EscapedPath(this string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>What clones a repository, of a list of <c>{name, href}</c>.</summary>
    public static string CloneUrl(Node repository, bool ssh) =>
        (repository.At("links", "clone") as ListNode ?? []).Where(link => ssh ? link.Text("name") == "ssh" : link.Text("name") is "http" or "https").Select(link => link.Text("href")).FirstOrDefault() ?? string.Empty;
}
