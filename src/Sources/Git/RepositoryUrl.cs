using System.Text.RegularExpressions;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>Repository addresses as Git takes them: URLs, <c>user@host:path</c> and local paths.</summary>
public static partial class RepositoryUrl
{
    private static readonly string[] Schemes = ["https", "http", "ssh", "git", "file"];

    /// <summary>Whether two addresses name one repository: user, scheme, default port, letter case, <c>.git</c> and a final slash do not matter, as for Argo CD.</summary>
    public static bool Same(string left, string right) => string.Equals(Normalise(left), Normalise(right), StringComparison.Ordinal);

    /// <summary>What <see cref="Same"/> compares, <c>host/path</c>; of a local path its absolute form.</summary>
    public static string Normalise(string url)
    {
        string text = url.Trim();
        if (LocalPath(text) is { } path)
        {
            return TrimGit(Path.GetFullPath(path).Replace('\\', '/'));
        }

        if (ScpForm().Match(text) is { Success: true } scp)
        {
            return TrimGit($"{scp.Groups["host"].Value}/{scp.Groups["path"].Value.TrimStart('/')}").ToLowerInvariant();
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
        {
            return TrimGit(text).ToLowerInvariant();
        }

        // A port of ssh says where the daemon listens, one of http which server it is.
        string host = uri.IsDefaultPort || uri.Scheme is "ssh" or "git" ? uri.Host : $"{uri.Host}:{uri.Port}";
        return TrimGit($"{host}/{uri.AbsolutePath.TrimStart('/')}").ToLowerInvariant();
    }

    /// <summary>The folder that an address names: a path, or the path of a <c>file://</c> URL; null for anything else.</summary>
    public static string? LocalPath(string url)
    {
        if (url.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
        {
            return Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Host is "" or "localhost" ? uri.LocalPath : null;
        }

        return url.Contains("://", StringComparison.Ordinal) || ScpForm().IsMatch(url) ? null : url;
    }

    /// <summary>The address without user name, password and query, for messages.</summary>
    public static string Redact(string url) => Secrets().Replace(Queries().Replace(url, "$1"), "$1***@");

    /// <summary>Whether what opens one may be shown to the other: scheme, host and port are the same.</summary>
    internal static bool SameServer(string left, string right) =>
        ScpForm().Match(left) is { Success: true } scp
            ? ScpForm().Match(right) is { Success: true } other && string.Equals(scp.Groups["host"].Value, other.Groups["host"].Value, StringComparison.OrdinalIgnoreCase)
            : Uri.TryCreate(left, UriKind.Absolute, out Uri? one) && Uri.TryCreate(right, UriKind.Absolute, out Uri? two)
                && (one.Scheme, one.IdnHost, one.Port) == (two.Scheme, two.IdnHost, two.Port);

    /// <exception cref="SourceException">An address that Git would take for an option or for a program to run.</exception>
    internal static void Check(string url)
    {
        if (url.Length == 0 || url.StartsWith('-') || url.Any(char.IsControl) || url.Contains("::", StringComparison.Ordinal) && !url.Contains("://[", StringComparison.Ordinal))
        {
            throw Refused(url);
        }

        if (LocalPath(url) is not null)
        {
            return;
        }

        if (ScpForm().Match(url) is { Success: true } scp)
        {
            if (scp.Groups["user"].Value.StartsWith('-') || scp.Groups["host"].Value.StartsWith('-'))
            {
                throw Refused(url);
            }

            return;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || !Schemes.Contains(uri.Scheme) || uri.Host.StartsWith('-') || uri.UserInfo.StartsWith('-'))
        {
            throw Refused(url);
        }
    }

    private static SourceException Refused(string url) =>
        new($"{Redact(new string([.. url.Select(static c => char.IsControl(c) ? '\uFFFD' : c)]))}: not an address of a repository that can be fetched; use https, ssh, git, file or a path");

    private static string TrimGit(string text)
    {
        string trimmed = text.TrimEnd('/');
        return trimmed.EndsWith(".git", StringComparison.OrdinalIgnoreCase) && !trimmed.EndsWith("/.git", StringComparison.OrdinalIgnoreCase) ? trimmed[..^4].TrimEnd('/') : trimmed;
    }

    // host:path, where what stands before the colon has no slash and is no drive letter.
    [GeneratedRegex(@"^(?:(?<user>[^@/:\s]+)@)?(?<host>[^@/:\s\\]{2,}):(?<path>(?!//)\S.*)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex ScpForm();

    [GeneratedRegex(@"(https?://|ssh://|git://)[^/\s]*@", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Secrets();

    [GeneratedRegex(@"(https?://[^\s?#']*)[?#][^\s']*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Queries();
}
