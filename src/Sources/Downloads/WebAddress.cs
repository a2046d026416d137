using Bowline.Sources.Files;

namespace Bowline.Sources.Downloads;

/// <summary>Addresses of the web: what may be fetched, what may be printed, and which of them are one origin.</summary>
public static class WebAddress
{
    private const int MaxLength = 8192;

    /// <exception cref="SourceException">Not an absolute http or https address.</exception>
    public static Uri Parse(string text) =>
        text.Length <= MaxLength && !text.Any(char.IsControl) && Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && IsWeb(address)
            ? address
            : throw new SourceException("not an http or https address: " + Printable(text));

    public static bool IsWeb(Uri address) => address.Scheme is "http" or "https" && address.Host.Length > 0;

    /// <summary>Same scheme, host and port: the only place that credentials may go to.</summary>
    public static bool SameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.IdnHost, right.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Without user, password and query: signed addresses carry their secret there.</summary>
    public static string Redact(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    internal static Uri WithoutUser(Uri address) => address.UserInfo.Length == 0 ? address : new UriBuilder(address) { UserName = string.Empty, Password = string.Empty }.Uri;

    private static string Printable(string text) =>
        new([.. (text.Contains('@', StringComparison.Ordinal) ? text[(text.LastIndexOf('@') + 1)..] : text).Take(200).Select(c => char.IsControl(c) ? '\uFFFD' : c)]);
}
