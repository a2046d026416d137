using System.Text.RegularExpressions;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>A base in another repository: <c>https://host/org/repo//path?ref=v1</c>, <c>git@host:org/repo</c>, <c>github.com/org/repo/path</c>.</summary>
/// <param name="Source">Repository and revision, as a fetcher takes them.</param>
/// <param name="Path">The directory within the repository.</param>
/// <param name="Printable">The URL without credentials and query.</param>
internal sealed partial record RemoteReference(SourceRef Source, string Path, string Printable)
{
    private const string AzureMarker = "_git/";
    private const string GitSuffix = ".git";

    /// <summary>The repository's own URL without credentials.</summary>
    public string Repository => WithoutSecrets(Source.Url);

    /// <summary>How long the fetch may take; null leaves it to the fetcher.</summary>
    public TimeSpan? Timeout { get; private init; }

    /// <summary>Whether the folders of submodules have their files, as unless the URL says otherwise.</summary>
    public bool Submodules { get; private init; } = true;

    /// <summary>Null for anything that is not a URL of a repository.</summary>
    /// <exception cref="RenderException">A URL that no fetcher must see (options in the place of a host, control characters), or one without a repository.</exception>
    public static RemoteReference? Parse(string text)
    {
        string url = text.StartsWith("git::", StringComparison.OrdinalIgnoreCase) ? text[5..] : text;
        if (!LooksRemote().IsMatch(url))
        {
            return null;
        }

        string printable = WithoutSecrets(url);
        int query = url.IndexOf('?', StringComparison.Ordinal);
        RemoteQuery asked = RemoteQuery.Parse(query < 0 ? string.Empty : url[(query + 1)..]);
        RefuseOptions(url, asked.Revision, printable);
        (string host, string rest) = SplitHost(query < 0 ? url : url[..query], printable);
        (string repository, string path) = SplitPath(rest, isFile: host.StartsWith("file:", StringComparison.OrdinalIgnoreCase));
        if (repository.Length == 0)
        {
            throw new RenderException($"'{printable}' names no repository");
        }

        if (path.Split('/').Contains(".."))
        {
            throw new RenderException($"'{printable}' is refused: its path leads out of the repository");
        }

        return new RemoteReference(new SourceRef(host + repository, asked.Revision), path.Trim('/'), printable) { Timeout = asked.Timeout, Submodules = asked.Submodules };
    }

    /// <summary>Whether the text is the URL of a single manifest rather than of a repository.</summary>
    public static bool IsFile(string text)
    {
        int end = text.AsSpan().IndexOfAny('?', '#');
        string path = end < 0 ? text : text[..end];
        return IsHttp(text) && (path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether the text is a URL of the web, which is never read as a file.</summary>
    public static bool IsHttp(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The URL as it may appear in messages: no user, no password, no query.</summary>
    public static string WithoutSecrets(string url)
    {
        // Credentials first: a password may hold what begins a query elsewhere.
        string address = Credentials().Replace(url, "$1");
        int query = address.AsSpan().IndexOfAny('?', '#');
        return query < 0 ? address : address[..query];
    }

    private static void RefuseOptions(string url, string revision, string printable)
    {
        string host = Scheme().Replace(url, string.Empty);
        int at = host.IndexOf('@', StringComparison.Ordinal);
        bool smuggled = host.StartsWith('-') || (at >= 0 && host.AsSpan(at + 1).StartsWith("-")) || url.Any(char.IsControl)
            || url.Contains("--upload-pack", StringComparison.Ordinal) || url.Contains("ext::", StringComparison.Ordinal);
        if (smuggled)
        {
            throw new RenderException($"'{printable}' is refused: it smuggles an option into git");
        }

        if (revision.StartsWith('-') || revision.Any(char.IsControl))
        {
            throw new RenderException($"'{printable}' is refused: its ref begins with a dash and would be an option to git");
        }
    }

    /// <summary>What stands before the repository's path, with its final slash or colon; GitHub's in one form whatever was written.</summary>
    private static (string Host, string Below) SplitHost(string address, string printable)
    {
        string scheme = Scheme().Match(address).Value.ToLowerInvariant();
        string after = address[scheme.Length..];
        if (scheme is "file://")
        {
            return (scheme, after);
        }

        if (scheme is not ("" or "https://" or "http://" or "ssh://" or "git://"))
        {
            throw new RenderException($"'{printable}' is refused: repositories are fetched over https, http, ssh or git");
        }

        int slash = after.IndexOf('/', StringComparison.Ordinal);
        int colon = scheme.Length == 0 ? after.IndexOf(':', StringComparison.Ordinal) : -1;
        int end = slash < 0 || (colon > 0 && colon < slash) ? colon : slash;
        if (end < 0)
        {
            throw new RenderException($"'{printable}' names no repository");
        }

        string host = after[..end];
        int user = host.LastIndexOf('@');
        bool isGitHub = host.AsSpan(user + 1).Equals("github.com", StringComparison.OrdinalIgnoreCase) || host.Equals("gh", StringComparison.OrdinalIgnoreCase);
        if (isGitHub && (scheme is "ssh://" || (scheme.Length == 0 && user >= 0)))
        {
            return ($"{(user < 0 ? "git" : host[..user])}@github.com:", after[(end + 1)..]);
        }

        if (isGitHub && scheme is "" or "http://")
        {
            return ("https://github.com/", after[(end + 1)..]);
        }

        // Without a scheme git would take user@host/path for a folder of this machine.
        return (scheme + host + (scheme.Length == 0 ? ':' : '/'), after[(end + 1)..]);
    }

    private static (string Repository, string Path) SplitPath(string rest, bool isFile)
    {
        int azure = rest.IndexOf(AzureMarker, StringComparison.Ordinal);
        if (azure >= 0)
        {
            int end = rest.IndexOf('/', azure + AzureMarker.Length);
            return end < 0 ? (rest, string.Empty) : (rest[..end], rest[(end + 1)..]);
        }

        int marker = rest.IndexOf("//", StringComparison.Ordinal);
        if (marker >= 0)
        {
            return (rest[..marker], rest[(marker + 2)..]);
        }

        int git = rest.IndexOf(GitSuffix, StringComparison.Ordinal);
        if (git >= 0)
        {
            return (rest[..(git + GitSuffix.Length)], rest[(git + GitSuffix.Length)..]);
        }

        if (isFile)
        {
            return (rest, string.Empty);
        }

        // Without a marker the repository is organisation/name.
        string[] segments = rest.Split('/');
        return segments.Length < 2 ? (string.Empty, string.Empty) : ($"{segments[0]}/{segments[1]}", string.Join('/', segments[2..]));
    }

    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9_.-]+@[^/:]+[:/]|github\.com[/:]|gh:|ext::|--)", RegexOptions.IgnoreCase)]
    private static partial Regex LooksRemote();

    [GeneratedRegex(@"((?:^|:/+))[^/]*@")]
    private static partial Regex Credentials();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://")]
    private static partial Regex Scheme();
}
