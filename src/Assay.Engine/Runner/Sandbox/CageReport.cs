using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Network;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>The evidence of the cage: what held each promise on this host.</summary>
internal static class CageReport
{
    /// <summary>Stands in every record above uncaged work.</summary>
    public const string Uncaged = "UNCAGED";

    private static readonly Promise Nothing = new(Holding.None, []);

    private static bool KeepsSignals => Landlock.Abi >= Landlock.ScopeAbi;

    /// <summary>Mechanism and level in a word.</summary>
    public static string Isolation(SandboxLevel level) => level == SandboxLevel.None ? Uncaged : $"{WireName<Mechanism>.Of(Cage.MechanismOf(level))}:{WireName<SandboxLevel>.Of(level)}";

    public static CageInForce Of(RunProcess effect, IContainment containment)
    {
        var level = effect.Sandbox;
        var (caps, end, network) = (Caps(level, containment), End(containment), Network(effect));
        return Cage.MechanismOf(level) switch
        {
            Mechanism.View => new CageInForce(level, caps, View(), View(), network, Others("own /proc"), end),
            Mechanism.Landlock => new CageInForce(
                level, caps, Kernel("landlock"), new Promise(Holding.ContentsOnly, ["landlock"]), network, Others(), end),
            Mechanism.Bubblewrap => new CageInForce(
                level, caps, Kernel("bubblewrap view"), Kernel("bubblewrap view"), network, Kernel("bubblewrap pid namespace", "seccomp"), end),
            Mechanism.Missing => new CageInForce(
                level, caps, Nothing, Nothing, Nothing, KeepsSignals ? new Promise(Holding.None, ["landlock: signals only"]) : Nothing, end),
            var mechanism => throw new InvalidOperationException($"unknown mechanism {mechanism}"),
        };
    }

    private static Promise View() => Landlock.Abi > 0 ? Kernel("view", "landlock") : Kernel("view");

    private static Promise Caps(SandboxLevel level, IContainment containment) => containment is ProcessTree
        ? new Promise(Holding.Polled, ["proc"])
        : level == SandboxLevel.None ? new Promise(Holding.Polled, [containment.Kind, "proc"]) : Kernel(containment.Kind);

    private static Promise Others(params string[] more) =>
        new(KeepsSignals ? Holding.Kernel : Holding.SignalsOpen, [.. KeepsSignals ? ["landlock scope", "seccomp"] : (string[])["seccomp"], .. more]);

    private static Promise End(IContainment containment) =>
        CageHost.Current.Watcher.Watches ? Kernel("landlock domain", "watcher") : new Promise(Holding.Polled, [containment.Kind, "next command"]);

    private static Promise Network(RunProcess effect) => Cage.MechanismOf(effect.Sandbox) switch
    {
        _ when effect.Network.IsOpen => Nothing,
        Mechanism.View or Mechanism.Bubblewrap when NetworkGate.IsFor(effect) && CageHost.Current.HostsProblem is null =>
            Kernel("network namespace", "gate"),
        Mechanism.View => Kernel("network namespace"),
        Mechanism.Bubblewrap => Kernel("bubblewrap network namespace"),
        _ => Kernel("seccomp: no sockets"),
    };

    private static Promise Kernel(params string[] by) => new(Holding.Kernel, [.. by]);
}
