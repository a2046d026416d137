using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>One pod behind a Service.</summary>
/// <param name="Ports">The Service's ports as this pod serves them.</param>
internal sealed record ServiceEndpoint(MapNode Pod, string Address, bool Ready, bool Serving, bool Terminating, string Hostname, ListNode Ports)
{
    public string PortsKey { get; } = KeyOf(Ports.Maps());

    /// <summary>Equal for equal sets of ports.</summary>
    public static string KeyOf(IEnumerable<MapNode> ports) =>
        string.Join(',', ports.Select(port => $"{port.Text("name")}/{port.Text("protocol")}/{port.Int("port")}/{port.Text("appProtocol")}"));

    public MapNode TargetRef => new()
    {
        ["kind"] = "Pod",
        ["namespace"] = Pod.Namespace(),
        ["name"] = Pod.Name(),
        ["uid"] = Pod.Uid(),
    };
}

/// <summary>The endpoints of a Service, from which both EndpointSlices and Endpoints are made.</summary>
internal static class ServiceEndpoints
{
    /// <param name="family">The addresses to take of pods that have several, <c>IPv4</c> or <c>IPv6</c>; null for the Service's first.</param>
    public static IReadOnlyList<ServiceEndpoint> Of(MapNode service, IEnumerable<MapNode> pods, bool includeTerminating, Func<string, bool> nodeExists, string? family = null)
    {
        bool publishNotReady = service.Spec().Flag("publishNotReadyAddresses");
        List<ServiceEndpoint> endpoints = [];
        foreach (MapNode pod in pods.OrderBy(pod => pod.CreatedAt()).ThenBy(pod => pod.Name(), StringComparer.Ordinal))
        {
            string address = AddressOf(pod, family ?? service.Spec()["ipFamilies"].Strings().FirstOrDefault("IPv4"));
            bool finished = pod.Status().Text("phase") is "Succeeded" or "Failed";
            if (address.Length == 0 || finished || (pod.IsDeleting() && !includeTerminating && !publishNotReady))
            {
                continue;
            }

            if (!publishNotReady && !nodeExists(pod.Spec().Text("nodeName")))
            {
                continue;
            }

            bool serving = pod.Status().ConditionIs("Ready", "True");
            endpoints.Add(new ServiceEndpoint(pod, address, publishNotReady || (serving && !pod.IsDeleting()), serving, pod.IsDeleting(), Hostname(service, pod), Ports(service, pod)));
        }

        return endpoints;
    }

    private static string AddressOf(MapNode pod, string family)
    {
        IEnumerable<string> all = pod.Status()["podIPs"].Maps().Select(entry => entry.Text("ip")).Append(pod.Status().Text("podIP"));
        return all.FirstOrDefault(address => address.Length > 0 && address.Contains(':', StringComparison.Ordinal) == (family == "IPv6"), string.Empty);
    }

    private static string Hostname(MapNode service, MapNode pod) =>
        pod.Spec().Text("hostname") is { Length: > 0 } hostname && pod.Spec().Text("subdomain") == service.Name() ? hostname : string.Empty;

    private static ListNode Ports(MapNode service, MapNode pod)
    {
        ListNode ports = new();
        foreach (MapNode port in service.Spec()["ports"].Maps())
        {
            string protocol = port["protocol"]?.AsString() ?? "TCP";
            if (FindPort(port, pod, protocol) is not { } number)
            {
                continue;
            }

            MapNode served = new() { ["name"] = port.Text("name"), ["protocol"] = protocol, ["port"] = number };
            if (port["appProtocol"] is StringNode application)
            {
                served["appProtocol"] = application;
            }

            ports.Add(served);
        }

        return ports;
    }

    private static int? FindPort(MapNode port, MapNode pod, string protocol)
    {
        Node? target = port["targetPort"];
        if (target?.AsString() is not { } name)
        {
            return (int?)target?.AsInteger() is { } number and > 0 ? number : port.Int("port");
        }

        IEnumerable<MapNode> sidecars = pod.Spec()["initContainers"].Maps().Where(container => container.Text("restartPolicy") == "Always");
        return pod.Spec()["containers"].Maps().Concat(sidecars)
            .SelectMany(container => container["ports"].Maps())
            .Where(candidate => candidate.Text("name") == name && (candidate["protocol"]?.AsString() ?? "TCP") == protocol)
            .Select(candidate => (int?)candidate.Int("containerPort"))
            .FirstOrDefault();
    }
}
