using System.Text;
using System.Text.RegularExpressions;

namespace Bowline.EmbeddedCluster.ApiServer.Proxying;

/// <summary>Paths behind a proxy, as Go's packages path and net/url clean and write them.</summary>
internal static partial class ProxiedPath
{
    // Bytes that net/url leaves as they are in a path.
    private const string Plain = "$&+,/:;=@-_.~";

    /// <summary>Without empty segments and dots; with a slash at its end where it had one.</summary>
    public static string Clean(string path)
    {
        List<string> segments = [];
        foreach (string segment in path.Split('/').Where(segment => segment is not ("" or ".")))
        {
            if (segment != "..")
            {
                segments.Add(segment);
            }
            else if (segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
        }

        return segments.Count == 0 ? "/" : $"/{string.Join('/', segments)}{(path.EndsWith('/') ? "/" : string.Empty)}";
    }

    public static string Escape(string path)
    {
        StringBuilder text = new();
        foreach (byte one in Encoding.UTF8.GetBytes(path))
        {
            if (char.IsAsciiLetterOrDigit((char)one) || Plain.Contains((char)one, StringComparison.Ordinal))
            {
                text.Append((char)one);
            }
            else
            {
                text.Append('%').Append(one.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }

    /// <summary>A link that a server behind a proxy wrote, as its readers have to follow it: below the prefix where it leads to that server, else as it is.</summary>
    /// <param name="prefix">Where the server's root is.</param>
    /// <param name="hosts">What the server is called, by the proxy and by those who ask it.</param>
    public static string Located(string link, string prefix, params ReadOnlySpan<string> hosts)
    {
        Match parts = Url().Match(link);
        string path = parts.Groups["path"].Value;
        string host = parts.Groups["host"].Value;
        bool isElsewhere = host.Length > 0 && !hosts.Contains(host);
        return isElsewhere || !path.StartsWith('/') || path.StartsWith(prefix, StringComparison.Ordinal) ? link : Clean(prefix + path) + parts.Groups["rest"].Value;
    }

    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://(?<host>[^/?#]*))?(?<path>[^?#]*)(?<rest>.*)$", RegexOptions.Singleline)]
    private static partial Regex Url();
}
