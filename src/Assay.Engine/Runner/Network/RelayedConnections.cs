using System.Collections.Concurrent;
using System.Net;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The connections that this process holds in the place of runs: whoever looks at where one comes from sees this process, and must know
/// that work stands behind it.
/// </summary>
public static class RelayedConnections
{
    private static readonly ConcurrentDictionary<IPEndPoint, bool> Ends = new();

    /// <summary>Whether a connection from this address and port is a run's.</summary>
    public static bool Holds(IPEndPoint from) => Ends.ContainsKey(Plain(from));

    /// <summary>To be told before a byte of the run passes.</summary>
    internal static void Add(IPEndPoint from) => Ends[Plain(from)] = true;

    internal static void Remove(IPEndPoint from) => Ends.TryRemove(Plain(from), out _);

    private static IPEndPoint Plain(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
}
