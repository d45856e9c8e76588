using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The addresses on which this machine answers, as the kernel lists its routes: for where binding to one tells nothing, since the
/// administrator has allowed to bind to others' too (<c>ip_nonlocal_bind</c>, as clusters do).
/// </summary>
internal sealed class LocalTable
{
    /// <summary>RTF_LOCAL of linux/ipv6_route.h.</summary>
    private const uint IsLocal = 0x80000000;

    private readonly List<IPNetwork> _networks = [];

    /// <param name="trie">The content of /proc/net/fib_trie.</param>
    /// <param name="routes">The content of /proc/net/ipv6_route.</param>
    public LocalTable(string trie, string routes)
    {
        IPAddress? leaf = null;
        foreach (var line in trie.Split('\n').Select(l => l.Trim()))
        {
            if (line.StartsWith("|-- ", StringComparison.Ordinal)) _ = IPAddress.TryParse(line[4..], out leaf);
            var isOwn = line.EndsWith("LOCAL", StringComparison.Ordinal) || line.EndsWith("BROADCAST", StringComparison.Ordinal);
            if (!isOwn || !line.StartsWith('/') || leaf is null) continue;
            _networks.Add(new IPNetwork(leaf, int.Parse(line[1..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture)));
        }

        foreach (var line in routes.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not { Length: >= 9 } fields) continue;
            if ((uint.Parse(fields[8], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & IsLocal) == 0) continue;
            var bits = int.Parse(fields[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            _networks.Add(new IPNetwork(new IPAddress(Convert.FromHexString(fields[0])), bits));
        }
    }

    public static LocalTable Current() => new(Read("/proc/net/fib_trie"), Read("/proc/net/ipv6_route"));

    /// <summary>Whether sockets can be bound to addresses that are not this machine's.</summary>
    public static bool MayBindToOthers(AddressFamily family) =>
        Read($"/proc/sys/net/{(family == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4")}/ip_nonlocal_bind").Trim() is not ("0" or "");

    public bool Holds(IPAddress address) =>
        _networks.Exists(n => n.BaseAddress.AddressFamily == address.AddressFamily && n.Contains(new IPAddress(address.GetAddressBytes())));

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : "";
}
