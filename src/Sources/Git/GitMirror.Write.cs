using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

internal sealed partial class GitMirror
{
    /// <summary>Reads a branch with all its history, as it is on the server now.</summary>
    /// <param name="branch">Empty for the default branch.</param>
    /// <param name="read">Given the branch's name and the commit at its end.</param>
    public Task<T> ReadBranchAsync<T>(string branch, Func<GitRepository, string, string, Task<T>> read, CancellationToken cancellationToken) => HoldingAsync(async _ =>
    {
        string name = branch is "" or "HEAD" ? await DefaultBranchAsync(cancellationToken).ConfigureAwait(false) : branch.StartsWith("refs/heads/", StringComparison.Ordinal) ? branch[11..] : branch;
        await ReadRefsAsync(cancellationToken).ConfigureAwait(false);
        string head = refs!.Resolve($"refs/heads/{name}")
            ?? throw new SourceException($"{name} is not a branch there, so no commit can be added to it; what an application takes by tag, commit or version range is changed where it says so (targetRevision)");
        await FetchAllAsync(cancellationToken).ConfigureAwait(false);
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
        return await read(new GitRepository(folder, folder, folder, isBare: true, Completing(login), time), name, head).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Pushes a new commit on a branch, if the branch still ends where it did.</summary>
    /// <returns>The commit.</returns>
    public Task<string> PushAsync(string branch, string head, Func<GitRepository, Task<string>> make, CancellationToken cancellationToken) => HoldingAsync(async asked =>
    {
        string commit = await make(repository!).ConfigureAwait(false);
        (int code, _, string complaint) = await TryRemoteAsync(
            ["push", "--quiet", "--no-verify", $"--force-with-lease=refs/heads/{branch}:{head}", "--end-of-options", url, $"{commit}:refs/heads/{branch}"], cancellationToken).ConfigureAwait(false);
        return code == 0 ? commit
            : throw new SourceException(complaint.Contains("stale info", StringComparison.Ordinal) ? $"{branch} has moved in the meantime; try again" : $"git push: {Refusal(complaint) ?? GitProgram.Explain(complaint, code)}");
    }, cancellationToken);

    /// <summary>What the server says for itself, a protected branch or a hook of its own, stands before Git's summary of it.</summary>
    private static string? Refusal(string complaint)
    {
        string[] lines = complaint.Split('\n', StringSplitOptions.TrimEntries);
        string said = string.Join(" ", lines.Where(line => line.StartsWith("remote:", StringComparison.Ordinal)).Select(line => line[7..].Trim()).Where(line => line.Length > 0));
        string rejected = lines.FirstOrDefault(line => line.Contains("rejected]", StringComparison.Ordinal))?.TrimStart('!', ' ') ?? string.Empty;
        return said.Length + rejected.Length == 0 ? null : RepositoryUrl.Redact($"{rejected}{(said.Length > 0 && rejected.Length > 0 ? ": " : string.Empty)}{said}");
    }

    private async Task<string> DefaultBranchAsync(CancellationToken cancellationToken)
    {
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, cancellationToken).ConfigureAwait(false);
        string answer = await git.With(login).TextAsync(folder, ["ls-remote", "--symref", "--", url, "HEAD"], cancellationToken).ConfigureAwait(false);
        const string Prefix = "ref: refs/heads/";
        return answer.Split('\n').FirstOrDefault(line => line.StartsWith(Prefix, StringComparison.Ordinal)) is { } line
            ? line[Prefix.Length..].Split('\t')[0]
            : throw new SourceException("the server does not say which branch is its default; name it in targetRevision");
    }
}
