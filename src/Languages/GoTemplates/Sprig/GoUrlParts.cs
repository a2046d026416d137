using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>net/url's URL: its parts unescaped, written back escaped as Go escapes each part.</summary>
internal sealed record GoUrlParts
{
    private const string PathSafe = "-_.~$&+,/:;=@!*'()";
    private const string HostSafe = "-_.~!$&'()*+,;=:[]<>\"";

    public string Scheme { get; init; } = string.Empty;

    public string Opaque { get; init; } = string.Empty;

    /// <summary>Already escaped; null when there is none.</summary>
    public string? UserInfo { get; init; }

    public string Host { get; init; } = string.Empty;

    public string Path { get; init; } = string.Empty;

    public string RawPath { get; init; } = string.Empty;

    public string Query { get; init; } = string.Empty;

    public bool ForceQuery { get; init; }

    public string Fragment { get; init; } = string.Empty;

    public string Hostname
    {
        get
        {
            int colon = Host.LastIndexOf(':');
            string name = colon >= 0 && Host.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? Host[..colon] : Host;
            return name.StartsWith('[') && name.EndsWith(']') ? name[1..^1] : name;
        }
    }

    /// <exception cref="GoError">Go's reason why the text is no URL.</exception>
    public static GoUrlParts Parse(string text)
    {
        if (text.Any(c => c < ' ' || c == 0x7F))
        {
            throw new GoError("net/url: invalid control character in URL");
        }

        int hash = text.IndexOf('#', StringComparison.Ordinal);
        string fragment = hash < 0 ? string.Empty : Unescape(text[(hash + 1)..], isHost: false);
        GoUrlParts url = ParseWithoutFragment(hash < 0 ? text : text[..hash]);
        return url with { Fragment = fragment };
    }

    public override string ToString()
    {
        string text = Scheme.Length > 0 ? Scheme + ":" : string.Empty;
        if (Opaque.Length > 0)
        {
            text += Opaque;
        }
        else
        {
            text += Authority() + PathText(text.Length == 0);
        }

        text += ForceQuery || Query.Length > 0 ? "?" + Query : string.Empty;
        return Fragment.Length > 0 ? text + "#" + GoUrl.Escape(Fragment, PathSafe + "?") : text;
    }

    private string Authority()
    {
        if (Scheme.Length == 0 && Host.Length == 0 && UserInfo is null)
        {
            return string.Empty;
        }

        string slashes = Host.Length > 0 || Path.Length > 0 || UserInfo is not null ? "//" : string.Empty;
        return slashes + (UserInfo is null ? string.Empty : UserInfo + "@") + GoUrl.Escape(Host, HostSafe);
    }

    private string PathText(bool atStart)
    {
        string path = RawPath.Length > 0 && TryUnescape(RawPath) == Path ? RawPath : Path == "*" ? "*" : GoUrl.Escape(Path, "-_.~$&+,/:;=@");
        if (path.Length > 0 && path[0] != '/' && Host.Length > 0)
        {
            return "/" + path;
        }

        // A relative path whose first segment has a colon would read as a scheme.
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        return atStart && Host.Length == 0 && colon >= 0 && path.IndexOf('/', StringComparison.Ordinal) is var slash && (slash < 0 || colon < slash) ? "./" + path : path;
    }

    private static GoUrlParts ParseWithoutFragment(string text)
    {
        (string scheme, string rest) = SplitScheme(text);
        GoUrlParts url = new() { Scheme = scheme.ToLowerInvariant() };
        if (rest.EndsWith('?') && rest.Count(c => c == '?') == 1)
        {
            rest = rest[..^1];
            url = url with { ForceQuery = true };
        }
        else if (rest.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0)
        {
            url = url with { Query = rest[(mark + 1)..] };
            rest = rest[..mark];
        }

        if (!rest.StartsWith('/'))
        {
            if (url.Scheme.Length > 0)
            {
                return url with { Opaque = rest };
            }

            if (rest.Split('/')[0].Contains(':', StringComparison.Ordinal))
            {
                throw new GoError("first path segment in URL cannot contain colon");
            }
        }

        if (rest.StartsWith("//", StringComparison.Ordinal) && (url.Scheme.Length > 0 || !rest.StartsWith("///", StringComparison.Ordinal)))
        {
            int slash = rest.IndexOf('/', 2);
            url = url.WithAuthority(slash < 0 ? rest[2..] : rest[2..slash]);
            rest = slash < 0 ? string.Empty : rest[slash..];
        }

        string path = Unescape(rest, isHost: false);
        return url with { Path = path, RawPath = GoUrl.Escape(path, "-_.~$&+,/:;=@") == rest ? string.Empty : rest };
    }

    private static (string Scheme, string Remainder) SplitScheme(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsAsciiLetter(c))
            {
                continue;
            }

            if (char.IsAsciiDigit(c) || c is '+' or '-' or '.')
            {
                if (i == 0)
                {
                    return (string.Empty, text);
                }
            }
            else if (c == ':')
            {
                return i == 0 ? throw new GoError("missing protocol scheme") : (text[..i], text[(i + 1)..]);
            }
            else
            {
                return (string.Empty, text);
            }
        }

        return (string.Empty, text);
    }

    private GoUrlParts WithAuthority(string authority)
    {
        int at = authority.LastIndexOf('@');
        string host = ParseHost(authority[(at + 1)..]);
        if (at < 0)
        {
            return this with { Host = host };
        }

        string info = authority[..at];
        if (info.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-._:~!$&'()*+,;=%@".Contains(c, StringComparison.Ordinal)))
        {
            throw new GoError("net/url: invalid userinfo");
        }

        string[] parts = info.Split(':', 2);
        IEnumerable<string> escaped = parts.Select(part => GoUrl.Escape(Unescape(part, isHost: false), "-_.~$&+,;="));
        return this with { Host = host, UserInfo = string.Join(':', escaped) };
    }

    private static string ParseHost(string host)
    {
        if (host.StartsWith('['))
        {
            int close = host.LastIndexOf(']');
            if (close < 0)
            {
                throw new GoError("missing ']' in host");
            }

            CheckPort(host[(close + 1)..]);
        }
        else if (host.LastIndexOf(':') is var colon and >= 0)
        {
            CheckPort(host[colon..]);
        }

        return Unescape(host, isHost: true);
    }

    private static void CheckPort(string port)
    {
        if (port.Length > 0 && (port[0] != ':' || port.AsSpan(1).IndexOfAnyExceptInRange('0', '9') >= 0))
        {
            throw new GoError($"invalid port {GoText.Quote(port)} after host");
        }
    }

    private static string? TryUnescape(string text)
    {
        try
        {
            return Unescape(text, isHost: false);
        }
        catch (GoError)
        {
            return null;
        }
    }

    private static string Unescape(string text, bool isHost)
    {
        if (isHost && text.FirstOrDefault(c => c < 0x80 && !char.IsAsciiLetterOrDigit(c) && c != '%' && !HostSafe.Contains(c, StringComparison.Ordinal)) is var bad and not '\0')
        {
            throw new GoError($"invalid character {GoText.Quote(bad.ToString())} in host name");
        }

        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }

        List<byte> bytes = [];
        byte[] source = GoText.ToBytes(text);
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] != '%')
            {
                bytes.Add(source[i]);
                continue;
            }

            if (i + 2 >= source.Length || !char.IsAsciiHexDigit((char)source[i + 1]) || !char.IsAsciiHexDigit((char)source[i + 2]))
            {
                string escape = GoText.FromBytes(source.AsSpan(i, Math.Min(3, source.Length - i)));
                throw new GoError($"invalid URL escape {GoText.Quote(escape)}");
            }

            bytes.Add(byte.Parse([(char)source[i + 1], (char)source[i + 2]], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            i += 2;
        }

        return GoText.FromBytes([.. bytes]);
    }
}
