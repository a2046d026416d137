using System.Globalization;

namespace Bowline.Resources.Model;

/// <summary>Times as Kubernetes' objects hold them (<c>metav1.Time</c>): RFC 3339 in UTC, in whole seconds.</summary>
public static class Timestamp
{
    /// <returns>As in <c>2026-11-29T23:22:38Z</c>.</returns>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
