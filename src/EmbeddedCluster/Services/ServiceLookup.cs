using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Services;

/// <summary>Whether something stands behind a Service's port.</summary>
internal enum ServiceState
{
    Found,
    NoService,
    NoPort,
    NoSlices,
    NoEndpoints,

    /// <summary>Only simulated pods, which nothing can be sent to.</summary>
    Simulated,
}

/// <summary>Where requests to a Service go.</summary>
/// <param name="Host">The address of one of its endpoints, or its external name.</param>
/// <param name="PortName">What its slices call the port.</param>
internal readonly record struct ServiceAddress(ServiceState State, string Host, int Port, string PortName);

/// <summary>
/// Resolves Services. One stands for an address of its EndpointSlices, or for its external name; there is no network of pods here,
/// so endpoints that are simulated pods cannot be called.
/// </summary>
internal sealed class ServiceLookup(ObjectStore store, Func<MapNode, bool> isSimulatedNode)
{
    private const string Slices = "endpointslices.discovery.k8s.io";

    public ServiceAddress Find(string @namespace, string name, long port)
    {
        if (store.Get("services", @namespace, name) is not { } service)
        {
            return new ServiceAddress(ServiceState.NoService, string.Empty, 0, string.Empty);
        }

        if (service.Node.At("spec", "type")?.AsString() == "ExternalName")
        {
            return new ServiceAddress(ServiceState.Found, service.Node.At("spec", "externalName")?.AsString() ?? string.Empty, (int)port, string.Empty);
        }

        return (service.Node.At("spec", "ports")?.AsList() ?? []).FirstOrDefault(item => item["port"]?.AsInteger() == port) is { } found
            ? Endpoint(@namespace, name, found["name"]?.AsString() ?? string.Empty, static _ => true)
            : new ServiceAddress(ServiceState.NoPort, string.Empty, 0, string.Empty);
    }

    /// <summary>
    /// Where kube-apiserver's proxy to a Service leads: to one of its endpoints, not to external names; an address that a pod of the namespace is
    /// said to have has to be that pod's.
    /// </summary>
    /// <param name="portName">As the Service calls its port; empty for one without a name.</param>
    public ServiceAddress FindProxied(string @namespace, string name, string portName) => Endpoint(@namespace, name, portName, endpoint =>
        endpoint["targetRef"] is not MapNode of || HasAddress(@namespace, of, endpoint["addresses"]?.AsList()?.FirstOrDefault()?.AsString() ?? string.Empty));

    public bool IsSimulated(MapNode pod) => OnSimulatedNode(pod.At("spec", "nodeName")?.AsString() ?? string.Empty);

    private bool HasAddress(string @namespace, MapNode target, string ip) =>
        target["kind"]?.AsString() == "Pod" && target["namespace"]?.AsString() == @namespace
        && store.Get("pods", @namespace, target["name"]?.AsString() ?? string.Empty)?.Node.At("status", "podIPs")?.AsList()?.Any(own => own["ip"]?.AsString() == ip) == true;

    private ServiceAddress Endpoint(string @namespace, string service, string portName, Func<Node, bool> isMeant)
    {
        ServiceState state = ServiceState.NoSlices;
        foreach (StoredObject slice in store.Snapshot(Slices).In(@namespace).Where(slice => slice.Node.At("metadata", "labels", "kubernetes.io/service-name")?.AsString() == service))
        {
            state = state == ServiceState.NoSlices ? ServiceState.NoEndpoints : state;
            Node? port = (slice.Node["ports"]?.AsList() ?? []).FirstOrDefault(item => (item["name"]?.AsString() ?? string.Empty) == portName);
            foreach (Node endpoint in (slice.Node["endpoints"]?.AsList() ?? []).Where(item => item.At("conditions", "ready")?.AsBool() != false))
            {
                if (IsSimulated(@namespace, endpoint))
                {
                    state = ServiceState.Simulated;
                }
                else if (port?["port"]?.AsInteger() is { } number && endpoint["addresses"]?.AsList() is [var address, ..] && isMeant(endpoint))
                {
                    return new ServiceAddress(ServiceState.Found, address.AsString() ?? string.Empty, (int)number, portName);
                }
            }
        }

        return new ServiceAddress(state, string.Empty, 0, portName);
    }

    private bool IsSimulated(string @namespace, Node endpoint)
    {
        string nodeName = endpoint["nodeName"]?.AsString() ?? string.Empty;
        if (nodeName.Length == 0 && endpoint.At("targetRef", "kind")?.AsString() == "Pod")
        {
            nodeName = store.Get("pods", @namespace, endpoint.At("targetRef", "name")?.AsString() ?? string.Empty)?.Node.At("spec", "nodeName")?.AsString() ?? string.Empty;
        }

        return OnSimulatedNode(nodeName);
    }

    private bool OnSimulatedNode(string nodeName) =>
        nodeName.Length > 0 && store.Get("nodes", string.Empty, nodeName) is { } node && isSimulatedNode(node.Node);
}
