using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

internal sealed partial class GitMirror
{
    /// <summary>
    /// A partial clone: manifests, charts and values are far below this, so what is left on the server is what hardly any render reads. Without any
    /// files at all (<c>blob:none</c>) each folder that a render looks into would be another round trip.
    /// </summary>
    private const string LargeFilesLater = "--filter=blob:limit=1m";

    /// <summary>As many files as one request asks for: their names are arguments of a command.</summary>
    private const int MostAtOnce = 1000;

    /// <summary>Git that may by itself fetch what it finds missing: to complete what a server sends as differences, or to merge. It does not otherwise, having no login then.</summary>
    private GitProgram Completing(GitLogin login) => git.With(login.Settings, new Dictionary<string, string>(login.Environment) { ["GIT_NO_LAZY_FETCH"] = "0" });

    /// <summary>
    /// Fetches those of the files that are not here yet, in one request. Blocks, since whoever reads a file of a tree waits for it as he would for a disk.
    /// </summary>
    /// <exception cref="SourceException">The server cannot be reached, or does not have them (any more).</exception>
    private void Supply(string commit, IReadOnlyList<string> ids) => HoldingAsync(async _ =>
    {
        // Said from what lies here: names of missing objects begin with a question mark.
        string listing = await git.TextAsync(folder, ["rev-list", "--objects", "--missing=print", "--no-object-names", "--no-walk", commit], CancellationToken.None).ConfigureAwait(false);
        HashSet<string> missing = [.. listing.Split('\n').Where(line => line.StartsWith('?')).Select(line => line[1..])];
        using GitLogin login = await GitLogin.PrepareAsync(url, access, tokens, CancellationToken.None).ConfigureAwait(false);
        // Not bargained about: the server would take it that who has the commit has its files.
        GitProgram asking = git.With([.. login.Settings, ("fetch.negotiationAlgorithm", "noop")], login.Environment);
        foreach (string[] some in ids.Where(missing.Contains).Distinct().Chunk(MostAtOnce))
        {
            await asking.RunAsync(folder, ["fetch", "--quiet", "--no-tags", "--filter=blob:none", "--no-write-fetch-head", "--end-of-options", url, .. some], CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }, CancellationToken.None).GetAwaiter().GetResult();
}
