using System.Collections.Immutable;
using Assay.Engine;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Inputs;

/// <summary>Checks the keys <c>hosts</c> and <c>network</c> of a document, and <c>network_max_bytes</c> of its budgets.</summary>
internal static class NetworkRule
{
    private const int MostPorts = 32;

    /// <summary>What network is granted; null: none, so that documents that say nothing mean what they meant.</summary>
    public static NetworkReach? Load(GrantKeys keys, SandboxLevel level, HostCapabilities host, string pointer, InputRefusal refuse)
    {
        if (Problem(keys, level, host) is var (key, message)) refuse($"{pointer}/{key}", "network", message);
        if (keys.NetworkMaxBytes is not null && keys.Hosts.IsEmpty)
        {
            refuse($"{pointer}/budgets/network_max_bytes", "network", "means nothing without hosts: list them, or remove it");
        }

        if (keys.Network is not null) return NetworkReach.All;
        return keys.Hosts.IsEmpty ? null : new NetworkReach(Hosts(keys.Hosts, $"{pointer}/hosts", refuse));
    }

    /// <summary>
    /// What Assay's own model call is granted. Where nothing can be listed it has the host's network, since nothing in it is a stranger's,
    /// and its record says so.
    /// </summary>
    public static Grants ForModel(Grants grants, HostCapabilities host) =>
        host.HostsProblem is null || grants.Network is not null ? grants : grants with { Network = NetworkReach.All };

    private static (string Key, string Message)? Problem(GrantKeys keys, SandboxLevel level, HostCapabilities host) => (keys, level) switch
    {
        ({ Network: null, Hosts.IsEmpty: true }, _) => null,
        (_, SandboxLevel.None) => ("sandbox", "hosts and network mean nothing with sandbox none, which has the host's network: remove them, or choose a level"),
        (_, SandboxLevel.Strict) => ("sandbox", "strict has no network: say confined, which has what hosts lists"),
        ({ Network: not null }, not SandboxLevel.Confined) => ("network", "the host's own network goes only with sandbox confined"),
        ({ Network: not null, Hosts.IsEmpty: false }, _) => ("network", "all makes the list of hosts mean nothing: remove one of them"),
        ({ Hosts.IsEmpty: false }, _) when host.HostsProblem is { } missing => ("hosts", missing),
        _ => null,
    };

    private static ImmutableArray<AllowedHost> Hosts(ImmutableArray<string> lines, string pointer, InputRefusal refuse)
    {
        var hosts = ImmutableArray.CreateBuilder<AllowedHost>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) refuse($"{pointer}/{i}", "host", "is empty: name what may be reached, as in api.example.com:443");
            else if (lines[i].Contains(',', StringComparison.Ordinal))
            {
                refuse($"{pointer}/{i}", "host", $"{lines[i]} are several: each is an entry of its own (--host once for each)");
            }
            else if (AllowedHost.TryParse(lines[i], out var host, out var problem)) hosts.Add(host);
            else refuse($"{pointer}/{i}", "host", $"{lines[i]} {problem}");
        }

        if (hosts.Select(h => h.Port).Distinct().Count() > MostPorts) refuse(pointer, "host", $"there are more than {MostPorts} different ports");
        return hosts.ToImmutable();
    }
}
