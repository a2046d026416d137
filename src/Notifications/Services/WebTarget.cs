using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>Addresses that notifications go to: of the web only, printed without what may be secret in them.</summary>
internal static class WebTarget
{
    /// <exception cref="NotificationException">Not an http(s) address. The message does not repeat it: tokens stand in addresses.</exception>
    public static Uri Parse(string name, string text) =>
        !text.Any(char.IsControl) && Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && IsWeb(address)
            ? address
            : throw new NotificationException($"{name} is not an http or https address");

    public static bool IsWeb(Uri address) => address.Scheme is "http" or "https" && address.Host.Length > 0;

    public static bool SameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.IdnHost, right.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Scheme, host and port: paths of chat webhooks are secrets.</summary>
    public static string Printable(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
