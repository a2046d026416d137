using Bowline.Notifications.Model;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Configuration;

/// <summary>An entry of <c>subscriptions</c>: who is told of every application that the selector chooses.</summary>
internal sealed record DefaultSubscription(IReadOnlyList<Destination> Recipients, IReadOnlyList<string> Triggers, LabelSelector Selector);

/// <summary>
/// Reads subscriptions of annotations: <c>notifications.argoproj.io/subscribe.TRIGGER.SERVICE: a;b</c>, without a trigger for the
/// default ones, <c>notifications.argoproj.io/subscriptions</c> as YAML, and the older
/// <c>TRIGGER.recipients.argocd-notifications.argoproj.io: service:recipient,…</c>.
/// </summary>
internal static class Subscriptions
{
    private const string Single = "notifications.argoproj.io/subscribe.";
    private const string Several = "notifications.argoproj.io/subscriptions";
    private const string Legacy = "recipients.argocd-notifications.argoproj.io";

    /// <param name="defaults">The triggers of a subscription by a service that names none.</param>
    /// <exception cref="NotificationException">The YAML of an annotation is broken; the others have been read.</exception>
    public static void Read(Node? annotations, Func<string, IReadOnlyList<string>> defaults, Destinations into)
    {
        NotificationException? broken = null;
        foreach ((string key, Node node) in annotations as MapNode ?? [])
        {
            string value = node.AsString() ?? string.Empty;
            if (key.StartsWith(Single, StringComparison.Ordinal))
            {
                ReadSingle(key[Single.Length..].Split('.'), value, defaults, into);
            }
            else if (key.StartsWith(Several, StringComparison.Ordinal))
            {
                try
                {
                    ReadSeveral(value, defaults, into);
                }
                catch (YamlException failed)
                {
                    broken = new NotificationException($"annotation {key}: {failed.Reason}", failed);
                }
            }
            else if (key.EndsWith(Legacy, StringComparison.Ordinal))
            {
                ReadLegacy(key[..^Legacy.Length].TrimEnd('.'), value, defaults, into);
            }
        }

        if (broken is not null)
        {
            throw broken;
        }
    }

    private static void ReadSingle(string[] parts, string value, Func<string, IReadOnlyList<string>> defaults, Destinations into)
    {
        string service = parts.Length >= 2 ? parts[1] : parts[0];
        string trigger = parts.Length >= 2 ? parts[0] : string.Empty;
        IEnumerable<string> recipients = value.Length == 0 ? [string.Empty] : value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (string recipient in recipients)
        {
            Add(trigger.Length > 0 ? [trigger] : defaults(service), new Destination(service, recipient), into);
        }
    }

    private static void ReadSeveral(string yaml, Func<string, IReadOnlyList<string>> defaults, Destinations into)
    {
        foreach (Node subscription in YamlReader.Read(yaml) as ListNode ?? [])
        {
            string[] triggers = [.. Texts(subscription["trigger"])];
            foreach (Node destination in subscription["destinations"] as ListNode ?? [])
            {
                string service = destination["service"]?.AsString() ?? string.Empty;
                string[] recipients = [.. Texts(destination["recipients"])];
                foreach (string recipient in recipients.Length > 0 ? recipients : [string.Empty])
                {
                    Add(triggers.Length > 0 ? triggers : defaults(service), new Destination(service, recipient), into);
                }
            }
        }
    }

    private static void ReadLegacy(string trigger, string value, Func<string, IReadOnlyList<string>> defaults, Destinations into)
    {
        foreach (string recipient in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            Destination destination = Destination.Parse(recipient);
            Add(trigger.Length > 0 ? [trigger] : defaults(destination.Service), destination, into);
        }
    }

    private static void Add(IEnumerable<string> triggers, Destination destination, Destinations into)
    {
        foreach (string trigger in triggers)
        {
            into.Add(trigger, destination);
        }
    }

    private static IEnumerable<string> Texts(Node? list) => (list as ListNode ?? []).Select(item => item.AsString() ?? string.Empty).Where(text => text.Length > 0);
}
