using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>The clocks of this host, by which leases are taken and judged.</summary>
/// <param name="time">The clock that is set.</param>
/// <param name="bootMs">The one that goes on from the boot, in milliseconds; null: the kernel's.</param>
public sealed partial class HostClock(TimeProvider time, Func<long>? bootMs = null)
{
    private const int ClockBootTime = 7;

    private readonly Func<long> _bootMs = bootMs ?? KernelBootMs;

    /// <summary>The kernel's id of this boot.</summary>
    public static string BootId { get; } = ProcFs.BootId();

    public HostTime Now => new(Environment.MachineName, BootId, time.GetUtcNow(), _bootMs());

    /// <summary>Whether it can be proved that a session's process is gone: same host, and another boot or no such process.</summary>
    public static bool IsGone(WorkerSession session)
    {
        if (session.Host != Environment.MachineName) return false;
        if (session.BootId != BootId) return true;
        return ProcFs.Read(session.ProcessId) is not { } found || found.StartTicks != session.StartTicks || found.State == 'Z';
    }

    private static long KernelBootMs()
    {
        if (ClockGetTime(ClockBootTime, out var time) != 0) throw new IOException("the kernel has no CLOCK_BOOTTIME");
        return (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
