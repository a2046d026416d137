using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Keeps the older Endpoints object of Services that select pods.</summary>
internal sealed class EndpointsController : Reconciler
{
    private const string ManagedByLabel = "endpoints.kubernetes.io/managed-by";
    private const string ManagedBy = "endpoint-controller";
    private const string OverCapacity = "endpoints.kubernetes.io/over-capacity";
    private const int MaxAddresses = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);
    private readonly KindMirror services;
    private readonly KindMirror pods;
    private readonly KindMirror endpoints;
    private readonly ServiceSelectors selectors;

    public EndpointsController(ControlPlane plane)
        : base(plane)
    {
        services = plane.Mirror(string.Empty, "Service");
        pods = plane.Mirror(string.Empty, "Pod");
        endpoints = plane.Mirror(string.Empty, "Endpoints");
        selectors = new ServiceSelectors(services);
    }

    public override void Subscribe()
    {
        WatchOwn(services);
        Watch(pods, change =>
        {
            if (ServiceSelectors.Matters(change))
            {
                foreach (ObjectName service in selectors.Matching(change))
                {
                    Queue.AddAfter(service, Patience);
                }
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? present = endpoints.Get(key);
        if (services.Get(key) is not { } service)
        {
            if (present is not null && !present.IsDeleting())
            {
                await Plane.Writer.DeleteAsync(endpoints, present, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }

        if (service.Spec()["selector"] is not MapNode { Count: > 0 } || service.Spec().Text("type") == "ExternalName")
        {
            return null;
        }

        MapNode wanted = Compose(service, pods.InNamespace(key.Namespace).Where(pod => selectors.Of(service).Matches(pod.Labels())));
        if (present is null)
        {
            wanted.EnsureMap("metadata").EnsureMap("annotations")[EndpointSliceController.TriggerTime] = (service.CreatedAt() ?? Plane.Now).Stamp();
            await Plane.Writer.CreateAsync(endpoints, key.Namespace, wanted, cancellationToken).ConfigureAwait(false);
        }
        else if (!Node.DeepEquals(present["subsets"], wanted["subsets"]) || !Node.DeepEquals(present.Labels(), wanted.Labels()))
        {
            MapNode changed = present.Clone();
            MapNode metadata = changed.EnsureMap("metadata");
            metadata.Remove("annotations");
            if (wanted.Metadata()!["annotations"] is { } annotations)
            {
                metadata["annotations"] = annotations;
            }

            metadata["labels"] = wanted.Labels()!;
            changed.Remove("subsets");
            if (wanted["subsets"] is { } subsets)
            {
                changed["subsets"] = subsets;
            }

            await Plane.Writer.UpdateAsync(endpoints, changed, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    internal static MapNode Compose(MapNode service, IEnumerable<MapNode> selected)
    {
        MapNode labels = service.Labels().CopyOf();
        labels[ManagedByLabel] = ManagedBy;
        if (service.Spec().Text("clusterIP") == "None")
        {
            labels[EndpointSliceController.HeadlessLabel] = string.Empty;
        }

        MapNode body = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = new MapNode { ["name"] = service.Name(), ["namespace"] = service.Namespace(), ["labels"] = labels },
        };
        ListNode subsets = new();
        IReadOnlyList<ServiceEndpoint> all = [.. ServiceEndpoints.Of(service, selected, false, _ => true)];
        if (all.Count > MaxAddresses)
        {
            body.EnsureMap("metadata")["annotations"] = new MapNode { [OverCapacity] = "truncated" };
        }

        int ready = all.Count(endpoint => endpoint.Ready);
        Share readyShare = new(ready, Math.Min(ready, MaxAddresses));
        Share unreadyShare = new(all.Count - ready, Math.Min(all.Count, MaxAddresses) - Math.Min(ready, MaxAddresses));
        foreach (IGrouping<string, ServiceEndpoint> group in all.GroupBy(endpoint => endpoint.PortsKey))
        {
            MapNode subset = new();
            PutAddresses(subset, "addresses", group.Where(endpoint => endpoint.Ready), readyShare);
            PutAddresses(subset, "notReadyAddresses", group.Where(endpoint => !endpoint.Ready), unreadyShare);
            if (group.First().Ports is { Count: > 0 } ports)
            {
                subset["ports"] = new ListNode(ports.Maps().Select(Port));
            }

            subsets.Add(subset);
        }

        if (subsets.Count > 0)
        {
            body["subsets"] = subsets;
        }

        return body;
    }

    private static MapNode Port(MapNode port)
    {
        MapNode copy = port.Clone();
        if (copy.Text("name").Length == 0)
        {
            copy.Remove("name");
        }

        return copy;
    }

    private static void PutAddresses(MapNode subset, string member, IEnumerable<ServiceEndpoint> endpoints, Share share)
    {
        ServiceEndpoint[] own = [.. endpoints.OrderBy(endpoint => endpoint.Address, StringComparer.Ordinal)];
        ListNode addresses = new(own.Take(share.Of(own.Length)).Select(Address));
        if (addresses.Count > 0)
        {
            subset[member] = addresses;
        }
    }

    private static MapNode Address(ServiceEndpoint endpoint)
    {
        MapNode address = new() { ["ip"] = endpoint.Address };
        if (endpoint.Hostname.Length > 0)
        {
            address["hostname"] = endpoint.Hostname;
        }

        if (endpoint.Pod.Spec().Text("nodeName") is { Length: > 0 } node)
        {
            address["nodeName"] = node;
        }

        address["targetRef"] = endpoint.TargetRef;
        return address;
    }

    /// <summary>What of too many addresses is kept: each subset's part of them, rounded up, until the places are gone (endpoints_controller.go, truncateEndpoints).</summary>
    private sealed class Share(int total, int kept)
    {
        private readonly int places = kept;
        private int left = kept;

        public int Of(int count)
        {
            int part = total == 0 ? 0 : Math.Min(left, (int)Math.Ceiling((double)count / total * places));
            left -= part;
            return part;
        }
    }
}
