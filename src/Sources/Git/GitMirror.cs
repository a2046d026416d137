using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>A bare copy of one remote repository, holding the commits that were asked for. Safe for several processes at once.</summary>
internal sealed partial class GitMirror : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly string folder;
    private readonly string url;
    private readonly string shown;
    private readonly string[] secrets;
    private readonly RepositoryAccess? access;
    private readonly GitHubTokens tokens;
    private readonly GitProgram git;
    private readonly TimeProvider time;
    private GitRepository? repository;
    private RemoteRefs? refs;
    private long refsRead;

    public GitMirror(string folder, string url, RepositoryAccess? access, GitHubTokens tokens, TimeSpan timeout, TimeProvider time)
    {
        this.folder = folder;
        this.time = time;
        this.tokens = tokens;
        shown = RepositoryUrl.Redact(url);
        (this.url, RepositoryAccess? written) = Separate(url);
        this.access = access ?? written;
        secrets = [.. new[] { this.access?.Password, this.access?.BearerToken, PasswordIn(url) }.OfType<string>().Where(secret => secret.Length > 0)];
        git = new GitProgram(time) { Timeout = timeout };
    }

    public void Dispose() => gate.Dispose();

    public Task<GitTree> GetAsync(string revision, TrustedKeys? keys, CancellationToken cancellationToken) => HoldingAsync(async asked =>
    {
        string commit = await ResolveAsync(revision, asked, cancellationToken).ConfigureAwait(false);
        await EnsureAsync(commit, cancellationToken).ConfigureAwait(false);
        if (keys is not null)
        {
            await VerifyAsync(revision, commit, keys, cancellationToken).ConfigureAwait(false);
        }

        return await repository!.TreeAsync(commit, cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>The commit that a revision means on the server now.</summary>
    public Task<string> ResolveAsync(string revision, CancellationToken cancellationToken) =>
        HoldingAsync(asked => ResolveAsync(revision, asked, cancellationToken), cancellationToken);

    public Task<CommitDetails> DescribeAsync(string revision, CancellationToken cancellationToken) => HoldingAsync(async asked =>
    {
        string commit = await ResolveAsync(revision, asked, cancellationToken).ConfigureAwait(false);
        await EnsureAsync(commit, cancellationToken).ConfigureAwait(false);
        if (refs is null)
        {
            await ReadRefsAsync(cancellationToken).ConfigureAwait(false);
        }

        return await repository!.DescribeAsync(commit, refs!.TagsOf(commit), cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Paths that differ between two commits; null when one of them cannot be had.</summary>
    public Task<IReadOnlyList<string>?> ChangedFilesAsync(string from, string to, CancellationToken cancellationToken) => HoldingAsync(async _ =>
    {
        try
        {
            await EnsureAsync(from, cancellationToken).ConfigureAwait(false);
            await EnsureAsync(to, cancellationToken).ConfigureAwait(false);
            return await repository!.ChangedFilesAsync(from, to, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException)
        {
            // History was rewritten and the old commit is gone: anything may have changed.
            return null;
        }
    }, cancellationToken);

    private async Task<T> HoldingAsync<T>(Func<long, Task<T>> work, CancellationToken cancellationToken)
    {
        long asked = time.GetTimestamp();
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await using FileStream held = await LockAsync(cancellationToken).ConfigureAwait(false);
            repository ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
            return await work(asked).ConfigureAwait(false);
        }
        catch (SourceException error)
        {
            string message = secrets.Aggregate(error.Message, (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal));
            throw new SourceException(message.StartsWith(shown, StringComparison.Ordinal) ? message : $"{shown}: {message}", error.Path) { IsUntrusted = error.IsUntrusted, IsUnknownRevision = error.IsUnknownRevision };
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task VerifyAsync(string revision, string commit, TrustedKeys keys, CancellationToken cancellationToken)
    {
        string? tag = refs?.AnnotatedTag(revision);
        if (tag is not null && (await git.TryAsync(folder, ["cat-file", "-e", tag], cancellationToken).ConfigureAwait(false)).Code != 0)
        {
            using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
            string name = revision.StartsWith("refs/tags/", StringComparison.Ordinal) ? revision : $"refs/tags/{revision}";
            await git.With(login).RunAsync(folder, ["fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", "--end-of-options", url, $"+{name}:refs/kept/{tag}"], cancellationToken).ConfigureAwait(false);
        }

        await repository!.VerifyObjectAsync(commit, tag, keys, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string> ResolveAsync(string revision, long asked, CancellationToken cancellationToken)
    {
        if (RemoteRefs.IsFullId(revision))
        {
            if (access is not null && refs is null)
            {
                // The commit may lie here already, fetched by somebody with another secret: whoever asks must be let in by the server first.
                await ReadRefsAsync(cancellationToken).ConfigureAwait(false);
            }

            return revision;
        }

        // What was read since this call began is as good as reading it again: many callers at once share one look.
        if (refs is null || refsRead < asked)
        {
            await ReadRefsAsync(cancellationToken).ConfigureAwait(false);
        }

        if (refs!.Resolve(revision) is { } commit)
        {
            return commit;
        }

        return RemoteRefs.MayBeId(revision)
            ? await ResolveBeginningAsync(revision, cancellationToken).ConfigureAwait(false)
            : throw new SourceException(revision.Length == 0 ? "the repository is empty" : $"no branch, tag or matching version is called {revision}") { IsUnknownRevision = true };
    }

    private async Task ReadRefsAsync(CancellationToken cancellationToken)
    {
        refsRead = time.GetTimestamp();
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
        refs = RemoteRefs.Parse(await git.With(login).TextAsync(folder, ["ls-remote", "--", url, "HEAD", "refs/heads/*", "refs/tags/*"], cancellationToken).ConfigureAwait(false));
    }

    private async Task<string> ResolveBeginningAsync(string revision, CancellationToken cancellationToken)
    {
        if (await repository!.TryResolveAsync(revision, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        await FetchAllAsync(cancellationToken).ConfigureAwait(false);
        return await repository.TryResolveAsync(revision, cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException($"no branch, tag or commit is called {revision}") { IsUnknownRevision = true };
    }

    private async Task EnsureAsync(string commit, CancellationToken cancellationToken)
    {
        if (await HasAsync(commit, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // One commit without its history is all that rendering needs; not every server gives out any commit, then all is fetched. One that knows no filters sends large files, too.
        (int code, _, _) = await TryRemoteAsync(["fetch", "--quiet", "--no-tags", "--depth=1", LargeFilesLater, "--no-write-fetch-head", "--end-of-options", url, $"+{commit}:refs/kept/{commit}"], cancellationToken).ConfigureAwait(false);
        if (code != 0 || !await HasAsync(commit, cancellationToken).ConfigureAwait(false))
        {
            await FetchAllAsync(cancellationToken).ConfigureAwait(false);
            if (!await HasAsync(commit, cancellationToken).ConfigureAwait(false))
            {
                throw new SourceException($"the repository has no commit {commit}") { IsUnknownRevision = true };
            }
        }
    }

    private async Task<bool> HasAsync(string commit, CancellationToken cancellationToken) =>
        repository!.Holds(commit) || await repository.TryResolveAsync(commit, cancellationToken).ConfigureAwait(false) is not null;

    private async Task FetchAllAsync(CancellationToken cancellationToken)
    {
        string[] depth = File.Exists(Path.Combine(folder, "shallow")) ? ["--unshallow"] : [];
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
        await Completing(login).RunAsync(
            folder,
            ["fetch", "--quiet", "--prune", LargeFilesLater, "--no-write-fetch-head", .. depth, "--end-of-options", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<(int Code, byte[] Output, string Complaint)> TryRemoteAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
        return await Completing(login).TryAsync(folder, arguments, cancellationToken).ConfigureAwait(false);
    }

    private async Task<GitRepository> OpenAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(folder, "HEAD")))
        {
            Directory.CreateDirectory(folder);
            await git.RunAsync(folder, ["init", "--quiet", "--bare", "--template="], cancellationToken).ConfigureAwait(false);
        }

        return new GitRepository(folder, folder, folder, isBare: true, git, time) { Supply = Supply };
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
                return new FileStream(folder + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException) when (time.GetElapsedTime(began) < git.Timeout)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new SourceException($"its copy in {folder} cannot be used: {error.Message}", folder, error);
            }
        }
    }

    /// <summary>Git itself names it in its complaints, in an address of a scheme that knows no passwords.</summary>
    private static string? PasswordIn(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.UserInfo.Split(':', 2) is [_, { Length: > 0 } password] ? password : null;

    /// <summary>Takes user and password out of an http address: as an argument every user of the machine could read them.</summary>
    private static (string Url, RepositoryAccess? Access) Separate(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length == 0)
        {
            return (url, null);
        }

        string[] parts = uri.UserInfo.Split(':', 2);
        string bare = uri.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped);
        return (bare, new RepositoryAccess
        {
            Username = Uri.UnescapeDataString(parts[0]),
            Password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty,
        });
    }
}
