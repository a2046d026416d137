using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Keeps the EndpointSlices of Services that select pods.</summary>
internal sealed class EndpointSliceController : Reconciler
{
    internal const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
    internal const string HeadlessLabel = "service.kubernetes.io/headless";
    internal const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    internal const string ServiceLabel = "kubernetes.io/service-name";
    private const string ManagedBy = "endpointslice-controller.k8s.io";

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
        Watch(nodes, FollowZones);
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
        List<MapNode> present = [.. slices.OwnedBy(service.Uid())
            .Where(slice => slice.Labels()?[ManagedByLabel]?.AsString() == ManagedBy && !slice.IsDeleting())
            .OrderBy(slice => slice.Name(), StringComparer.Ordinal)];
        string? trigger = Trigger(key, service, selected);
        List<string> families = [.. service.Spec()["ipFamilies"].Strings().DefaultIfEmpty("IPv4")];
        foreach (string family in families)
        {
            await ReconcileAsync(service, family, selected, [.. present.Where(slice => slice.Text("addressType") == family)], trigger, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode surplus in present.Where(slice => !families.Contains(slice.Text("addressType"))))
        {
            await Plane.Writer.DeleteAsync(slices, surplus, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task ReconcileAsync(MapNode service, string family, IReadOnlyList<MapNode> selected, List<MapNode> present, string? trigger, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceEndpoint> endpoints = ServiceEndpoints.Of(service, selected, true, name => nodes.Get(string.Empty, name) is not null, family);
        string distribution = service.Spec().Text("trafficDistribution");
        List<PackedSlice> write = [];
        List<MapNode> delete = [];
        HashSet<MapNode> looked = [];
        foreach (IGrouping<string, ServiceEndpoint> group in endpoints.GroupBy(endpoint => endpoint.PortsKey))
        {
            List<MapNode> own = [.. present.Where(slice => ServiceEndpoint.KeyOf(slice["ports"].Maps()) == group.Key)];
            looked.UnionWith(own);
            (IReadOnlyList<PackedSlice> changed, IReadOnlyList<MapNode> empty) = EndpointSlicePacking.Pack(family, group.First().Ports, [.. group.Select(endpoint => Describe(endpoint, distribution))], own);
            write.AddRange(changed);
            delete.AddRange(empty);
        }

        delete.AddRange(present.Where(slice => !looked.Contains(slice)));
        KeepPlace(endpoints.Count == 0, family, write, delete, present);
        EndpointSlicePacking.Reuse(write, delete);
        foreach (PackedSlice slice in write)
        {
            await EndpointSliceWrites.WriteAsync(Plane, slices, Compose(service, slice, trigger), slice.Present, IsSame, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode stale in present.Where(slice => !delete.Contains(slice) && !write.Exists(changed => changed.Present == slice)))
        {
            PackedSlice kept = new(stale, family, (ListNode)(stale["ports"] as ListNode ?? new ListNode()).DeepClone(), [.. stale["endpoints"].Maps()]);
            await EndpointSliceWrites.WriteAsync(Plane, slices, Compose(service, kept, trigger), stale, IsSame, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode surplus in delete)
        {
            await Plane.Writer.DeleteAsync(slices, surplus, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }
    }

    // A Service without endpoints has one empty slice.
    private static void KeepPlace(bool empty, string family, List<PackedSlice> write, List<MapNode> delete, List<MapNode> present)
    {
        if (empty)
        {
            MapNode? place = present.FirstOrDefault();
            write.Add(new PackedSlice(place, family, new ListNode(), []));
            delete.RemoveAll(slice => ReferenceEquals(slice, place));
        }
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

    private MapNode Describe(ServiceEndpoint endpoint, string distribution)
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

        Node? zone = nodes.Get(string.Empty, node)?.Labels()?["topology.kubernetes.io/zone"];
        if (zone is StringNode)
        {
            described["zone"] = zone;
        }

        if (Hints(endpoint, node, zone, distribution) is { Count: > 0 } hints)
        {
            described["hints"] = hints;
        }

        return described;
    }

    private static MapNode Hints(ServiceEndpoint endpoint, string node, Node? zone, string distribution)
    {
        MapNode hints = new();
        if (!endpoint.Ready || distribution is not ("PreferClose" or "PreferSameZone" or "PreferSameNode"))
        {
            return hints;
        }

        if (distribution == "PreferSameNode" && node.Length > 0)
        {
            hints["forNodes"] = new ListNode(new MapNode { ["name"] = node });
        }

        if (zone is StringNode)
        {
            hints["forZones"] = new ListNode(new MapNode { ["name"] = zone });
        }

        return hints;
    }

    private static MapNode Compose(MapNode service, PackedSlice slice, string? trigger)
    {
        MapNode labels = service.Labels().CopyOf();
        labels[ManagedByLabel] = ManagedBy;
        labels[ServiceLabel] = service.Name();
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
            ["addressType"] = slice.AddressType,
            ["endpoints"] = slice.Endpoints.Count > 0 ? new ListNode(slice.Endpoints) : Node.Null,
            ["ports"] = slice.Endpoints.Count > 0 ? slice.Ports.DeepClone() : Node.Null,
        };
    }

    // What triggered the change is no change itself.
    private static bool IsSame(MapNode present, MapNode wanted) => Same(present["endpoints"], wanted["endpoints"]) && Same(present["ports"], wanted["ports"]);

    private static bool Same(Node? left, Node? right) =>
        Node.DeepEquals(left is ListNode { Count: > 0 } ? left : null, right is ListNode { Count: > 0 } ? right : null);

    // Endpoints name the zone of their node, and leave out pods of nodes that nobody knows.
    private void FollowZones(Change change)
    {
        static string? Zone(MapNode? node) => node?.Labels()?["topology.kubernetes.io/zone"]?.AsString();
        if (change.Old is not null && change.New is not null && Zone(change.Old) == Zone(change.New))
        {
            return;
        }

        foreach (MapNode pod in pods.Indexed(change.Any.Name()))
        {
            foreach (ObjectName service in selectors.Matching(new Change(null, pod)))
            {
                Queue.AddAfter(service, Patience);
            }
        }
    }
}
