using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>
/// What an API server keeps by itself, and makes again when somebody deletes it: the system namespaces, the Service <c>kubernetes</c>, and
/// its Endpoints and EndpointSlice, which say where this server answers.
/// </summary>
/// <remarks>pkg/controlplane/controller/systemnamespaces and kubernetesservice. Unlike a user, the server may name a loopback address.</remarks>
internal sealed class OwnObjects(ObjectStore store, EmbeddedClusterOptions options, int port)
{
    private const string Name = "kubernetes";
    private const string Namespace = "default";
    private const string PortName = "https";
    private static readonly string[] Followed = ["namespaces", "services", "endpoints", "endpointslices.discovery.k8s.io"];
    private readonly IPAddress address = Advertised(options.BindAddress);

    /// <summary>Writes what is not there or not as it is; ports of the Service are corrected at the start only, as upstream.</summary>
    public void Settle(bool starting)
    {
        try
        {
            foreach (string name in (ReadOnlySpan<string>)["default", "kube-node-lease", "kube-public", "kube-system"])
            {
                Keep(string.Empty, "namespaces", string.Empty, name, present => present ?? Bootstrap.Draft("namespaces", name, options.ServiceSubnet));
            }

            Keep(string.Empty, "services", Namespace, Name, present => Service(present, starting));
            Keep(string.Empty, "endpoints", Namespace, Name, Endpoints);
            Keep("discovery.k8s.io", "endpointslices", Namespace, Name, Slice);
        }
        catch (StorageException)
        {
            // Nothing can be written now; the next change of any of them finds out whether it can be again.
        }
    }

    /// <summary>Looks again whenever something of these kinds changes.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            long seen = store.Revision;
            Settle(starting: false);
            Task changed = Task.WhenAny(Followed.Select(collection => store.Log(collection).WaitAsync(seen)));
            await changed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whoever writes in between is looked at in the next round.
    private void Keep(string group, string plural, string @namespace, string name, Func<MapNode?, MapNode> wanted)
    {
        ServedKind kind = KindRegistry.BuiltIn.Find(group, "v1", plural)!;
        StoredObject? present = store.Get(kind.Collection, @namespace, name);
        if (present?.Node["metadata"]?["deletionTimestamp"] is not null)
        {
            return;
        }

        MapNode next = wanted((MapNode?)present?.Node.DeepClone());
        if (present is not null && Node.DeepEquals(present.Node, next))
        {
            return;
        }

        DateTimeOffset now = options.Time.GetUtcNow();
        if (present is null)
        {
            MapNode metadata = next.EnsureMap("metadata");
            metadata["uid"] = Guid.NewGuid().ToString();
            metadata["creationTimestamp"] = Timestamp.Text(now);
        }

        next = ServerSideApply.Update(present?.Node, next, kind.Schema, new FieldWriter("kube-apiserver", kind.Kind.ApiVersion, string.Empty, now));
        _ = store.TryPut(kind.Collection, present, @namespace, name, next);
    }

    private MapNode Service(MapNode? present, bool starting)
    {
        MapNode service = present ?? Bootstrap.Draft("services", Name, options.ServiceSubnet);
        if ((present is null || starting) && service["spec"]?["ports"]?.AsList() is [MapNode first, ..])
        {
            first["targetPort"] = port;
        }

        return service;
    }

    private MapNode Endpoints(MapNode? present)
    {
        MapNode endpoints = present ?? Draft("v1", "Endpoints");
        Label(endpoints, "endpointslice.kubernetes.io/skip-mirror", "true");
        endpoints["subsets"] = new ListNode(new MapNode
        {
            ["addresses"] = new ListNode(new MapNode { ["ip"] = address.ToString() }),
            ["ports"] = new ListNode(Port()),
        });
        return endpoints;
    }

    private MapNode Slice(MapNode? present)
    {
        MapNode slice = present ?? Draft("discovery.k8s.io/v1", "EndpointSlice");
        Label(slice, "kubernetes.io/service-name", Name);
        slice["addressType"] = address.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
        slice["endpoints"] = new ListNode(new MapNode
        {
            ["addresses"] = new ListNode(address.ToString()),
            ["conditions"] = new MapNode { ["ready"] = true },
        });
        slice["ports"] = new ListNode(Port());
        return slice;
    }

    private MapNode Port() => new() { ["name"] = PortName, ["port"] = port, ["protocol"] = "TCP" };

    private static MapNode Draft(string apiVersion, string kind) => new()
    {
        ["kind"] = kind,
        ["apiVersion"] = apiVersion,
        ["metadata"] = new MapNode { ["name"] = Name, ["namespace"] = Namespace },
    };

    private static void Label(MapNode node, string key, string value) => node.EnsureMap("metadata").EnsureMap("labels")[key] = value;

    /// <summary>The address that was asked for; of one that listens everywhere, the one of the interface that leads out of the machine, if any does.</summary>
    private static IPAddress Advertised(IPAddress bound)
    {
        if (!IPAddress.Any.Equals(bound) && !IPAddress.IPv6Any.Equals(bound))
        {
            return bound;
        }

        // A socket that listens on :: takes IPv4, too, and that is what most clients have.
        IEnumerable<IPAddress> leading = NetworkInterface.GetAllNetworkInterfaces()
            .Where(adapter => adapter.OperationalStatus == OperationalStatus.Up && adapter.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .Select(adapter => adapter.GetIPProperties())
            .OrderByDescending(properties => properties.GatewayAddresses.Count)
            .SelectMany(properties => properties.UnicastAddresses)
            .Select(unicast => unicast.Address);
        return leading.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? IPAddress.Loopback;
    }
}
