using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Fetches from Git. A remote repository is mirrored in a folder of the cache; a local one is read where it is; a local path
/// without revision is its working tree as it stands, whether or not it belongs to a repository.
/// </summary>
public sealed class GitFetcher : ISourceFetcher, IDisposable
{
    private readonly ConcurrentDictionary<(string Identity, RepositoryAccess? Access, TimeSpan Timeout), GitMirror> mirrors = new();
    private readonly ConcurrentDictionary<string, GitRepository> locals = new(StringComparer.Ordinal);
    private readonly string cacheFolder;
    private readonly TimeProvider time;
    private readonly GitHubTokens tokens;

    /// <param name="cacheFolder">Holds one bare repository per remote; made when it is missing.</param>
    /// <param name="time">Times out what hangs.</param>
    /// <param name="dial">How GitHub is reached for the tokens of its Apps, at the address that a Secret gives; null for anywhere. Git itself connects as it is configured to.</param>
    public GitFetcher(string cacheFolder, TimeProvider time, Dial? dial = null)
    {
        this.cacheFolder = Path.GetFullPath(cacheFolder);
        this.time = time;
        tokens = new GitHubTokens(time, dial);
    }

    /// <summary>For one command of Git.</summary>
    public TimeSpan Timeout { get; set; } = UsualTimeout;

    /// <summary>The timeout unless somebody says otherwise.</summary>
    public static readonly TimeSpan UsualTimeout = TimeSpan.FromMinutes(2);

    public async Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken)
    {
        RepositoryUrl.Check(reference.Url);
        if (reference.Revision.Length > 0 && VersionRange.Parse(reference.Revision) is null)
        {
            GitRepository.CheckRevision(reference.Revision);
        }

        if (RepositoryUrl.LocalPath(reference.Url) is { } path)
        {
            return await FetchLocalAsync(reference, path, cancellationToken).ConfigureAwait(false);
        }

        GitTree tree = await Mirror(reference).GetAsync(reference.Revision, reference.TrustedKeys, cancellationToken).ConfigureAwait(false);
        return new SourceSnapshot(tree, new SourceRevision(tree.Commit, WorkingTree: false));
    }

    public async Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken)
    {
        RepositoryUrl.Check(reference.Url);
        return RepositoryUrl.LocalPath(reference.Url) is null
            ? await Mirror(reference).ResolveAsync(reference.Revision, cancellationToken).ConfigureAwait(false)
            : throw new SourceException($"{reference.Url}: not a remote repository", reference.Url);
    }

    public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) =>
        Mirror(reference).ChangedFilesAsync(from, to, cancellationToken);

    /// <summary>What a commit says of itself.</summary>
    public async Task<CommitDetails> DescribeAsync(SourceRef reference, CancellationToken cancellationToken)
    {
        RepositoryUrl.Check(reference.Url);
        GitRepository.CheckRevision(reference.Revision);
        if (RepositoryUrl.LocalPath(reference.Url) is not { } path)
        {
            return await Mirror(reference).DescribeAsync(reference.Revision, cancellationToken).ConfigureAwait(false);
        }

        GitRepository repository = await FindLocalAsync(Path.GetFullPath(path), cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException($"{path}: not a Git repository, so it has no commits", path);
        return await repository.DescribeAsync(await ResolveLocalAsync(repository, reference.Revision, cancellationToken).ConfigureAwait(false), null, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (GitMirror mirror in mirrors.Values)
        {
            mirror.Dispose();
        }

        tokens.Dispose();
    }

    private async Task<SourceSnapshot> FetchLocalAsync(SourceRef reference, string path, CancellationToken cancellationToken)
    {
        bool asItStands = reference.Revision.Length == 0 && !reference.Url.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
        if (asItStands && await AsItStandsAsync(path, cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            if (reference.TrustedKeys is { } keys)
            {
                await VerifyWorkingTreeAsync(path, snapshot.Revision, keys, cancellationToken).ConfigureAwait(false);
            }

            return snapshot;
        }

        GitRepository? repository = await FindLocalAsync(Path.GetFullPath(path), cancellationToken).ConfigureAwait(false);
        if (repository is null)
        {
            throw new SourceException(Directory.Exists(path) ? $"{path}: not a Git repository, so it has no revisions" : $"{path}: no such folder", path);
        }

        string revision = reference.Revision.Length == 0 ? "HEAD" : reference.Revision;
        string commit = await ResolveLocalAsync(repository, revision, cancellationToken).ConfigureAwait(false);
        if (reference.TrustedKeys is { } trusted)
        {
            await repository.VerifyAsync(revision, commit, trusted, cancellationToken).ConfigureAwait(false);
        }

        GitTree tree = await repository.TreeAsync(commit, cancellationToken).ConfigureAwait(false);
        return new SourceSnapshot(tree, new SourceRevision(commit, WorkingTree: false));
    }

    private async Task VerifyWorkingTreeAsync(string path, SourceRevision revision, TrustedKeys keys, CancellationToken cancellationToken)
    {
        if (revision.WorkingTree || await FindLocalAsync(Path.GetFullPath(path), cancellationToken).ConfigureAwait(false) is not { } repository)
        {
            throw new SourceException($"{path}: the working tree has changes that no commit holds, so nobody has signed them; the project asks for signed commits", path) { IsUntrusted = true };
        }

        await repository.VerifyAsync(revision.Commit, revision.Commit, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The working tree; null for a bare repository, which has none.</summary>
    private async Task<SourceSnapshot?> AsItStandsAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            GitRepository? repository = await FindLocalAsync(Path.GetFullPath(path), cancellationToken).ConfigureAwait(false);
            if (repository is { IsBare: true })
            {
                return null;
            }

            if (repository is not null)
            {
                GitState state = await repository.StateAsync(cancellationToken).ConfigureAwait(false);
                return new SourceSnapshot(new DirectoryTree(path), new SourceRevision(state.Commit, state.Commit.Length == 0 || state.Dirty));
            }
        }
        catch (SourceException)
        {
            // The files can be read without Git: not installed, or a repository of another user, which Git refuses to look into.
        }

        return new SourceSnapshot(new DirectoryTree(path), new SourceRevision(string.Empty, WorkingTree: true));
    }

    internal async Task<GitRepository?> FindLocalAsync(string folder, CancellationToken cancellationToken)
    {
        if (locals.TryGetValue(folder, out GitRepository? known) && Directory.Exists(known.GitFolder) && Directory.Exists(folder))
        {
            return known;
        }

        locals.TryRemove(folder, out _);
        GitRepository? found = await GitRepository.FindAsync(folder, time, cancellationToken).ConfigureAwait(false);
        return found is null ? null : locals.GetOrAdd(folder, found);
    }

    private static async Task<string> ResolveLocalAsync(GitRepository repository, string revision, CancellationToken cancellationToken)
    {
        if (VersionRange.Parse(revision) is not null)
        {
            RemoteRefs refs = await repository.RefsAsync(cancellationToken).ConfigureAwait(false);
            return refs.Resolve(revision) ?? throw new SourceException($"{repository.Root}: no tag is a version {revision}", repository.Root);
        }

        return await repository.ResolveAsync(revision, cancellationToken).ConfigureAwait(false);
    }

    internal GitMirror Mirror(SourceRef reference)
    {
        // One mirror per way in, since two users of one repository may not see the same.
        string identity = $"{RepositoryUrl.Normalise(reference.Url)} {reference.Url} {reference.Access?.Identity}".TrimEnd();
        return mirrors.GetOrAdd((identity, reference.Access, Timeout), _ =>
        {
            string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..40];
            return new GitMirror(Path.Combine(cacheFolder, name), reference.Url, reference.Access, tokens, Timeout, time);
        });
    }
}
