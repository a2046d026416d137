using System.Collections.Concurrent;
using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <param name="Commit">Full id of HEAD; empty in a repository without commits.</param>
/// <param name="Branch">Short name; empty when HEAD is detached.</param>
/// <param name="Dirty">Whether tracked files differ from HEAD or untracked ones lie about.</param>
public sealed record GitState(string Commit, string Branch, bool Dirty);

/// <param name="Name">Such as <c>origin</c>.</param>
/// <param name="Url">As configured; may hold credentials, see <see cref="RepositoryUrl.Redact"/>.</param>
public sealed record GitRemote(string Name, string Url);

/// <summary>A repository on this machine, with or without working tree; only read, except by <see cref="GitWriter"/>.</summary>
public sealed class GitRepository
{
    private const int KeptTrees = 8;

    private readonly ConcurrentDictionary<string, GitTree> trees = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Id, string Keys), bool> verified = new();
    private readonly GitProgram git;
    private readonly BlobReader blobs;

    internal GitRepository(string root, string gitFolder, string commonFolder, bool isBare, GitProgram git, TimeProvider time)
    {
        Root = root;
        GitFolder = gitFolder;
        CommonFolder = commonFolder;
        IsBare = isBare;
        this.git = git;
        blobs = new BlobReader(gitFolder, git, time);
    }

    /// <summary>The working tree's top folder; of a bare repository the repository itself.</summary>
    public string Root { get; }

    /// <summary>Where HEAD lives.</summary>
    public string GitFolder { get; }

    /// <summary>Where branches and objects live; differs from <see cref="GitFolder"/> in a linked worktree.</summary>
    public string CommonFolder { get; }

    public bool IsBare { get; }

    internal GitProgram Program => git;

    /// <summary>Brings files of a commit that are not here, of those with these ids; null where all is here.</summary>
    internal Action<string, IReadOnlyList<string>>? Supply { get; init; }

    /// <summary>The repository that a folder is in; null for a folder outside of any. Costs nothing for those.</summary>
    /// <exception cref="SourceException">Git refuses the repository (someone else's) or is not installed.</exception>
    public static async Task<GitRepository?> FindAsync(string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(folder);
        if (!Directory.Exists(full) || !MayBeRepository(full))
        {
            return null;
        }

        GitProgram git = new(time);
        (int code, byte[] output, string complaint) = await git.TryAsync(
            full, ["rev-parse", "--path-format=absolute", "--is-bare-repository", "--git-dir", "--git-common-dir", "--show-toplevel"], cancellationToken).ConfigureAwait(false);
        string[] lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // Where there is no working tree only the last question fails.
        bool bare = lines is ["true", _, _];
        if (!bare && (code != 0 || lines.Length != 4))
        {
            return complaint.Contains("not a git repository", StringComparison.Ordinal)
                ? null
                : throw new SourceException($"{folder}: {GitProgram.Explain(complaint, code)}", folder);
        }

        return new GitRepository(bare ? lines[1] : lines[3], lines[1], lines[2], bare, git, time);
    }

    public async Task<GitState> StateAsync(CancellationToken cancellationToken)
    {
        if (IsBare)
        {
            string branch = (await git.TryAsync(Root, ["symbolic-ref", "--short", "-q", "HEAD"], cancellationToken).ConfigureAwait(false)) is (0, var name, _) ? Encoding.UTF8.GetString(name).Trim() : string.Empty;
            return new GitState(await TryResolveAsync("HEAD", cancellationToken).ConfigureAwait(false) ?? string.Empty, branch, false);
        }

        string status = await git.TextAsync(
            Root, ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=all"], cancellationToken).ConfigureAwait(false);
        string commit = string.Empty;
        string head = string.Empty;
        bool dirty = false;
        foreach (string line in status.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# branch.oid ", StringComparison.Ordinal))
            {
                commit = line[13..] == "(initial)" ? string.Empty : line[13..];
            }
            else if (line.StartsWith("# branch.head ", StringComparison.Ordinal))
            {
                head = line[14..] == "(detached)" ? string.Empty : line[14..];
            }
            else
            {
                dirty |= !line.StartsWith('#');
            }
        }

        return new GitState(commit, head, dirty);
    }

    public async Task<IReadOnlyList<GitRemote>> RemotesAsync(CancellationToken cancellationToken)
    {
        (_, byte[] output, _) = await git.TryAsync(Root, ["config", "--local", "-z", "--get-regexp", @"^remote\..*\.url$"], cancellationToken).ConfigureAwait(false);
        return [.. Encoding.UTF8.GetString(output).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\n', 2))
            .Where(parts => parts.Length == 2)
            .Select(parts => new GitRemote(parts[0]["remote.".Length..^".url".Length], parts[1]))];
    }

    /// <summary>The commit that a branch, tag, commit or its beginning means here; also a branch that only the remote <c>origin</c> has.</summary>
    public async Task<string> ResolveAsync(string revision, CancellationToken cancellationToken) =>
        await TryResolveAsync(revision, cancellationToken).ConfigureAwait(false)
        ?? await TryResolveAsync($"refs/remotes/origin/{revision}", cancellationToken).ConfigureAwait(false)
        ?? throw new SourceException($"{Root}: no branch, tag or commit is called {revision}", Root);

    /// <summary>The commit of a revision that names one for good, a tag or a commit id; null for branches and for what is unknown.</summary>
    public async Task<string?> PinnedAsync(string revision, CancellationToken cancellationToken)
    {
        foreach (string branch in (string[])[$"refs/heads/{revision}", $"refs/remotes/origin/{revision}"])
        {
            if (await TryResolveAsync(branch, cancellationToken).ConfigureAwait(false) is not null)
            {
                return null;
            }
        }

        return await TryResolveAsync($"refs/tags/{revision}", cancellationToken).ConfigureAwait(false)
            ?? (revision.Length >= 7 && revision.All(char.IsAsciiHexDigit) ? await TryResolveAsync(revision, cancellationToken).ConfigureAwait(false) : null);
    }

    /// <summary>The files of a commit, given by its full id.</summary>
    public async Task<GitTree> TreeAsync(string commit, CancellationToken cancellationToken)
    {
        CheckRevision(commit);
        if (trees.TryGetValue(commit, out GitTree? tree))
        {
            return tree;
        }

        byte[] listing = await git.RunAsync(GitFolder, ["ls-tree", "-r", "-z", "--full-tree", commit], cancellationToken).ConfigureAwait(false);
        if (trees.Count >= KeptTrees)
        {
            trees.Clear();
        }

        return trees[commit] = GitTree.Parse(commit, blobs, listing, Supply);
    }

    /// <summary>Checks who signed a commit, or the annotated tag by which it was asked for.</summary>
    /// <param name="revision">How it was asked for.</param>
    /// <param name="commit">What that meant, a full id.</param>
    /// <exception cref="SourceException">Not by a trusted key.</exception>
    public async Task VerifyAsync(string revision, string commit, TrustedKeys keys, CancellationToken cancellationToken)
    {
        string? tag = revision == commit ? null : (await RefsAsync(cancellationToken).ConfigureAwait(false)).AnnotatedTag(revision);
        await VerifyObjectAsync(commit, tag, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same, each object once.</summary>
    /// <param name="tag">Id of the annotated tag's object, which must be at hand; null when it was asked for otherwise.</param>
    internal async Task VerifyObjectAsync(string commit, string? tag, TrustedKeys keys, CancellationToken cancellationToken)
    {
        string id = tag ?? commit;
        if (!verified.ContainsKey((id, keys.Identity)))
        {
            string subject = tag is null ? $"commit {commit[..Math.Min(7, commit.Length)]}" : $"tag object {tag[..7]} of commit {commit[..7]}";
            await new SignatureCheck(git, GitFolder).VerifyAsync(subject, tag is null ? "verify-commit" : "verify-tag", id, keys, cancellationToken).ConfigureAwait(false);
            verified[(id, keys.Identity)] = true;
        }
    }

    /// <summary>Paths that differ between two commits; renames count as a removal and an addition.</summary>
    public async Task<IReadOnlyList<string>> ChangedFilesAsync(string fromCommit, string toCommit, CancellationToken cancellationToken)
    {
        CheckRevision(fromCommit);
        CheckRevision(toCommit);
        string output = await git.TextAsync(
            GitFolder, ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", fromCommit, toCommit], cancellationToken).ConfigureAwait(false);
        return output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <param name="tags">The tags that mark it, where somebody knows better than the repository itself.</param>
    public async Task<CommitDetails> DescribeAsync(string commit, IReadOnlyList<string>? tags, CancellationToken cancellationToken)
    {
        CheckRevision(commit);
        string shown = await git.TextAsync(GitFolder, ["show", "--no-patch", CommitDetails.Format, "--end-of-options", $"{commit}^{{commit}}"], cancellationToken).ConfigureAwait(false);
        tags ??= (await git.TextAsync(GitFolder, ["tag", "--points-at", commit], cancellationToken).ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return CommitDetails.Parse(shown, tags);
    }

    /// <summary>Whether a tree of the commit is at hand, without asking Git.</summary>
    internal bool Holds(string commit) => trees.ContainsKey(commit);

    internal async Task<RemoteRefs> RefsAsync(CancellationToken cancellationToken) =>
        RemoteRefs.Parse(await git.TextAsync(GitFolder, ["ls-remote", "--", GitFolder], cancellationToken).ConfigureAwait(false));

    internal async Task<string?> TryResolveAsync(string revision, CancellationToken cancellationToken)
    {
        CheckRevision(revision);
        (int code, byte[] output, _) = await git.TryAsync(
            GitFolder, ["rev-parse", "--verify", "--quiet", "--end-of-options", $"{revision}^{{commit}}"], cancellationToken).ConfigureAwait(false);
        string text = Encoding.UTF8.GetString(output).Trim();
        return code == 0 && text.Length > 0 ? text : null;
    }

    /// <summary>Refuses what Git would take for an option or an expression over several commits.</summary>
    internal static void CheckRevision(string revision)
    {
        if (revision.Length is 0 or > 1024 || revision.StartsWith('-') || revision.Contains("..", StringComparison.Ordinal)
            || revision.Any(static c => char.IsControl(c) || c is ' ' or ':' or '?' or '[' or '\\' or '*'))
        {
            throw new SourceException($"\"{new string([.. revision.Take(100).Where(static c => !char.IsControl(c))])}\" is not a branch, tag or commit");
        }
    }

    private static bool MayBeRepository(string folder)
    {
        if (Directory.Exists(Path.Combine(folder, "objects")) && File.Exists(Path.Combine(folder, "HEAD")))
        {
            return true;
        }

        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git")))
            {
                return true;
            }
        }

        return false;
    }
}
