using Assay.Engine;
using Assay.Kernel.Effects;

namespace Assay.Inputs;

/// <summary>What the key <c>disk: memory</c> of a document asks for beside it, and of the host.</summary>
internal static class DiskRule
{
    /// <summary>Why it cannot be; null when it can.</summary>
    /// <param name="place">As the document says.</param>
    /// <param name="level">The level in force.</param>
    /// <param name="diskBytes">The disk cap in force.</param>
    /// <param name="host">This host.</param>
    public static string? Refusal(DiskPlace place, SandboxLevel level, long? diskBytes, HostCapabilities host)
    {
        if (place != DiskPlace.Memory) return null;
        if (level == SandboxLevel.None) return "memory is a file system of the cage's view: choose a level above none";
        if (diskBytes is null) return "memory needs a disk cap, which is its size";
        return host.ViewProblem is { } problem
            ? $"memory needs a view of Assay's own, and {problem}: leave it out, and the cap is polled"
            : null;
    }
}
