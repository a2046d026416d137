using System.Net;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Hands out service addresses and node ports. What is taken is read from the stored services; only what is being written now is held here.</summary>
internal sealed class ServiceAllocator(ObjectStore store, IPNetwork subnet)
{
    private const int FirstPort = 30000;
    private const int LastPort = 32767;
    private readonly uint firstAddress = ToNumber(subnet.BaseAddress);
    private readonly uint addressCount = 1u << Math.Min(20, 32 - subnet.PrefixLength);
    private readonly Lock gate = new();
    private readonly HashSet<string> heldAddresses = new(StringComparer.Ordinal);
    private readonly HashSet<long> heldPorts = [];
    private readonly HashSet<string> usedAddresses = new(StringComparer.Ordinal);
    private readonly HashSet<long> usedPorts = [];
    private long seen = -1;
    private uint nextAddress = 16;
    private int nextPort = FirstPort + 86;
    private bool previews;

    /// <param name="dryRun">Nothing is reserved then: the reference shows the first address and port of its ranges.</param>
    public AllocationLease Allocate(MapNode service, MapNode? live, bool dryRun)
    {
        if (service["spec"] is not MapNode spec)
        {
            return AllocationLease.None;
        }

        lock (gate)
        {
            CatchUp();
            previews = dryRun;
            List<string> addresses = [];
            List<long> ports = [];
            AllocationLease lease = new(() => GiveBack(addresses, ports));
            bool done = false;
            try
            {
                if (spec["type"]?.AsString() != "ExternalName")
                {
                    Families(spec);
                }

                AllocateAddress(service, spec, live, addresses);
                AllocatePorts(service, spec, live, ports);
                done = true;
                return new AllocationLease(() => GiveBack(addresses, ports));
            }
            finally
            {
                if (!done)
                {
                    lease.Dispose();
                }
            }
        }
    }

    /// <summary>The address of the <c>kubernetes</c> Service.</summary>
    public static string First(IPNetwork subnet) => FromNumber(ToNumber(subnet.BaseAddress) + 1).ToString();

    private void GiveBack(List<string> addresses, List<long> ports)
    {
        lock (gate)
        {
            heldAddresses.ExceptWith(addresses);
            heldPorts.ExceptWith(ports);
        }
    }

    /// <summary>What the former type of a service needed and the new one cannot have is dropped, unless the client asked for it anew.</summary>
    public static void Release(MapNode spec, MapNode? live)
    {
        string type = spec["type"]?.AsString() ?? string.Empty;
        string before = live?.At("spec", "type")?.AsString() ?? type;
        if (before == type)
        {
            return;
        }

        if (type is "ClusterIP" or "ExternalName")
        {
            foreach (MapNode port in (spec["ports"]?.AsList() ?? []).OfType<MapNode>())
            {
                port.Remove("nodePort");
            }

            foreach (string key in (ReadOnlySpan<string>)["externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"])
            {
                spec.Remove(key);
            }
        }
        else if (type == "NodePort")
        {
            spec.Remove("allocateLoadBalancerNodePorts");
            spec.Remove("loadBalancerClass");
        }

        if (type == "ExternalName")
        {
            foreach (string key in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
            {
                spec.Remove(key);
            }
        }
    }

    private void AllocateAddress(MapNode service, MapNode spec, MapNode? live, List<string> taken)
    {
        if (spec["type"]?.AsString() == "ExternalName")
        {
            return;
        }

        string asked = spec["clusterIP"]?.AsString() ?? string.Empty;
        if (asked == "None" || (asked.Length > 0 && asked == live?.At("spec", "clusterIP")?.AsString()))
        {
            spec["clusterIPs"] = spec["clusterIPs"] ?? new ListNode(StringNode.Of(asked));
            return;
        }

        string address = asked.Length > 0 ? Claim(service, asked) : FreeAddress();
        heldAddresses.Add(address);
        taken.Add(address);
        spec["clusterIP"] = address;
        spec["clusterIPs"] = new ListNode(StringNode.Of(address));
    }

    private static void Families(MapNode spec)
    {
        bool headlessWithoutSelector = spec["clusterIP"]?.AsString() == "None" && spec["selector"] is null;
        spec["ipFamilyPolicy"] = spec["ipFamilyPolicy"] ?? StringNode.Of(headlessWithoutSelector ? "RequireDualStack" : "SingleStack");
        if (spec["ipFamilies"] is not ListNode { Count: > 0 })
        {
            spec["ipFamilies"] = headlessWithoutSelector ? new ListNode(StringNode.Of("IPv4"), StringNode.Of("IPv6")) : new ListNode(StringNode.Of("IPv4"));
        }
    }

    private string Claim(MapNode service, string address)
    {
        if (!IPAddress.TryParse(address, out _))
        {
            return address;
        }

        if (!Ranges().Any(range => range.Contains(IPAddress.Parse(address))))
        {
            throw Refused(service, FieldError.Invalid("spec.clusterIPs", new ListNode(StringNode.Of(address)), $"failed to allocate IP {address}: the provided network does not match the current range"));
        }

        return IsTaken(address)
            ? throw Refused(service, FieldError.Invalid("spec.clusterIPs", new ListNode(StringNode.Of(address)), $"failed to allocate IP {address}: provided IP is already allocated"))
            : address;
    }

    private string FreeAddress()
    {
        if (previews)
        {
            return subnet.BaseAddress.ToString();
        }

        for (uint i = 0; i < addressCount; i++)
        {
            nextAddress = nextAddress + 1 >= addressCount - 1 ? 16 : nextAddress + 1;
            string address = FromNumber(firstAddress + nextAddress).ToString();
            if (!IsTaken(address))
            {
                return address;
            }
        }

        // The first and the last address of a range are no host's.
        return Ranges().Skip(1)
            .SelectMany(range => Enumerable.Range(1, (int)Math.Max(0, (1L << (32 - Math.Max(12, range.PrefixLength))) - 2)).Select(host => FromNumber(ToNumber(range.BaseAddress) + (uint)host).ToString()))
            .FirstOrDefault(address => !IsTaken(address)) ?? throw ApiErrors.Internal("failed to allocate a serviceIP: range is full");
    }

    /// <summary>The server's own range, then those of other ServiceCIDRs that stay.</summary>
    private IEnumerable<IPNetwork> Ranges() => store.Snapshot("servicecidrs.networking.k8s.io").In(null)
        .Where(range => !ObjectMeta.IsDeleting(range.Node))
        .SelectMany(range => range.Node.At("spec", "cidrs")?.AsList() ?? [])
        .Select(cidr => IPNetwork.TryParse(cidr.AsString(), out IPNetwork network) ? network : subnet)
        .Where(network => network.BaseAddress.AddressFamily == subnet.BaseAddress.AddressFamily)
        .Prepend(subnet).Distinct();

    private bool IsTaken(string address) => heldAddresses.Contains(address) || usedAddresses.Contains(address) || store.Get(ServiceAddresses.Collection, string.Empty, address) is not null;

    /// <summary>Follows the stored services by their log; reads them all when it has lost track.</summary>
    private void CatchUp()
    {
        List<Change> changes = [];
        if (seen >= 0 && store.Log("services").TryRead(seen, changes))
        {
            foreach (Change change in changes)
            {
                Note(change.Previous, taken: false);
                Note(change.Type == ChangeType.Deleted ? null : change.Object, taken: true);
                seen = change.Revision;
            }

            return;
        }

        (CollectionSnapshot snapshot, long revision) = store.Consistent("services");
        usedAddresses.Clear();
        usedPorts.Clear();
        foreach (StoredObject item in snapshot.In(null))
        {
            Note(item, taken: true);
        }

        seen = revision;
    }

    private void Note(StoredObject? service, bool taken)
    {
        Node? spec = service?.Node["spec"];
        string address = spec?["clusterIP"]?.AsString() ?? string.Empty;
        if (address is not ("" or "None"))
        {
            _ = taken ? usedAddresses.Add(address) : usedAddresses.Remove(address);
        }

        foreach (long port in (spec?["ports"]?.AsList() ?? []).Select(port => port["nodePort"]?.AsInteger() ?? 0).Append(spec?["healthCheckNodePort"]?.AsInteger() ?? 0).Where(port => port > 0))
        {
            _ = taken ? usedPorts.Add(port) : usedPorts.Remove(port);
        }
    }

    private void AllocatePorts(MapNode service, MapNode spec, MapNode? live, List<long> taken)
    {
        string type = spec["type"]?.AsString() ?? "ClusterIP";
        bool wanted = type == "NodePort" || (type == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"]?.AsBool() != false);
        AllocateHealthCheck(spec, live, taken);
        ListNode list = spec["ports"] as ListNode ?? [];
        HashSet<long> own = [.. (live?.At("spec", "ports")?.AsList() ?? []).Select(port => port["nodePort"]?.AsInteger() ?? 0)];
        for (int i = 0; i < list.Count && type is "NodePort" or "LoadBalancer" && i < list.Count; i++)
        {
            MapNode port = (MapNode)list[i];
            long asked = port["nodePort"]?.AsInteger() ?? 0;
            if (asked > 0 && own.Contains(asked))
            {
                continue;
            }

            if (asked == 0 && !wanted)
            {
                continue;
            }

            long number = asked != 0 ? ClaimPort(service, i, asked) : FreePort();
            heldPorts.Add(number);
            taken.Add(number);
            port["nodePort"] = number;
        }
    }

    private void AllocateHealthCheck(MapNode spec, MapNode? live, List<long> taken)
    {
        if (spec["type"]?.AsString() != "LoadBalancer" || spec["externalTrafficPolicy"]?.AsString() != "Local" || spec["healthCheckNodePort"]?.AsInteger() > 0)
        {
            return;
        }

        long port = live?.At("spec", "healthCheckNodePort")?.AsInteger() ?? FreePort();
        heldPorts.Add(port);
        taken.Add(port);
        spec["healthCheckNodePort"] = port;
    }

    private long ClaimPort(MapNode service, int index, long port)
    {
        string field = $"spec.ports[{index}].nodePort";
        if (port is < FirstPort or > LastPort)
        {
            throw Refused(service, FieldError.Invalid(field, port, $"provided port is not in the valid range. The range of valid ports is {FirstPort}-{LastPort}"));
        }

        return PortTaken(port) ? throw Refused(service, FieldError.Invalid(field, port, "provided port is already allocated")) : port;
    }

    private long FreePort()
    {
        if (previews)
        {
            return FirstPort;
        }

        for (int i = FirstPort; i <= LastPort; i++)
        {
            nextPort = nextPort >= LastPort ? FirstPort : nextPort + 1;
            if (!PortTaken(nextPort))
            {
                return nextPort;
            }
        }

        throw ApiErrors.Internal("failed to allocate a nodePort: range is full");
    }

    private bool PortTaken(long port) => heldPorts.Contains(port) || usedPorts.Contains(port);

    private static ApiException Refused(MapNode service, FieldError error) => ApiErrors.Invalid(string.Empty, "Service", ObjectMeta.Name(service), [error]);

    private static uint ToNumber(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress FromNumber(uint number)
    {
        byte[] bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
