using System.Net;
using System.Net.Sockets;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>IP addresses and networks as apimachinery reads them: no leading zeros, canonical where it asks for it.</summary>
internal static class AddressRules
{
    public const string BadAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private const string BadCidr = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

    public static bool TryParse(string text, out IPAddress address)
    {
        address = IPAddress.None;
        bool four = text.Count(c => c == '.') == 3 && !text.Contains(':', StringComparison.Ordinal);
        bool six = text.Contains(':', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal);
        return (four || six) && IPAddress.TryParse(text, out address!);
    }

    /// <summary>What is wrong with an address; strict ones have one spelling only.</summary>
    public static IEnumerable<string> Address(string text)
    {
        if (!TryParse(text, out IPAddress? address))
        {
            yield return BadAddress;
        }
        else if (HasLeadingZeros(text))
        {
            yield return "must not have leading 0s";
        }
        else if (address.IsIPv4MappedToIPv6)
        {
            yield return "must not be an IPv4-mapped IPv6 address";
        }
    }

    public static bool IsCidr(string text)
    {
        int slash = text.LastIndexOf('/');
        return slash > 0 && TryParse(text[..slash], out IPAddress? address) && !HasLeadingZeros(text[..slash])
            && int.TryParse(text[(slash + 1)..], System.Globalization.NumberStyles.None, null, out int bits)
            && bits <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            && (text[slash + 1] != '0' || text.Length == slash + 2);
    }

    public static IEnumerable<string> Cidr(string text)
    {
        int slash = text.LastIndexOf('/');
        if (slash > 0 && TryParse(text[..slash], out _) && HasLeadingZeros(text[..slash]))
        {
            yield return "must not have leading 0s";
            yield break;
        }

        if (!IsCidr(text))
        {
            yield return BadCidr;
            yield break;
        }

        IPAddress address = IPAddress.Parse(text[..slash]);
        int bits = int.Parse(text[(slash + 1)..]);
        if (!Masked(address, bits).Equals(address))
        {
            yield return $"must not have bits set beyond the prefix length";
        }
    }

    public static IPAddress Masked(IPAddress address, int bits)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int left = Math.Clamp(bits - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - left));
        }

        return new IPAddress(bytes);
    }

    private static bool HasLeadingZeros(string text) => text.Contains('.', StringComparison.Ordinal) && text[(text.LastIndexOf(':') + 1)..].Split('.').Any(part => part.Length > 1 && part[0] == '0');
}
