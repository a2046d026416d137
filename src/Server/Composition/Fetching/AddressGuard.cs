using System.Net;
using System.Net.Sockets;

namespace Bowline.Server.Composition.Fetching;

/// <summary>
/// Keeps what a repository's generators, value files and notifications ask away from this machine and from what only it can reach: loopback, link-local
/// addresses and the metadata services of clouds. Addresses are judged as they are connected to, so that no name stands for another one a moment later.
/// </summary>
/// <param name="allowed">Hosts, as they are written in addresses, that may be asked all the same.</param>
internal sealed class AddressGuard(IReadOnlySet<string> allowed)
{
    /// <summary>Metadata services that are not link-local: AWS over IPv6, Alibaba, Azure, Oracle.</summary>
    private static readonly IPAddress[] Metadata = [.. new[] { "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192" }.Select(IPAddress.Parse)];

    /// <summary>Opens a connection.</summary>
    /// <param name="host">Of the address that is asked for.</param>
    /// <param name="to">What is connected to: that host, or a proxy.</param>
    /// <exception cref="IOException">The host is one that must not be asked.</exception>
    public async ValueTask<Stream> DialAsync(string host, DnsEndPoint to, CancellationToken cancellationToken)
    {
        string asked = host.Trim('[', ']');
        bool free = allowed.Contains(asked);
        bool direct = string.Equals(asked, to.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
        // A proxy looks names up by itself; a plain address is what it says.
        if (!free && !direct && IPAddress.TryParse(asked, out IPAddress? literal) && IsInside(literal))
        {
            throw Refused(asked, literal);
        }

        IPAddress[] addresses = IPAddress.TryParse(to.Host.Trim('[', ']'), out IPAddress? plain) ? [plain] : await Dns.GetHostAddressesAsync(to.Host, cancellationToken).ConfigureAwait(false);
        IPAddress[] open = free || !direct ? addresses : [.. addresses.Where(address => !IsInside(address))];
        if (open.Length == 0)
        {
            throw addresses.Length == 0 ? new IOException($"{asked} has no address") : Refused(asked, addresses[0]);
        }

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, to.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static bool IsInside(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(plain) || plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any) || plain.IsIPv6LinkLocal || Metadata.Contains(plain))
        {
            return true;
        }

        byte[] bytes = plain.GetAddressBytes();
        return bytes.Length == 4 && (bytes[0] == 0 || (bytes[0] == 169 && bytes[1] == 254));
    }

    private static IOException Refused(string host, IPAddress address) =>
        new($"{host}{(address.ToString() == host ? string.Empty : $" ({address})")} is this machine, or what only it can reach, which generators, value files and notifications may not ask; --allow-host {host} lets them");
}
