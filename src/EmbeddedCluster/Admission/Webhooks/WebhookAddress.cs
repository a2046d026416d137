using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>Where a webhook's server is.</summary>
/// <param name="Url">What is asked, and what messages show; its host is the name that the certificate has to bear.</param>
/// <param name="Host">What is dialled: for a Service, the address of one of its endpoints.</param>
internal sealed record WebhookAddress(Uri Url, string Host, int Port);

/// <summary>Resolves a client configuration.</summary>
internal sealed class WebhookResolver(ObjectStore store, WebhookSettings settings)
{
    private readonly ServiceLookup services = new(store, settings.IsSimulatedNode);

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
        ServiceAddress found = services.Find(@namespace, name, port);
        return found.State switch
        {
            ServiceState.Found => new WebhookAddress(url, found.Host, found.Port),
            ServiceState.NoService => throw Missing(hook, url, $"service \"{name}\" not found"),
            ServiceState.NoPort => throw Missing(hook, url, $"no service port {port} found for service \"{name}\""),
            ServiceState.Simulated => throw new WebhookUnreachableException($"admission webhook \"{hook.Name}\" was not called: the pods of service {@namespace}/{name} are simulated"),
            _ => throw Missing(hook, url, $"no endpoints available for service \"{name}\""),
        };
    }

    private Exception Missing(Webhook hook, Uri url, string why) => settings.AssumeServices
        ? new WebhookUnreachableException($"admission webhook \"{hook.Name}\" was not called: {why}")
        : new WebhookCallException($"failed to call webhook: Post \"{url}?timeout={(int)hook.Timeout.TotalSeconds}s\": {why}");
}
