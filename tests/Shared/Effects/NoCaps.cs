using Assay.Kernel.Effects;

namespace Assay.Tests;

/// <summary>The evidence of a process that no test looks at: no cap was in force.</summary>
internal static class NoCaps
{
    private static readonly CapInForce None = new(null, Enforcement.None, "test");

    public static readonly CapsInForce InForce = new()
    {
        Time = None,
        CpuTime = None,
        Memory = None,
        Stdout = None,
        Stderr = None,
        Processes = None,
        Disk = None,
        Isolation = "none",
    };
}
