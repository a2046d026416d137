namespace Bowline.Notifications.Model;

/// <summary>
/// A notification that cannot be made or delivered, or a key of the configuration that cannot be meant. The message holds no
/// secret.
/// </summary>
public sealed class NotificationException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long whoever refused asks to wait (Retry-After).</summary>
    public TimeSpan? RetryAfter { get; init; }
}
