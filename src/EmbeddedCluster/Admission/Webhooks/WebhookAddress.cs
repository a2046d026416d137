using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>Where a webhook's server is.</summary>
/// <param name="Url">What is asked, and what messages show; its host is the name that the certificate has to bear.</param>
/// <param name="Host">What is dialled: for a Service, the address of one of its endpoints.</param>
internal sealed record WebhookAddress(Uri Url, string Host, int Port);

/// <summary>
/// Resolves a client configuration. A Service stands for an address of its EndpointSlices, or for its external name; there is
/// no network of pods here, so endpoints that are simulated pods cannot be called.
/// </summary>
internal sealed class WebhookResolver(ObjectStore store, WebhookSettings settings)
{
    /// <exception cref="WebhookCallException">No such Service, or none of its endpoints is ready.</exception>
    /// <exception cref="WebhookUnreachableException">Only simulated pods stand behind it.</exception>
    public WebhookAddress Resolve(Webhook hook)
    {
        if (hook.ClientConfig?["service"] is MapNode service)
        {
            return ResolveService(hook, service);
        }

        string text = hook.ClientConfig?["url"]?.AsString() ?? string.Empty;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme != "https")
        {
            throw new WebhookCallException($"could not get REST client: url must be https: \"{text}\"");
        }

        return new WebhookAddress(url, url.Host, url.Port);
    }

    private WebhookAddress ResolveService(Webhook hook, MapNode reference)
    {
        string @namespace = reference["namespace"]?.AsString() ?? string.Empty;
        string name = reference["name"]?.AsString() ?? string.Empty;
        long port = reference["port"]?.AsInteger() ?? 443;
        string path = (reference["path"]?.AsString() ?? string.Empty).TrimStart('/');
        Uri url = new($"https://{name}.{@namespace}.svc:{port}/{path}");
        StoredObject? service = store.Get("services", @namespace, name);
        if (service is null)
        {
            throw Missing(hook, url, $"service \"{name}\" not found");
        }

        if (service.Node.At("spec", "type")?.AsString() == "ExternalName")
        {
            return new WebhookAddress(url, service.Node.At("spec", "externalName")?.AsString() ?? string.Empty, (int)port);
        }

        MapNode? servicePort = (service.Node.At("spec", "ports")?.AsList() ?? []).OfType<MapNode>().FirstOrDefault(item => item["port"]?.AsInteger() == port)
            ?? throw Missing(hook, url, $"no service port {port} found for service \"{name}\"");
        return Endpoint(url, @namespace, name, servicePort["name"]?.AsString() ?? string.Empty, hook)
            ?? throw Missing(hook, url, $"no endpoints available for service \"{name}\"");
    }

    private WebhookAddress? Endpoint(Uri url, string @namespace, string service, string portName, Webhook hook)
    {
        bool simulated = false;
        foreach (StoredObject slice in store.Snapshot("endpointslices.discovery.k8s.io").In(@namespace))
        {
            if (slice.Node.At("metadata", "labels", "kubernetes.io/service-name")?.AsString() != service)
            {
                continue;
            }

            Node? port = (slice.Node["ports"]?.AsList() ?? []).FirstOrDefault(item => (item["name"]?.AsString() ?? string.Empty) == portName);
            foreach (Node endpoint in (slice.Node["endpoints"]?.AsList() ?? []).Where(item => item.At("conditions", "ready")?.AsBool() != false))
            {
                if (IsSimulated(@namespace, endpoint))
                {
                    simulated = true;
                }
                else if (port?["port"]?.AsInteger() is { } number && endpoint["addresses"]?.AsList() is [var address, ..])
                {
                    return new WebhookAddress(url, address.AsString() ?? string.Empty, (int)number);
                }
            }
        }

        return simulated ? throw new WebhookUnreachableException($"admission webhook \"{hook.Name}\" was not called: the pods of service {@namespace}/{service} are simulated") : null;
    }

    private bool IsSimulated(string @namespace, Node endpoint)
    {
        string nodeName = endpoint["nodeName"]?.AsString() ?? string.Empty;
        if (nodeName.Length == 0 && endpoint.At("targetRef", "kind")?.AsString() == "Pod")
        {
            nodeName = store.Get("pods", @namespace, endpoint.At("targetRef", "name")?.AsString() ?? string.Empty)?.Node.At("spec", "nodeName")?.AsString() ?? string.Empty;
        }

        return nodeName.Length > 0 && store.Get("nodes", string.Empty, nodeName) is { } node && settings.IsSimulatedNode(node.Node);
    }

    private Exception Missing(Webhook hook, Uri url, string why) => settings.AssumeServices
        ? new WebhookUnreachableException($"admission webhook \"{hook.Name}\" was not called: {why}")
        : new WebhookCallException($"failed to call webhook: Post \"{url}?timeout={(int)hook.Timeout.TotalSeconds}s\": {why}");
}
