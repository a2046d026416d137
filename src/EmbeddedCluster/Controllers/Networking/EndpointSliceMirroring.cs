using System.Net;
using System.Net.Sockets;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Shows hand-made Endpoints of Services without a selector as EndpointSlices.</summary>
internal sealed class EndpointSliceMirroring : Reconciler
{
    private const string ManagedBy = "endpointslicemirroring-controller.k8s.io";
    private const string SkipLabel = "endpointslice.kubernetes.io/skip-mirror";
    private const string LeaderAnnotation = "control-plane.alpha.kubernetes.io/leader";
    private const int MaxAddresses = 1000;
    private static readonly HashSet<string> NotCopied = [EndpointSliceController.TriggerTime, "kubectl.kubernetes.io/last-applied-configuration"];
    private readonly KindMirror services;
    private readonly KindMirror endpoints;
    private readonly KindMirror slices;

    public EndpointSliceMirroring(ControlPlane plane)
        : base(plane)
    {
        services = plane.Mirror(string.Empty, "Service");
        endpoints = plane.Mirror(string.Empty, "Endpoints");
        slices = plane.Mirror("discovery.k8s.io", "EndpointSlice");
    }

    public override void Subscribe()
    {
        WatchOwn(endpoints);
        WatchOwned(slices, "Endpoints");
        Watch(services, change => Queue.Add(ObjectName.Of(change.Any)));
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? source = endpoints.Get(key);
        List<MapNode> present = [.. slices.InNamespace(key.Namespace).Where(slice =>
            slice.Labels()?[EndpointSliceController.ManagedByLabel]?.AsString() == ManagedBy
            && slice.Labels()?[EndpointSliceController.ServiceLabel]?.AsString() == key.Name && !slice.IsDeleting())];
        List<MapNode> wanted = source is not null && IsMirrored(source) ? [.. Compose(source)] : [];
        foreach (MapNode slice in wanted)
        {
            MapNode? twin = present.Find(other => other.Text("addressType") == slice.Text("addressType") && Node.DeepEquals(other["ports"], slice["ports"]));
            present.Remove(twin!);
            await EndpointSliceWrites.WriteAsync(Plane, slices, slice, twin, IsSame, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode surplus in present)
        {
            await Plane.Writer.DeleteAsync(slices, surplus, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private bool IsMirrored(MapNode source) =>
        !source.IsDeleting()
        && source.Labels()?[SkipLabel]?.AsString() != "true"
        && source.Annotation(LeaderAnnotation) is null
        && services.Get(ObjectName.Of(source)) is { } service
        && service.Spec()["selector"] is not MapNode { Count: > 0 };

    private static IEnumerable<MapNode> Compose(MapNode source)
    {
        foreach (MapNode subset in source["subsets"].Maps())
        {
            ListNode ports = new(subset["ports"].Maps().Select(PortOf));
            IEnumerable<(MapNode Address, bool Ready)> addresses = subset["addresses"].Maps().Select(address => (address, true))
                .Concat(subset["notReadyAddresses"].Maps().Select(address => (address, false)))
                .Take(MaxAddresses);
            foreach (IGrouping<string, (MapNode Address, bool Ready)> family in addresses.GroupBy(entry => FamilyOf(entry.Address.Text("ip"))).Where(group => group.Key.Length > 0))
            {
                foreach ((MapNode Address, bool Ready)[] chunk in family.Chunk(EndpointSlicePacking.MaxEndpoints))
                {
                    yield return Slice(source, family.Key, ports, chunk);
                }
            }
        }
    }

    private static MapNode Slice(MapNode source, string family, ListNode ports, IEnumerable<(MapNode Address, bool Ready)> addresses)
    {
        MapNode labels = source.Labels().CopyOf();
        labels[EndpointSliceController.ManagedByLabel] = ManagedBy;
        labels[EndpointSliceController.ServiceLabel] = source.Name();
        MapNode metadata = new()
        {
            ["generateName"] = source.Name() + "-",
            ["namespace"] = source.Namespace(),
            ["labels"] = labels,
            ["ownerReferences"] = new ListNode(Objects.MakeControllerReference(source)),
        };
        MapNode annotations = new();
        foreach ((string key, Node value) in source.Metadata()?["annotations"] as MapNode ?? [])
        {
            if (!NotCopied.Contains(key))
            {
                annotations[key] = value;
            }
        }

        if (annotations.Count > 0)
        {
            metadata["annotations"] = annotations;
        }

        return new MapNode
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["addressType"] = family,
            ["endpoints"] = new ListNode(addresses.Select(entry => Endpoint(entry.Address, entry.Ready))),
            ["ports"] = ports.DeepClone(),
        };
    }

    private static MapNode Endpoint(MapNode address, bool ready)
    {
        MapNode endpoint = new()
        {
            ["addresses"] = new ListNode(address.Text("ip")),
            ["conditions"] = new MapNode { ["ready"] = ready },
        };
        foreach (string member in (ReadOnlySpan<string>)["hostname", "targetRef", "nodeName"])
        {
            if (address[member] is { } value)
            {
                endpoint[member] = value.DeepClone();
            }
        }

        return endpoint;
    }

    private static MapNode PortOf(MapNode port)
    {
        MapNode copy = new() { ["name"] = port.Text("name"), ["port"] = port.Int("port"), ["protocol"] = port["protocol"] ?? "TCP" };
        if (port["appProtocol"] is StringNode application)
        {
            copy["appProtocol"] = application;
        }

        return copy;
    }

    private static string FamilyOf(string address) => !IPAddress.TryParse(address, out IPAddress? parsed) ? string.Empty
        : parsed.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    private static bool IsSame(MapNode present, MapNode wanted) =>
        Node.DeepEquals(present.Metadata()?["annotations"], wanted.Metadata()?["annotations"]) && Node.DeepEquals(present["endpoints"], wanted["endpoints"]);
}
