using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

internal sealed class CelUrl(GoUrlParts parts) : CelLibraryValue
{
    public static readonly CelType UrlType = CelType.Opaque("kubernetes.URL");

    public GoUrlParts Parts => parts;

    public override CelType Type => UrlType;

    public override bool IsSame(CelLibraryValue other) => other is CelUrl url && url.ToString() == ToString();

    public override string ToString() => parts.ToString();
}

/// <summary>url(), isURL() and the parts of a URL.</summary>
internal static class UrlFunctions
{
    private const string Type = "kubernetes.URL";

    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.AddType(Type, CelUrl.UrlType);
        library.Add($"url(string): {Type}", (_, a) => Parse(a.Text(0), out string error) is { } parts ? new CelUrl(parts) : Fail($"URL parse error during conversion from string: {error}"));
        library.Add("isURL(string): bool", (run, a) => BoolNode.Of(Parse(a.Text(0), out _) is not null));
        library.Add($"{Type} getScheme(): string", (_, a) => StringNode.Of(Of(a).Scheme));
        library.Add($"{Type} getHost(): string", (_, a) => StringNode.Of(Of(a).Host));
        library.Add($"{Type} getHostname(): string", (_, a) => StringNode.Of(Of(a).Hostname));
        library.Add($"{Type} getPort(): string", (_, a) => StringNode.Of(Port(Of(a).Host)));
        library.Add($"{Type} getEscapedPath(): string", (_, a) => StringNode.Of(EscapedPath(Of(a))));
        library.Add($"{Type} getQuery(): map<string, list<string>>", (_, a) => Query(Of(a).Query));
        return library;
    }

    /// <summary>url.ParseRequestURI: an absolute URL or an absolute path.</summary>
    public static GoUrlParts? Parse(string text, out string error)
    {
        error = $"parse {Resources.Json.JsonWriter.ToText(text)}: invalid URI for request";
        try
        {
            if (text.Length == 0)
            {
                error = "parse \"\": empty url";
                return null;
            }

            // A request has no fragment: '#' belongs to what comes before it.
            GoUrlParts parts = GoUrlParts.Parse(text.Replace("#", "%23", StringComparison.Ordinal));
            return parts.Scheme.Length > 0 || text.StartsWith('/') ? parts : null;
        }
        catch (GoError failure)
        {
            error = $"parse {Resources.Json.JsonWriter.ToText(text)}: {failure.Message}";
            return null;
        }
    }

    private static GoUrlParts Of(Node[] a) => ((CelUrl)a[0]).Parts;

    /// <summary>As written where that is well escaped, else escaped anew.</summary>
    private static string EscapedPath(GoUrlParts parts)
    {
        bool valid = parts.RawPath.Length > 0 && parts.RawPath.All(c => char.IsAsciiLetterOrDigit(c) || "-_.~%!$&'()*+,;=:@[]/".Contains(c, StringComparison.Ordinal));
        return valid ? parts.RawPath : GoTemplates.Printing.GoUrl.Escape(parts.Path, "-_.~$&+,/:;=@");
    }

    private static string Port(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon >= 0 && !host.AsSpan(colon).Contains(']') ? host[(colon + 1)..] : string.Empty;
    }

    private static MapNode Query(string query)
    {
        MapNode found = [];
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = Unescape(equals < 0 ? pair : pair[..equals]);
            ListNode values = found[name] as ListNode ?? [];
            values.Add(equals < 0 ? string.Empty : Unescape(pair[(equals + 1)..]));
            found[name] = values;
        }

        return found;
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
