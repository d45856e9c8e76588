using Assay.Engine;
using Assay.Kernel.Effects;

namespace Assay.Inputs;

/// <summary>What the key <c>sandbox</c> of a document asks of this host, and of what runs there.</summary>
internal static class SandboxRule
{
    /// <summary>Refuses a level that this host cannot hold.</summary>
    public static void CheckHost(SandboxLevel level, HostCapabilities host, string pointer, InputRefusal refuse)
    {
        if (level != SandboxLevel.None && host.SandboxProblem is { } missing) refuse(pointer, "sandbox", missing);
    }

    /// <summary>Refuses a level without network for what cannot do without.</summary>
    public static void CheckModelCall(SandboxLevel level, string pointer, InputRefusal refuse)
    {
        if (level is SandboxLevel.Strict or SandboxLevel.Isolated) refuse(pointer, "sandbox", "a model call needs the network: say confined");
    }
}
