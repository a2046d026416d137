using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>
/// Tells of APIServices whether what they name can be reached, with kube-aggregator's reasons. Requests are not handed on to other API
/// servers here, so one that is there is told to fail its discovery check.
/// </summary>
internal sealed class AggregatedServices(ObjectStore store, TimeProvider time)
{
    private const string Collection = "apiservices.apiregistration.k8s.io";
    private const string Slices = "endpointslices.discovery.k8s.io";

    /// <summary>An APIService without a Service is served by this server, always.</summary>
    public static void MarkLocal(MapNode node, string now)
    {
        if (node.At("spec", "service") is not MapNode)
        {
            DefinitionStatus.SetCondition(node, "Available", "True", "Local", "Local APIServices are always available", now);
        }
    }

    /// <summary>Whether a group-version is somebody else's to serve.</summary>
    public bool IsRemote(string group, string version) =>
        store.Get(Collection, string.Empty, $"{version}.{group}") is { } found && found.Node.At("spec", "service") is MapNode;

    /// <summary>Looks again whenever an APIService changes, and where one names a Service, whenever Services or endpoints do.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            long seen = store.Revision;
            StoredObject[] items = [.. store.Snapshot(Collection).In(null)];
            try
            {
                Array.ForEach(items, Settle);
            }
            catch (StorageException)
            {
                // Nothing can be written now; the next change of any of them finds out whether it can be again.
            }

            Task own = store.Log(Collection).WaitAsync(seen);
            Task changed = items.Any(item => item.Node.At("spec", "service") is MapNode) ? Task.WhenAny(own, store.Log("services").WaitAsync(seen), store.Log(Slices).WaitAsync(seen)) : own;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Settle(StoredObject item)
    {
        if (item.Node["metadata"]?["deletionTimestamp"] is not null)
        {
            return;
        }

        MapNode next = (MapNode)item.Node.DeepClone();
        if (item.Node.At("spec", "service") is MapNode service)
        {
            (string reason, string message) = Fault(item.Node, service);
            DefinitionStatus.SetCondition(next, "Available", "False", reason, message, Now());
        }
        else
        {
            MarkLocal(next, Now());
        }

        if (!Node.DeepEquals(item.Node["status"], next["status"]))
        {
            ServedKind kind = KindRegistry.BuiltIn.Find("apiregistration.k8s.io", "v1", "apiservices")!;
            next = ServerSideApply.Update(item.Node, next, kind.Schema, new FieldWriter("kube-apiserver", kind.Kind.ApiVersion, "status", time.GetUtcNow()));

            // Whoever wrote in between is looked at in the next round.
            _ = store.TryPut(Collection, item, string.Empty, item.Name, next);
        }
    }

    private (string Reason, string Message) Fault(MapNode item, MapNode reference)
    {
        string @namespace = reference["namespace"]?.AsString() ?? string.Empty;
        string name = reference["name"]?.AsString() ?? string.Empty;
        long port = reference["port"]?.AsInteger() ?? 443;
        if (store.Get("services", @namespace, name) is not { } service)
        {
            return ("ServiceNotFound", $"service/{name} in \"{@namespace}\" is not present");
        }

        if (service.Node.At("spec", "type")?.AsString() == "ClusterIP")
        {
            if ((service.Node.At("spec", "ports")?.AsList() ?? []).FirstOrDefault(item => item["port"]?.AsInteger() == port) is not { } found)
            {
                return ("ServicePortError", $"service/{name} in \"{@namespace}\" is not listening on port {port}");
            }

            string portName = found["name"]?.AsString() ?? string.Empty;
            StoredObject[] slices = [.. store.Snapshot(Slices).In(@namespace).Where(slice => slice.Node.At("metadata", "labels", "kubernetes.io/service-name")?.AsString() == name)];
            if (slices.Length == 0)
            {
                return ("EndpointsNotFound", $"cannot find endpointslices for service/{name} in \"{@namespace}\"");
            }

            if (!slices.Any(slice => HasEndpoint(slice.Node, portName)))
            {
                return ("MissingEndpoints", $"endpointslices for service/{name} in \"{@namespace}\" have no addresses with port name \"{portName}\"");
            }
        }

        string url = $"https://{name}.{@namespace}.svc:{port}/apis/{item.At("spec", "group")?.AsString()}/{item.At("spec", "version")?.AsString()}";
        return ("FailedDiscoveryCheck", $"failing or missing response from {url}: the embedded API server hands no requests on to other API servers");
    }

    private static bool HasEndpoint(MapNode slice, string portName) =>
        (slice["endpoints"]?.AsList() ?? []).Any(endpoint => endpoint.At("conditions", "ready")?.AsBool() != false)
        && (slice["ports"]?.AsList() ?? []).Any(port => (port["name"]?.AsString() ?? string.Empty) == portName && port["port"] is IntegerNode);

    private string Now() => Timestamp.Text(time.GetUtcNow());
}
