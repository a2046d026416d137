using System.Globalization;
using System.Net;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Pod addresses out of each node's podCIDR; those in use after a restart are read from the pods.</summary>
internal sealed class PodAddresses(KindMirror pods)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, (string Uid, string Address)> given = [];
    private readonly HashSet<string> used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint> next = new(StringComparer.Ordinal);
    private bool restored;

    public string Of(MapNode pod, MapNode node)
    {
        if (pod.Status().Text("podIP") is { Length: > 0 } present)
        {
            return present;
        }

        lock (gate)
        {
            Restore();
            ObjectName name = ObjectName.Of(pod);
            if (given.TryGetValue(name, out (string Uid, string Address) mine) && mine.Uid == pod.Uid())
            {
                return mine.Address;
            }

            ReleaseLocked(name);
            string address = Take(node.Spec().Text("podCIDR"));
            given[name] = (pod.Uid(), address);
            return address;
        }
    }

    public void Release(ObjectName pod)
    {
        lock (gate)
        {
            ReleaseLocked(pod);
        }
    }

    private void ReleaseLocked(ObjectName pod)
    {
        if (given.Remove(pod, out (string Uid, string Address) entry))
        {
            used.Remove(entry.Address);
        }
    }

    private void Restore()
    {
        if (restored)
        {
            return;
        }

        restored = true;
        foreach (MapNode pod in pods.All())
        {
            string address = pod.Status().Text("podIP");
            if (address.Length > 0 && !pod.Spec().Flag("hostNetwork"))
            {
                used.Add(address);
                given[ObjectName.Of(pod)] = (pod.Uid(), address);
            }
        }
    }

    private string Take(string cidr)
    {
        (uint first, uint size) = Parse(cidr);
        uint at = next.GetValueOrDefault(cidr, 2u);
        for (uint tried = 0; tried < size; tried++, at++)
        {
            uint offset = at % size;
            string address = new IPAddress(ToBytes(first + offset)).ToString();
            // Not the network, its gateway or its broadcast address.
            if (offset > 1 && offset < size - 1 && used.Add(address))
            {
                next[cidr] = offset + 1;
                return address;
            }
        }

        throw new InvalidOperationException($"No free address in {cidr}");
    }

    private static (uint First, uint Size) Parse(string cidr)
    {
        string[] parts = cidr.Split('/');
        if (parts.Length == 2 && IPAddress.TryParse(parts[0], out IPAddress? network) && network.GetAddressBytes() is { Length: 4 } bytes
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int prefix) && prefix is >= 8 and <= 29)
        {
            return (System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes), 1u << (32 - prefix));
        }

        return (0x0AF40000, 1u << 16);
    }

    private static byte[] ToBytes(uint address)
    {
        byte[] bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return bytes;
    }
}
