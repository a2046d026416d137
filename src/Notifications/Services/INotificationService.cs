using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>A way of telling people: one <c>service.…</c> of the configuration.</summary>
internal interface INotificationService
{
    /// <exception cref="NotificationException">It was not delivered.</exception>
    Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken);
}
