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
    /// <summary>Null for anything that is not a URL of a repository.</summary>
    /// <exception cref="RenderException">A URL that no fetcher must see: options in the place of a host, control characters.</exception>
    public static RemoteReference? Parse(string text)
    {
        string url = text.StartsWith("git::", StringComparison.Ordinal) ? text[5..] : text;
        if (!LooksRemote().IsMatch(url))
        {
            return null;
        }

        string printable = WithoutSecrets(url);
        Refuse(url, printable);
        (string address, string revision) = SplitQuery(url);
        (string repository, string path) = SplitPath(address);
        if (repository.StartsWith("gh:", StringComparison.OrdinalIgnoreCase) || repository.StartsWith("github.com", StringComparison.OrdinalIgnoreCase))
        {
            repository = $"https://github.com/{repository[(repository.StartsWith('g') && repository[2] == ':' ? 3 : 11)..]}";
        }

        return new RemoteReference(new SourceRef(repository, revision), path, printable);
    }

    /// <summary>Whether the text is the URL of a single manifest rather than of a repository.</summary>
    public static bool IsFile(string text) =>
        IsHttp(text) && (text.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".json", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the text is a URL of the web, which is never read as a file.</summary>
    public static bool IsHttp(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The URL as it may appear in messages: no user, no password, no query.</summary>
    public static string WithoutSecrets(string url)
    {
        int query = url.AsSpan().IndexOfAny('?', '#');
        string address = query < 0 ? url : url[..query];
        return Credentials().Replace(address, "$1");
    }

    private static void Refuse(string url, string printable)
    {
        string host = Scheme().Replace(url, string.Empty);
        int at = host.IndexOf('@', StringComparison.Ordinal);
        bool smuggled = host.StartsWith('-') || (at >= 0 && host.AsSpan(at + 1).StartsWith("-")) || url.Any(char.IsControl)
            || url.Contains("--upload-pack", StringComparison.Ordinal) || url.Contains("ext::", StringComparison.Ordinal);
        if (smuggled)
        {
            throw new RenderException($"'{printable}' is refused: it smuggles an option into git");
        }

        (_, string revision) = SplitQuery(url);
        if (revision.StartsWith('-'))
        {
            throw new RenderException($"'{printable}' is refused: its ref begins with a dash and would be an option to git");
        }
    }

    private static (string Address, string Revision) SplitQuery(string url)
    {
        int query = url.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return (url, string.Empty);
        }

        string revision = string.Empty;
        foreach (string pair in url[(query + 1)..].Split('&'))
        {
            if (pair.StartsWith("ref=", StringComparison.Ordinal) || (pair.StartsWith("version=", StringComparison.Ordinal) && revision.Length == 0))
            {
                revision = Uri.UnescapeDataString(pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            }
        }

        return (url[..query], revision);
    }

    private static (string Repository, string Path) SplitPath(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        int start = scheme < 0 ? 0 : scheme + 3;
        int marker = address.IndexOf("//", start, StringComparison.Ordinal);
        if (marker >= 0)
        {
            return (address[..marker], address[(marker + 2)..].Trim('/'));
        }

        int git = address.IndexOf(".git/", start, StringComparison.Ordinal);
        if (git >= 0)
        {
            return (address[..(git + 4)], address[(git + 5)..].Trim('/'));
        }

        // Without a marker the repository is host/organisation/name.
        int at = address.IndexOfAny([':', '/'], start);
        for (int i = 0; i < 2 && at >= 0; i++)
        {
            at = address.IndexOf('/', at + 1);
        }

        return at < 0 ? (address, string.Empty) : (address[..at], address[(at + 1)..].Trim('/'));
    }

    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9_.-]+@[^/:]+[:/]|github\.com[/:]|gh:|ext::|--)", RegexOptions.IgnoreCase)]
    private static partial Regex LooksRemote();

    [GeneratedRegex(@"((?:^|://))[^/@]*@")]
    private static partial Regex Credentials();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://")]
    private static partial Regex Scheme();
}
