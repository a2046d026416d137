using System.Globalization;
using System.Net;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Proxying;

/// <summary>
/// The subresource proxy of services, pods and nodes: requests are handed on to what answers there. Nothing does where nodes are simulated,
/// and those who ask are told so.
/// </summary>
internal sealed class ProxyEndpoints(ResourceService service, ServiceLookup services)
{
    /// <summary>What <c>[scheme:]name[:port]</c> names.</summary>
    private readonly record struct Named(string Scheme, string Name, string Port)
    {
        public static Named Parse(ServedKind kind, string text) => text.Split(':') switch
        {
            [var name] => new Named(string.Empty, name, string.Empty),
            [var name, var port] => new Named(string.Empty, name, port),
            [var scheme and ("" or "http" or "https"), { Length: > 0 } name, var port] => new Named(scheme, name, port),
            _ => throw ApiErrors.BadRequest($"invalid {kind.Singular} request \"{text}\""),
        };
    }

    /// <exception cref="ApiException">503 where nothing answers, 404 where nothing is.</exception>
    public async Task<ApiResponse> AnswerAsync(ApiRequest request, ServedKind kind, RequestTarget target, CancellationToken cancellationToken)
    {
        Named named = Named.Parse(kind, target.Name);
        (string host, int port) = kind.Plural switch
        {
            "services" => OfService(named, target),
            "pods" => OfPod(kind, named, target.Namespace ?? string.Empty),
            _ => throw Unreachable(ObjectMeta.Name(service.Get(kind, string.Empty, named.Name).Node)),
        };
        string query = request.Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? request.Target[at..] : string.Empty;
        string path = PathOf(request, target) is { Length: > 0 } asked ? ProxiedPath.Clean(asked) : string.Empty;
        if (path.Length == 0 && request.Method is "GET" or "HEAD" && !request.IsUpgrade)
        {
            // Links that are relative would otherwise lead beside what is proxied.
            return new ApiResponse(301, string.Empty, default) { Headers = [new("Location", request.Path + "/" + query)] };
        }

        // Who answers has no certificate that could be checked by the name of a Service.
        ServerTarget server = new(host, host, port) { IsPlain = named.Scheme != "https", SkipsVerification = true };
        string below = path.Length > 0 && request.Path.EndsWith(path, StringComparison.Ordinal) ? request.Path[..^path.Length] : request.Path;
        OnwardRequest onward = new(server, ProxiedPath.Escape(path.Length == 0 ? "/" : path) + query) { Host = request.Host, Prefix = ProxiedPath.Escape(below) };
        try
        {
            return await ReverseProxy.HandOnAsync(request, onward, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw Unavailable($"error trying to reach service: {ServiceConnections.Describe(e, server)}");
        }
    }

    /// <summary>The path that the client wants of whom it asks; empty when not even a slash follows the subresource.</summary>
    public static string PathOf(ApiRequest request, RequestTarget target) => request.Path.EndsWith('/')
        ? target.Rest.Length > 0 ? $"/{target.Rest}/" : "/"
        : target.Rest.Length > 0 ? $"/{target.Rest}" : string.Empty;

    private (string Host, int Port) OfService(Named named, RequestTarget target)
    {
        string @namespace = target.Namespace ?? string.Empty;
        MapNode found = service.Get(service.Kinds.Current.Find(string.Empty, "v1", "services")!, @namespace, named.Name).Node;
        string portName = named.Port;
        if (long.TryParse(named.Port, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            Node port = (found.At("spec", "ports")?.AsList() ?? []).FirstOrDefault(item => item["port"]?.AsInteger() == number)
                ?? throw Unavailable($"no service port {number} found for service \"{named.Name}\"");
            portName = port["name"]?.AsString() ?? string.Empty;
        }

        ServiceAddress address = services.FindProxied(@namespace, named.Name, portName);
        return address.State switch
        {
            ServiceState.Found => (address.Host, address.Port),
            ServiceState.NoSlices => throw Unavailable($"no endpoints available for service \"{named.Name}\""),
            ServiceState.Simulated => throw Unreachable($"service \"{named.Name}\""),
            _ => throw Unavailable($"no endpoints available for service \"{target.Name}\""),
        };
    }

    private (string Host, int Port) OfPod(ServedKind kind, Named named, string @namespace)
    {
        MapNode pod = service.Get(kind, @namespace, named.Name).Node;
        string address = pod.At("status", "podIP")?.AsString() ?? string.Empty;
        if (!IPAddress.TryParse(address, out IPAddress? ip) || IPAddress.IsLoopback(ip) || ip.IsIPv6LinkLocal || ip.IsIPv6Multicast)
        {
            throw ApiErrors.BadRequest("address not allowed");
        }

        if (services.IsSimulated(pod))
        {
            throw Unreachable(address);
        }

        IEnumerable<Node> ports = (pod.At("spec", "containers")?.AsList() ?? []).Select(container => container["ports"]?.AsList()?.FirstOrDefault()).OfType<Node>();
        string port = named.Port.Length > 0 ? named.Port : (ports.FirstOrDefault()?["containerPort"]?.AsInteger() ?? (named.Scheme == "https" ? 443 : 80)).ToString(CultureInfo.InvariantCulture);
        return int.TryParse(port, CultureInfo.InvariantCulture, out int number) && number is > 0 and < 65536
            ? (address, number)
            : throw Unavailable($"error trying to reach service: dial tcp: lookup tcp/{port}: unknown port");
    }

    private static ApiException Unreachable(string what) => Unavailable($"error trying to reach service: {what} runs nothing: the nodes of this cluster are simulated");

    private static ApiException Unavailable(string message) => new(503, "ServiceUnavailable", message);
}
