using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>What is to be undone in a repository: every commit of a branch after <paramref name="Since"/> that concerns somebody.</summary>
/// <param name="Reference">A folder of this machine (its checked-out branch when no revision is given) or a remote repository; the revision is a branch, or empty for the default one.</param>
/// <param name="Since">Full id of the commit to go back to, which stays.</param>
/// <param name="Concerns">Whether a file, given from the repository's root, is anything to whoever asks.</param>
public sealed record RevertRequest(SourceRef Reference, string Since, Func<string, bool> Concerns);

/// <summary>A commit that is undone; of a merge everything that it brought to the branch.</summary>
public sealed record RevertedCommit(string Id, string Subject, bool IsMerge);

/// <summary>A revert that has been worked out and not been written.</summary>
/// <param name="Repository">For people, without credentials.</param>
/// <param name="Commits">Newest first, the order in which they are undone.</param>
/// <param name="Files">What changes, from the repository's root.</param>
public sealed record RevertPlan(string Repository, string Branch, IReadOnlyList<RevertedCommit> Commits, IReadOnlyList<string> Files)
{
    /// <summary>Whether the commit goes to a server, rather than into a repository of this machine.</summary>
    public bool IsPushed { get; init; }

    internal string Head { get; init; } = string.Empty;

    internal string Tree { get; init; } = string.Empty;

    internal SourceRef Reference { get; init; } = new(string.Empty, string.Empty);
}

/// <param name="Author"><c>Name &lt;mail&gt;</c>; empty for the one that Git is configured with.</param>
public sealed record CommitText(string Message, string Author);

/// <summary>
/// The only writer to Git. It never touches a working tree that has changes, never rewrites history, and works out all of a revert
/// before anything of it is seen, so that a conflict leaves nothing behind.
/// </summary>
public sealed class GitWriter(GitFetcher fetcher)
{
    /// <exception cref="SourceException">The branch cannot be had, does not descend from the commit, or the commits conflict with later ones.</exception>
    public async Task<RevertPlan> PlanAsync(RevertRequest request, CancellationToken cancellationToken)
    {
        RepositoryUrl.Check(request.Reference.Url);
        GitRepository.CheckRevision(request.Since);
        return RepositoryUrl.LocalPath(request.Reference.Url) is { } path
            ? await PlanLocalAsync(request, path, cancellationToken).ConfigureAwait(false)
            : await fetcher.Mirror(request.Reference).ReadBranchAsync(request.Reference.Revision, (repository, branch, head) => PlanAsync(request, repository, branch, head, cancellationToken), cancellationToken).ConfigureAwait(false)
                with { Repository = RepositoryUrl.Redact(request.Reference.Url), IsPushed = true };
    }

    /// <summary>Commits a plan on its branch; fails when the branch has moved since.</summary>
    /// <returns>Full id of the new commit.</returns>
    /// <exception cref="SourceException">Nobody is configured to be its author, the working tree has changes, or the server refuses.</exception>
    public async Task<string> WriteAsync(RevertPlan plan, CommitText text, CancellationToken cancellationToken)
    {
        if (plan.IsPushed)
        {
            return await fetcher.Mirror(plan.Reference).PushAsync(plan.Branch, plan.Head, repository => CommitAsync(repository, plan, text, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        GitRepository local = await FindAsync(RepositoryUrl.LocalPath(plan.Reference.Url)!, cancellationToken).ConfigureAwait(false);
        GitState state = await local.StateAsync(cancellationToken).ConfigureAwait(false);
        CheckClean(local, state, plan.Branch);
        string commit = await CommitAsync(local, plan, text, cancellationToken).ConfigureAwait(false);
        await local.Program.RunAsync(
            local.Root,
            !local.IsBare && state.Branch == plan.Branch ? ["merge", "--ff-only", "--quiet", "--no-verify-signatures", commit] : ["update-ref", "--end-of-options", $"refs/heads/{plan.Branch}", commit, plan.Head],
            cancellationToken).ConfigureAwait(false);
        return commit;
    }

    private async Task<RevertPlan> PlanLocalAsync(RevertRequest request, string path, CancellationToken cancellationToken)
    {
        GitRepository local = await FindAsync(path, cancellationToken).ConfigureAwait(false);
        GitState state = await local.StateAsync(cancellationToken).ConfigureAwait(false);
        string branch = request.Reference.Revision.Length > 0 ? request.Reference.Revision : state.Branch;
        if (branch.Length == 0)
        {
            throw new SourceException($"{local.Root}: no branch is checked out, so there is none to commit to; git switch to the branch that is followed", local.Root);
        }

        CheckClean(local, state, branch);
        string head = await local.TryResolveAsync($"refs/heads/{branch}", cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException($"{local.Root}: {branch} is not a branch, so no commit can be added to it", local.Root);
        return await PlanAsync(request, local, branch, head, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<RevertPlan> PlanAsync(RevertRequest request, GitRepository repository, string branch, string head, CancellationToken cancellationToken)
    {
        RevertBuilder builder = new(repository);
        IReadOnlyList<RevertedCommit> commits = await builder.FindAsync(request.Since, head, request.Concerns, cancellationToken).ConfigureAwait(false);
        string tree = await builder.UndoAsync(head, commits, cancellationToken).ConfigureAwait(false);
        return new RevertPlan(repository.Root, branch, commits, await repository.ChangedFilesAsync(head, tree, cancellationToken).ConfigureAwait(false)) { Head = head, Tree = tree, Reference = request.Reference };
    }

    private static async Task<string> CommitAsync(GitRepository repository, RevertPlan plan, CommitText text, CancellationToken cancellationToken)
    {
        StringBuilder message = new(text.Message.Trim());
        message.Append("\n\n");
        foreach (RevertedCommit commit in plan.Commits)
        {
            message.Append($"This reverts commit {commit.Id}{(commit.IsMerge ? ", a merge, relative to its first parent" : string.Empty)}.\n");
        }

        return await new RevertBuilder(repository).CommitAsync(plan.Tree, plan.Head, message.ToString(), text.Author, cancellationToken).ConfigureAwait(false);
    }

    private static void CheckClean(GitRepository repository, GitState state, string branch)
    {
        if (!repository.IsBare && state.Dirty && state.Branch == branch)
        {
            throw new SourceException($"{repository.Root}: the working tree has changes that no commit holds; commit them or put them away (git stash -u) first", repository.Root);
        }
    }

    private async Task<GitRepository> FindAsync(string path, CancellationToken cancellationToken) =>
        await fetcher.FindLocalAsync(Path.GetFullPath(path), cancellationToken).ConfigureAwait(false) ?? throw new SourceException($"{path}: not a Git repository, so nothing can be reverted in it", path);
}
