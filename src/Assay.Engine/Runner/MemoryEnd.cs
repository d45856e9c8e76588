using System.Text;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner;

/// <summary>
/// What memory had to do with the end of a run whose cap no cgroup holds. There one process alone is refused what passes the cap
/// (<see cref="Rlimits"/>), and then ends in a way of its own, which says nothing of memory to whoever reads its exit code.
/// </summary>
internal static class MemoryEnd
{
    /// <summary>How programs say on standard error that they were refused memory.</summary>
    private static readonly string[] Words =
    [
        "out of memory", "outofmemory", "cannot allocate memory", "memory exhausted", "MemoryError", "bad_alloc", "failed to allocate",

        // dash and other small shells.
        "out of space",
    ];

    /// <summary>Whether a run held more than its cap between two looks, or after the last.</summary>
    /// <param name="caps">Its caps.</param>
    /// <param name="peakBytes">The most that it is known to have held.</param>
    public static bool IsOver(ProcessCaps caps, long peakBytes) => peakBytes > caps.MemoryBytes;

    /// <summary>Whether a run that failed by itself was most likely refused memory: it came near its cap, or says so.</summary>
    /// <param name="caps">Its caps.</param>
    /// <param name="peakBytes">The most that it is known to have held.</param>
    /// <param name="exitCode">Its exit code; null: a signal ended it.</param>
    /// <param name="stderr">What it printed there; null: too much to be kept at hand.</param>
    public static bool IsProbable(ProcessCaps caps, long peakBytes, int? exitCode, byte[]? stderr) =>
        caps.MemoryBytes is { } most && exitCode != 0 && (peakBytes >= Near(most, exitCode) || Says(stderr));

    /// <summary>
    /// Memory from which a failure is put down to it. What crashes has often asked for twice what it held, and was refused that.
    /// </summary>
    private static long Near(long most, int? exitCode) => exitCode is null ? most / 2 : most - (most / 8);

    private static bool Says(byte[]? stderr) =>
        Encoding.UTF8.GetString(stderr ?? []) is var text && Words.Any(w => text.Contains(w, StringComparison.OrdinalIgnoreCase));
}
