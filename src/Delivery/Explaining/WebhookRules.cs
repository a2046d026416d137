using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Refusals that are not about the object: a webhook that had to be asked could not be.</summary>
internal static class WebhookRules
{
    private const string Failed = "failed calling webhook \"";

    /// <summary>The configuration of the webhook that a message says could not be called; none for any other message.</summary>
    public static IEnumerable<Cause> Unreachable(string message, LiveView view)
    {
        int at = message.IndexOf(Failed, StringComparison.Ordinal);
        if (at < 0)
        {
            yield break;
        }

        string name = message[(at + Failed.Length)..].Split('"')[0];
        foreach (string kind in (string[])["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"])
        {
            foreach ((ResourceId id, MapNode node) in view.All("admissionregistration.k8s.io", kind))
            {
                if ((node["webhooks"] as ListNode ?? []).FirstOrDefault(webhook => webhook["name"]?.AsString() == name) is { } webhook)
                {
                    yield return new Cause(id, $"asks {AddressOf(webhook)}, which does not answer") { Origin = view.OriginOf(id), Fix = $"see why {AddressOf(webhook)} does not run; until it does, failurePolicy: Ignore or a narrower namespaceSelector lets others through" };
                }
            }
        }
    }

    private static string AddressOf(Node webhook) => webhook.At("clientConfig", "service") is { } service
        ? $"Service {service["namespace"]}/{service["name"]}"
        : webhook.At("clientConfig", "url")?.AsString() ?? "its webhook";
}
