using System.Collections.Frozen;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>The kinds of services that there are.</summary>
internal static class ServiceRegistry
{
    private static readonly FrozenDictionary<string, Func<ServiceOptions, TimeProvider, INotificationService>> Types = new Dictionary<string, Func<ServiceOptions, TimeProvider, INotificationService>>
    {
        ["webhook"] = static (options, time) => new WebhookService(options, time),
        ["slack"] = static (options, time) => new SlackService(options, time),
        ["email"] = static (options, time) => new EmailService(options, time),
        ["teams"] = ChatService.Teams,
        ["googlechat"] = ChatService.GoogleChat,
        ["mattermost"] = ChatService.Mattermost,
        ["telegram"] = static (options, time) => ChatService.Telegram(options, time),
        ["grafana"] = ChatService.Grafana,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Those of Argo CD that Bowline does not speak.</summary>
    private static readonly string[] Foreign =
    [
        "alertmanager", "awssqs", "console", "datadog", "github", "gitlab", "kafka", "matrix", "nats", "newrelic", "opsgenie", "pagerduty", "pagerdutyv2",
        "pubsub", "pushover", "rocketchat", "teams-workflows", "webex",
    ];

    /// <exception cref="NotificationException">There is no such kind here, or its settings cannot be meant.</exception>
    public static INotificationService Create(string type, ServiceOptions options, TimeProvider time) =>
        Types.TryGetValue(type, out Func<ServiceOptions, TimeProvider, INotificationService>? create) ? create(options, time)
        : throw new NotificationException(Foreign.Contains(type)
            ? $"Bowline does not send to {type}; it sends to {string.Join(", ", Types.Keys.Order(StringComparer.Ordinal))}, and a webhook often does the same"
            : $"service type '{type}' is not supported");
}
