using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// Tells addresses of the Internet from those of this machine, its network and its provider (the IANA registries of special-purpose
/// addresses, RFC 6890): a name on the list must not lead to them.
/// </summary>
internal static class PublicAddress
{
    /// <summary>fe80::/9 are those of a link and what was once a site's (RFC 3879).</summary>
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/96", "100::/64",
            "2001::/23", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/9", "ff00::/8",
        }.Select(block => IPNetwork.Parse(block)),
    ];

    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork LocallyTranslated = IPNetwork.Parse("64:ff9b:1::/48");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return Is(address.MapToIPv4());
        if (Special.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))) return false;
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return true;
        if (LocallyTranslated.Contains(address)) return false;

        // An address of the other kind that is wrapped in this one.
        var bytes = address.GetAddressBytes();
        if (Translated.Contains(address)) return Is(Wrapped(bytes.AsSpan(12)));
        return !SixToFour.Contains(address) || Is(Wrapped(bytes.AsSpan(2)));
    }

    /// <summary>
    /// Whether it is one of this machine's own, the second of an interface and those of a block that is routed here included: exactly then
    /// a socket can be bound to it.
    /// </summary>
    public static bool IsOwn(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return IsOwn(address.MapToIPv4());
        if (Translated.Contains(address)) return IsOwn(Wrapped(address.GetAddressBytes().AsSpan(12)));
        if (SixToFour.Contains(address) && IsOwn(Wrapped(address.GetAddressBytes().AsSpan(2)))) return true;
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Bind(new IPEndPoint(address, 0));
            return !LocalTable.MayBindToOthers(address.AddressFamily) || LocalTable.Current().Holds(address);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.AddressNotAvailable && LocalTable.Current().Holds(address);
        }
    }

    private static IPAddress Wrapped(ReadOnlySpan<byte> bytes) => new(bytes[..sizeof(uint)]);

    /// <summary>The address as the first of a block, counted on.</summary>
    public static IPAddress At(IPAddress first, uint offset)
    {
        var bytes = first.GetAddressBytes();
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + offset);
        return new IPAddress(bytes);
    }
}
