using Assay.Engine.Processes.Containment;
using Assay.Kernel.Effects;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>The evidence of the cage: what held each promise on this host, in the words of the record.</summary>
internal static class CageReport
{
    /// <summary>Stands in every record above uncaged work.</summary>
    public const string Uncaged = "UNCAGED";

    /// <summary>Mechanism and level in a word.</summary>
    public static string Isolation(SandboxLevel level) =>
        level == SandboxLevel.None ? Uncaged : $"{Cage.MechanismOf(level).ToString().ToLowerInvariant()}:{level.ToString().ToLowerInvariant()}";

    public static CageInForce Of(SandboxLevel level, IContainment containment)
    {
        var end = CageHost.Current.Watcher.Watches ? "landlock domain, watcher" : $"{Holder(containment)}, swept by the next command";
        var caps = Holder(containment);
        var network = Network(level);
        return Cage.MechanismOf(level) switch
        {
            Mechanism.View => new CageInForce(level, caps, $"view{AndLandlock}", $"view{AndLandlock}", network, $"{Signals}, seccomp, own /proc", end),
            Mechanism.Landlock => new CageInForce(level, caps, "landlock", "landlock, contents only", network, $"{Signals}, seccomp", end),
            Mechanism.Bubblewrap => new CageInForce(level, caps, "bubblewrap view", "bubblewrap view", network, "bubblewrap pid namespace, seccomp", end),
            _ => new CageInForce(level, $"{caps}, can be left", "none", "none", "none", Landlock.Abi >= Landlock.ScopeAbi ? "landlock: no signals out" : "none", end),
        };
    }

    private static string AndLandlock => Landlock.Abi > 0 ? ", landlock" : "";

    private static string Signals => Landlock.Abi >= Landlock.ScopeAbi ? "landlock scope" : "signals open";

    private static string Holder(IContainment containment) => containment is ProcessTree ? "polled" : containment.Handle[..containment.Handle.IndexOf(':', StringComparison.Ordinal)];

    private static string Network(SandboxLevel level) => (level, Cage.MechanismOf(level)) switch
    {
        (SandboxLevel.Confined, _) => "all, hosts are not limited",
        (_, Mechanism.View) => "none: network namespace with loopback",
        (_, Mechanism.Bubblewrap) => "none: bubblewrap network namespace with loopback",
        _ => "none: no sockets, seccomp",
    };
}
