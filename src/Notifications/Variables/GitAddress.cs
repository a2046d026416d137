using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Notifications.Variables;

/// <summary>Addresses of Git repositories, as Argo CD's <c>repo</c> functions take them: of a transport of Git, in scp's notation, or else a path.</summary>
internal static partial class GitAddress
{
    private static readonly string[] Transports = ["ssh", "git", "git+ssh", "http", "https", "ftp", "ftps", "rsync", "file"];

    /// <summary>The address on the web: https, without user.</summary>
    public static string ToHttps(string address)
    {
        (string host, string path, string query) = Parse(address);
        return host.Length == 0 && path.Length > 0 && path[0] != '/'
            ? $"https://{path}{query}"
            : $"https://{host}{(path.Length > 0 && path[0] != '/' ? "/" : string.Empty)}{path}{query}";
    }

    /// <summary><c>owner/name</c>, the first two parts of the path; the whole path when it has fewer.</summary>
    public static string FullName(string address)
    {
        string path = Parse(address).Path;
        path = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path;
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2 ? $"{parts[0]}/{parts[1]}" : path;
    }

    /// <returns>Host with port, path, and query with its question mark.</returns>
    /// <exception cref="GoError">Neither of these.</exception>
    private static (string Host, string Path, string Query) Parse(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && Transports.Contains(address[..scheme]))
        {
            string remaining = address[(scheme + 3)..];
            int slash = remaining.IndexOfAny(['/', '?', '#']);
            string authority = slash < 0 ? remaining : remaining[..slash];
            string path = slash < 0 ? string.Empty : remaining[slash..];
            int end = path.IndexOfAny(['?', '#']);
            return (authority[(authority.LastIndexOf('@') + 1)..], end < 0 ? path : path[..end], end < 0 ? string.Empty : path[end..]);
        }

        return Scp().Match(address) is { Success: true } scp
            ? (scp.Groups["host"].Value, scp.Groups["path"].Value, string.Empty)
            : (string.Empty, address, string.Empty);
    }

    [GeneratedRegex(@"^(?:[a-zA-Z0-9_]+@)?(?<host>[a-zA-Z0-9._-]+):(?<path>[a-zA-Z0-9./._-]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Scp();
}
