using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Assay.Kernel.Values;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The list of one run, and the addresses that it is told for names. These are made up, one for each name, from a block that leads nowhere
/// (RFC 2544): so an address tells by which name it was asked for, and nothing is looked up outside before the list allows it.
/// </summary>
internal sealed class HostList(ImmutableArray<AllowedHost> hosts)
{
    /// <summary>The most names that a run may ask for, which only wildcards make many.</summary>
    private const int MaxNames = 4096;

    private static readonly IPAddress Block = IPAddress.Parse("198.18.0.0");

    private readonly ConcurrentDictionary<string, IPAddress> _addresses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<IPAddress, string> _names = new();
    private readonly Lock _gate = new();

    /// <summary>The ports on the list, each once.</summary>
    public static ImmutableArray<int> Ports(ImmutableArray<AllowedHost> hosts, params IEnumerable<int> more) =>
        [.. hosts.Select(h => h.Port).Concat(more).Distinct().Order()];

    /// <summary>The address that stands for a name on the list; null: it is not on it, or there are too many.</summary>
    public IPAddress? AddressOf(string name)
    {
        if (!hosts.Any(h => h.Address is null && h.Matches(name)) || !AllowedHost.IsName(name)) return null;
        if (_addresses.TryGetValue(name, out var known)) return known;
        lock (_gate)
        {
            if (_addresses.TryGetValue(name, out known)) return known;
            if (_names.Count >= MaxNames) return null;
            var address = PublicAddress.At(Block, (uint)_names.Count + 1);
            _names[address] = name;
            _addresses[name] = address;
            return address;
        }
    }

    /// <summary>What an address of the run means to it: the name that it was told for, or the address itself.</summary>
    public string NameOf(IPAddress address) => _names.TryGetValue(address, out var name) ? name : address.ToString();

    /// <summary>Where a connection may go.</summary>
    /// <param name="address">Its destination as the run sees it.</param>
    /// <param name="port">Its port.</param>
    /// <param name="name">The name to resolve, when it goes to one.</param>
    /// <param name="reason">Why it may not go anywhere; null when it may.</param>
    public void Judge(IPAddress address, int port, out string? name, out string? reason)
    {
        reason = null;
        if (_names.TryGetValue(address, out name))
        {
            var asked = name;
            if (!hosts.Any(h => h.Port == port && h.Address is null && h.Matches(asked))) reason = "is listed with other ports";
            return;
        }

        if (IsListed(address, port)) return;
        if (IPAddress.IsLoopback(address) && hosts.Any(h => h.Port == port && h.Address is null && h.Matches(AllowedHost.Localhost)))
        {
            name = AllowedHost.Localhost;
            return;
        }

        reason = "is not on the list";
    }

    /// <summary>Why what a name was resolved to may not be connected to; null when it may.</summary>
    public string? Problem(string name, IPAddress address, int port)
    {
        if (IsListed(address, port) || (name == AllowedHost.Localhost && IPAddress.IsLoopback(address))) return null;
        if (PublicAddress.Is(address) && !PublicAddress.IsOwn(address)) return null;
        var what = PublicAddress.Is(address) ? "this machine's own" : "not public";
        var advice = address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? "which is good on one link alone and cannot be listed"
            : $"list {AllowedHost.Authority(address.ToString(), port)} too if that is meant";
        return $"leads to {address}, which is {what}: {advice}";
    }

    /// <summary>The line of the list that allows a name as one of many; null: it stands there itself.</summary>
    public string? WildcardOf(string name, int? port)
    {
        var matching = hosts.Where(h => h.Port == port && h.Address is null && h.Matches(name)).ToList();
        return matching.Count == 0 || matching.Any(h => !h.IsWildcard) ? null : $"*.{matching[0].Name}";
    }

    private bool IsListed(IPAddress address, int port) => hosts.Any(h => h.Port == port && address.Equals(h.Address));
}
