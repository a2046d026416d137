using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Undoes commits in a repository's object store, without index and working tree: each by a three-way merge of trees, as
/// <c>git revert</c> does it (base: the commit; theirs: its first parent).
/// </summary>
internal sealed class RevertBuilder(GitRepository repository)
{
    /// <summary>For commits that only carry trees to a merge and that nothing ever refers to.</summary>
    private static readonly Dictionary<string, string> Nobody = new()
    {
        ["GIT_AUTHOR_NAME"] = "bowline", ["GIT_AUTHOR_EMAIL"] = "bowline@localhost", ["GIT_COMMITTER_NAME"] = "bowline", ["GIT_COMMITTER_EMAIL"] = "bowline@localhost",
    };

    private readonly GitProgram git = repository.Program;

    /// <summary>The commits after one, along first parents, that change a file that counts; newest first.</summary>
    public async Task<IReadOnlyList<RevertedCommit>> FindAsync(string since, string head, Func<string, bool> concerns, CancellationToken cancellationToken)
    {
        if (await repository.TryResolveAsync(since, cancellationToken).ConfigureAwait(false) is null
            || (await git.TryAsync(repository.GitFolder, ["merge-base", "--is-ancestor", since, head], cancellationToken).ConfigureAwait(false)).Code != 0)
        {
            throw new SourceException($"commit {Short(since)} is not in the history of the branch any more (was it force-pushed?), so there is no row of commits to revert; 'bowline rollback' without --git-revert delivers it all the same");
        }

        string log = await git.TextAsync(
            repository.GitFolder,
            ["log", "--first-parent", "--diff-merges=first-parent", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-show-signature", "--format=%x01%H %P%x02%s", $"{since}..{head}"],
            cancellationToken).ConfigureAwait(false);
        List<RevertedCommit> found = [];
        RevertedCommit? at = null;
        foreach (string token in log.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (token.StartsWith('\u0001'))
            {
                int end = token.IndexOf('\u0002', StringComparison.Ordinal);
                string[] ids = token[1..end].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                at = new RevertedCommit(ids[0], token[(end + 1)..], ids.Length > 2);
            }
            else if (at is not null && concerns(token.TrimStart('\n')))
            {
                found.Add(at);
                at = null;
            }
        }

        return found;
    }

    /// <returns>The tree that is left when these commits are taken out of a commit's.</returns>
    public async Task<string> UndoAsync(string head, IReadOnlyList<RevertedCommit> commits, CancellationToken cancellationToken)
    {
        string tree = await TreeOfAsync(head, cancellationToken).ConfigureAwait(false);
        string before = tree;
        foreach (RevertedCommit commit in commits)
        {
            string theirs = await repository.TryResolveAsync($"{commit.Id}^1", cancellationToken).ConfigureAwait(false) is { } parent
                ? await TreeOfAsync(parent, cancellationToken).ConfigureAwait(false)
                : throw new SourceException($"commit {Short(commit.Id)} ({commit.Subject}) is the first of its history, so there is nothing to go back to");
            tree = await MergeAsync(commit, tree, theirs, cancellationToken).ConfigureAwait(false);
        }

        return commits.Count > 0 && tree != before ? tree
            : throw new SourceException(commits.Count == 0 ? "no commit since then concerns the application, so there is nothing to revert" : "what the commits changed has been changed back already, so there is nothing to revert");
    }

    /// <summary>A commit of the tree upon a parent; signed when the repository's user signs his commits.</summary>
    /// <param name="author"><c>Name &lt;mail&gt;</c>; empty for the configured one.</param>
    public async Task<string> CommitAsync(string tree, string parent, string message, string author, CancellationToken cancellationToken)
    {
        bool signs = (await git.TryAsync(repository.GitFolder, ["config", "--type=bool", "commit.gpgSign"], cancellationToken).ConfigureAwait(false)) is (0, var answer, _) && Encoding.UTF8.GetString(answer).Trim() == "true";
        GitProgram writing = git.With([("user.useConfigOnly", "true")], IdentityOf(author));
        (int code, byte[] output, string complaint) = await writing.TryAsync(
            repository.GitFolder, ["commit-tree", .. signs ? (string[])["-S"] : [], "-p", parent, "-m", message, tree], cancellationToken).ConfigureAwait(false);
        return code == 0 ? Encoding.UTF8.GetString(output).Trim()
            : throw new SourceException(complaint.Contains("user.email", StringComparison.Ordinal) || complaint.Contains("user.name", StringComparison.Ordinal) || complaint.Contains("empty ident", StringComparison.Ordinal)
                ? "Git is configured with no user.name and user.email to commit as; set them, or say --author 'Name <mail>'"
                : $"git commit-tree: {GitProgram.Explain(complaint, code)}");
    }

    private static Dictionary<string, string> IdentityOf(string author)
    {
        if (author.Length == 0)
        {
            return [];
        }

        int mail = author.IndexOf('<', StringComparison.Ordinal);
        if (mail <= 0 || !author.EndsWith('>') || author.Any(char.IsControl) || author[..mail].Trim() is not { Length: > 0 } name)
        {
            throw new SourceException($"\"{author}\" is not an author; it is written Name <mail>");
        }

        string address = author[(mail + 1)..^1];
        return new() { ["GIT_AUTHOR_NAME"] = name, ["GIT_AUTHOR_EMAIL"] = address, ["GIT_COMMITTER_NAME"] = name, ["GIT_COMMITTER_EMAIL"] = address };
    }

    /// <summary>Git finds the base of a merge in history, so a history is made that has the one that is meant.</summary>
    private async Task<string> MergeAsync(RevertedCommit commit, string ours, string theirs, CancellationToken cancellationToken)
    {
        string middle = await CarryAsync(await TreeOfAsync(commit.Id, cancellationToken).ConfigureAwait(false), null, cancellationToken).ConfigureAwait(false);
        string left = await CarryAsync(ours, middle, cancellationToken).ConfigureAwait(false);
        string right = await CarryAsync(theirs, middle, cancellationToken).ConfigureAwait(false);
        (int code, byte[] output, string complaint) = await git.TryAsync(
            repository.GitFolder, ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", left, right], cancellationToken).ConfigureAwait(false);
        string[] answer = Encoding.UTF8.GetString(output).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return code switch
        {
            0 => answer[0].Trim(),
            1 => throw new SourceException($"commit {Short(commit.Id)} ({commit.Subject}) cannot be undone by itself, since later commits changed the same lines of {string.Join(", ", answer[1..].Distinct())}; revert it by hand, or 'bowline rollback' without --git-revert"),
            _ => throw new SourceException(complaint.Contains("usage:", StringComparison.Ordinal) ? "reverting takes git 2.38 or newer" : $"git merge-tree: {GitProgram.Explain(complaint, code)}"),
        };
    }

    private async Task<string> CarryAsync(string tree, string? parent, CancellationToken cancellationToken) =>
        (await git.With([], Nobody).TextAsync(repository.GitFolder, ["commit-tree", .. parent is null ? (string[])[] : ["-p", parent], "-m", "carries a tree to a merge", tree], cancellationToken).ConfigureAwait(false)).Trim();

    private async Task<string> TreeOfAsync(string commit, CancellationToken cancellationToken) =>
        (await git.TextAsync(repository.GitFolder, ["rev-parse", "--verify", "--end-of-options", $"{commit}^{{tree}}"], cancellationToken).ConfigureAwait(false)).Trim().Split('\n')[^1];

    private static string Short(string id) => id[..Math.Min(7, id.Length)];
}
