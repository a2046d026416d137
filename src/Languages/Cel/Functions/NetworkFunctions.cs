using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

internal sealed class CelIp(IPAddress value) : CelLibraryValue
{
    public static readonly CelType IpType = CelType.Opaque("net.IP");

    public IPAddress Value => value;

    public int Bits => value.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    public override CelType Type => IpType;

    public override bool IsSame(CelLibraryValue other) => other is CelIp ip && ip.Value.Equals(value);

    public override string ToString() => value.ToString();
}

internal sealed class CelCidr(CelIp address, int bits) : CelLibraryValue
{
    public static readonly CelType CidrType = CelType.Opaque("net.CIDR");

    public CelIp Address => address;

    public int Bits => bits;

    public override CelType Type => CidrType;

    public CelCidr Masked() => new(new CelIp(Mask(address.Value, bits)), bits);

    public bool Contains(CelIp ip) => ip.Bits == address.Bits && Mask(ip.Value, bits).Equals(Mask(address.Value, bits));

    public override bool IsSame(CelLibraryValue other) => other is CelCidr cidr && cidr.Bits == bits && cidr.Address.IsSame(address);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{address}/{bits}");

    private static IPAddress Mask(IPAddress ip, int bits)
    {
        byte[] bytes = ip.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(bits - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPAddress(bytes);
    }
}

/// <summary>ip(), cidr() and what they answer.</summary>
internal static class NetworkFunctions
{
    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.AddType("net.IP", CelIp.IpType);
        library.AddType("net.CIDR", CelCidr.CidrType);
        AddIp(library);
        AddCidr(library);
        return library;
    }

    private static void AddIp(CelLibrary library)
    {
        library.Add("ip(string): net.IP", (_, a) => ParseIp(a.Text(0), out string error) is { } ip ? ip : Fail($"IP Address {Quoted(a.Text(0))} parse error during conversion from string: {error}"));
        library.Add("isIP(string): bool", (run, a) => BoolNode.Of(ParseIp(a.Text(0), out _) is not null));
        library.Add("ip.isCanonical(string): bool", (_, a) => ParseIp(a.Text(0), out string error) is { } ip ? BoolNode.Of(ip.ToString() == a.Text(0)) : Fail($"IP Address {Quoted(a.Text(0))} parse error during conversion from string: {error}"));
        library.Add("net.IP family(): int", (_, a) => IntegerNode.Of(((CelIp)a[0]).Bits == 32 ? 4 : 6));
        library.Add("net.IP isUnspecified(): bool", (_, a) => BoolNode.Of(((CelIp)a[0]).Value is var ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))));
        library.Add("net.IP isLoopback(): bool", (_, a) => BoolNode.Of(IPAddress.IsLoopback(((CelIp)a[0]).Value)));
        library.Add("net.IP isLinkLocalMulticast(): bool", (_, a) => Has(a, b => (b[0], b[1], b[2]) == (224, 0, 0), b => b[0] == 0xFF && (b[1] & 0x0F) == 2));
        library.Add("net.IP isLinkLocalUnicast(): bool", (_, a) => Has(a, b => (b[0], b[1]) == (169, 254), b => b[0] == 0xFE && (b[1] & 0xC0) == 0x80));
        library.Add("net.IP isGlobalUnicast(): bool", (_, a) => BoolNode.Of(IsGlobalUnicast(((CelIp)a[0]).Value)));
        library.Add("string(net.IP): string", (_, a) => StringNode.Of(a[0].ToString()!));
    }

    private static void AddCidr(CelLibrary library)
    {
        library.Add("cidr(string): net.CIDR", (_, a) => CidrOrError(a.Text(0)));
        library.Add("isCIDR(string): bool", (run, a) => BoolNode.Of(ParseCidr(a.Text(0), out _) is not null));
        library.Add("net.CIDR containsIP(string): bool", (_, a) => ParseIp(a.Text(1), out string error) is { } ip ? BoolNode.Of(((CelCidr)a[0]).Contains(ip)) : Fail($"IP Address {Quoted(a.Text(1))} parse error during conversion from string: {error}"));
        library.Add("net.CIDR containsIP(net.IP): bool", (_, a) => BoolNode.Of(((CelCidr)a[0]).Contains((CelIp)a[1])));
        library.Add("net.CIDR containsCIDR(string): bool", (_, a) => CidrOrError(a.Text(1)) is CelCidr other ? BoolNode.Of(ContainsCidr((CelCidr)a[0], other)) : CidrOrError(a.Text(1)));
        library.Add("net.CIDR containsCIDR(net.CIDR): bool", (_, a) => BoolNode.Of(ContainsCidr((CelCidr)a[0], (CelCidr)a[1])));
        library.Add("net.CIDR ip(): net.IP", (_, a) => ((CelCidr)a[0]).Address);
        library.Add("net.CIDR masked(): net.CIDR", (_, a) => ((CelCidr)a[0]).Masked());
        library.Add("net.CIDR prefixLength(): int", (_, a) => IntegerNode.Of(((CelCidr)a[0]).Bits));
        library.Add("string(net.CIDR): string", (_, a) => StringNode.Of(a[0].ToString()!));
    }

    private static bool ContainsCidr(CelCidr cidr, CelCidr other) => cidr.Contains(other.Address) && cidr.Bits <= other.Bits;

    private static BoolNode Has(Node[] a, Func<byte[], bool> four, Func<byte[], bool> six)
    {
        byte[] bytes = ((CelIp)a[0]).Value.GetAddressBytes();
        return BoolNode.Of(bytes.Length == 4 ? four(bytes) : six(bytes));
    }

    private static bool IsGlobalUnicast(IPAddress ip)
    {
        byte[] bytes = ip.GetAddressBytes();
        return bytes.Length == 4
            ? !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.Broadcast) && !IPAddress.IsLoopback(ip) && bytes[0] is < 224 or > 239 && (bytes[0], bytes[1]) != (169, 254)
            : !ip.Equals(IPAddress.IPv6Any) && !IPAddress.IsLoopback(ip) && bytes[0] != 0xFF && !ip.IsIPv6LinkLocal;
    }

    /// <summary>netip.ParseAddr, without zones and IPv4 in IPv6.</summary>
    private static CelIp? ParseIp(string text, out string error)
    {
        error = $"ParseAddr({Quoted(text)}): unable to parse IP";
        if (text.Contains('%', StringComparison.Ordinal))
        {
            error = $"IP address {Quoted(text)} with zone value is not allowed";
            return null;
        }

        bool four = !text.Contains(':', StringComparison.Ordinal);
        bool plain = four ? text.Split('.') is { Length: 4 } parts && parts.All(IsOctet) : text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.');
        if (!plain || !IPAddress.TryParse(text, out IPAddress? ip))
        {
            return null;
        }

        if (ip.IsIPv4MappedToIPv6)
        {
            error = $"IPv4-mapped IPv6 address {Quoted(text)} is not allowed";
            return null;
        }

        return new CelIp(ip);
    }

    private static bool IsOctet(string part) => part.Length is > 0 and <= 3 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0');

    private static CelCidr? ParseCidr(string text, out string error)
    {
        int slash = text.LastIndexOf('/');
        error = slash < 0 ? $"netip.ParsePrefix({Quoted(text)}): no '/'" : $"netip.ParsePrefix({Quoted(text)}): bad bits after slash: {Quoted(text[(slash + 1)..])}";
        if (slash < 0)
        {
            return null;
        }

        if (ParseIp(text[..slash], out string reason) is not { } ip)
        {
            error = $"netip.ParsePrefix({Quoted(text)}): {reason}";
            return null;
        }

        string digits = text[(slash + 1)..];
        return digits.Length is > 0 and <= 3 && digits.All(char.IsAsciiDigit) && (digits.Length == 1 || digits[0] != '0') && int.Parse(digits, CultureInfo.InvariantCulture) is var bits && bits <= ip.Bits
            ? new CelCidr(ip, bits)
            : null;
    }

    private static Node CidrOrError(string text) => ParseCidr(text, out string error) is { } cidr
        ? cidr
        : Fail($"network address parse error during conversion from string: network address parse error during conversion from string: {error}");

    private static string Quoted(string text) => GoTemplates.Parsing.GoText.Quote(text);
}
