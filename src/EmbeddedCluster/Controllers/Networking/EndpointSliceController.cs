using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Keeps the EndpointSlices of Services that select pods.</summary>
internal sealed class EndpointSliceController : Reconciler
{
    internal const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
    internal const string HeadlessLabel = "service.kubernetes.io/headless";
    private const string ManagedBy = "endpointslice-controller.k8s.io";
    private const int MaxEndpoints = 100;

    // Pods come in swarms; a moment's patience saves most of the writes.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);
    private readonly KindMirror services;
    private readonly KindMirror pods;
    private readonly KindMirror nodes;
    private readonly KindMirror slices;
    private readonly ServiceSelectors selectors;
    private readonly Dictionary<ObjectName, DateTimeOffset> lastTrigger = [];

    public EndpointSliceController(ControlPlane plane)
        : base(plane)
    {
        services = plane.Mirror(string.Empty, "Service");
        pods = plane.Mirror(string.Empty, "Pod");
        nodes = plane.Mirror(string.Empty, "Node");
        slices = plane.Mirror("discovery.k8s.io", "EndpointSlice");
        selectors = new ServiceSelectors(services);
    }

    public override void Subscribe()
    {
        WatchOwn(services);
        WatchOwned(slices, "Service");
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
        if (services.Get(key) is not { } service || service.IsDeleting() || service.Spec()["selector"] is not MapNode { Count: > 0 }
            || service.Spec().Text("type") == "ExternalName")
        {
            lastTrigger.Remove(key);
            return null;
        }

        IReadOnlyList<MapNode> selected = [.. pods.InNamespace(key.Namespace).Where(pod => selectors.Of(service).Matches(pod.Labels()))];
        IReadOnlyList<ServiceEndpoint> endpoints = ServiceEndpoints.Of(service, selected, true, name => nodes.Get(string.Empty, name) is not null);
        List<MapNode> present = [.. slices.OwnedBy(service.Uid())
            .Where(slice => slice.Labels()?["endpointslice.kubernetes.io/managed-by"]?.AsString() == ManagedBy && !slice.IsDeleting())
            .OrderBy(slice => slice.Name(), StringComparer.Ordinal)];
        string? trigger = Trigger(key, service, selected);
        List<(ListNode? Endpoints, ListNode? Ports)> wanted = Chunk(endpoints);
        for (int i = 0; i < wanted.Count; i++)
        {
            MapNode slice = Compose(service, wanted[i].Endpoints, wanted[i].Ports, trigger);
            await WriteAsync(slice, i < present.Count ? present[i] : null, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode surplus in present.Skip(wanted.Count))
        {
            await Plane.Writer.DeleteAsync(slices, surplus, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    // What made the endpoints change: the Service at first, then the pod that changed its readiness last.
    private string? Trigger(ObjectName key, MapNode service, IReadOnlyList<MapNode> selected)
    {
        bool known = lastTrigger.TryGetValue(key, out DateTimeOffset last);
        DateTimeOffset? latest = selected.Select(pod => (pod.Status().Condition("Ready")?["lastTransitionTime"]).Time()).Max();
        DateTimeOffset? trigger = known ? latest > last ? latest : null : service.CreatedAt();
        lastTrigger[key] = latest > last || !known ? latest ?? service.CreatedAt() ?? last : last;
        return trigger?.Stamp();
    }

    private List<(ListNode? Endpoints, ListNode? Ports)> Chunk(IReadOnlyList<ServiceEndpoint> endpoints)
    {
        List<(ListNode?, ListNode?)> chunks = [];
        foreach (IGrouping<string, ServiceEndpoint> group in endpoints.GroupBy(endpoint => endpoint.PortsKey))
        {
            ListNode ports = group.First().Ports;
            chunks.AddRange(group.Chunk(MaxEndpoints).Select(chunk => ((ListNode?)new ListNode(chunk.Select(Describe)), (ListNode?)ports.DeepClone())));
        }

        if (chunks.Count == 0)
        {
            chunks.Add((null, null));
        }

        return chunks;
    }

    private MapNode Describe(ServiceEndpoint endpoint)
    {
        MapNode described = new()
        {
            ["addresses"] = new ListNode(endpoint.Address),
            ["conditions"] = new MapNode { ["ready"] = endpoint.Ready, ["serving"] = endpoint.Serving, ["terminating"] = endpoint.Terminating },
        };
        if (endpoint.Hostname.Length > 0)
        {
            described["hostname"] = endpoint.Hostname;
        }

        described["targetRef"] = endpoint.TargetRef;
        string node = endpoint.Pod.Spec().Text("nodeName");
        if (node.Length > 0)
        {
            described["nodeName"] = node;
        }

        if (nodes.Get(string.Empty, node)?.Labels()?["topology.kubernetes.io/zone"] is StringNode zone)
        {
            described["zone"] = zone;
        }

        return described;
    }

    private static MapNode Compose(MapNode service, ListNode? endpoints, ListNode? ports, string? trigger)
    {
        MapNode labels = service.Labels().CopyOf();
        labels["endpointslice.kubernetes.io/managed-by"] = ManagedBy;
        labels["kubernetes.io/service-name"] = service.Name();
        if (service.Spec().Text("clusterIP") == "None")
        {
            labels[HeadlessLabel] = string.Empty;
        }

        MapNode metadata = new()
        {
            ["generateName"] = service.Name() + "-",
            ["namespace"] = service.Namespace(),
            ["labels"] = labels,
            ["ownerReferences"] = new ListNode(Objects.MakeControllerReference(service)),
        };
        if (trigger is not null)
        {
            metadata["annotations"] = new MapNode { [TriggerTime] = trigger };
        }

        return new MapNode
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["addressType"] = service.Spec()["ipFamilies"].Strings().FirstOrDefault() ?? "IPv4",
            ["endpoints"] = endpoints ?? Node.Null,
            ["ports"] = ports ?? Node.Null,
        };
    }

    private async Task WriteAsync(MapNode wanted, MapNode? present, CancellationToken cancellationToken)
    {
        if (present is null)
        {
            await Plane.Writer.CreateAsync(slices, wanted.Namespace(), wanted, cancellationToken).ConfigureAwait(false);
            return;
        }

        bool same = Node.DeepEquals(present.Labels(), wanted.Labels())
            && Same(present["endpoints"], wanted["endpoints"])
            && Same(present["ports"], wanted["ports"]);
        if (same)
        {
            return;
        }

        MapNode changed = present.Clone();
        MapNode metadata = changed.EnsureMap("metadata");
        metadata["labels"] = wanted.Labels()!;
        metadata.Remove("annotations");
        if (wanted.Metadata()!["annotations"] is { } annotations)
        {
            metadata["annotations"] = annotations;
        }

        changed["endpoints"] = wanted["endpoints"]!;
        changed["ports"] = wanted["ports"]!;
        await Plane.Writer.UpdateAsync(slices, changed, cancellationToken).ConfigureAwait(false);
    }

    private static bool Same(Node? left, Node? right) =>
        Node.DeepEquals(left is ListNode { Count: > 0 } ? left : null, right is ListNode { Count: > 0 } ? right : null);
}
