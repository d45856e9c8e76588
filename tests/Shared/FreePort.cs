using System.Net;
using System.Net.Sockets;

namespace Assay.Tests;

/// <summary>
/// A port of loopback on which a server can be started. It lies below those that the kernel gives to outgoing connections
/// (/proc/sys/net/ipv4/ip_local_port_range): of these, any may be taken before the server comes to it.
/// </summary>
internal static class FreePort
{
    private const int First = 18_000;
    private const int Last = 32_000;

    public static int Take()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, Random.Shared.Next(First, Last));
            try
            {
                probe.Start();
                return ((IPEndPoint)probe.LocalEndpoint).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one is tried.
            }
        }
    }
}
