using System.Runtime.InteropServices;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// The clocks of the host on which the file lies, by which the store judges leases and wake times: whoever calls names durations.
/// </summary>
public sealed partial class HostClock
{
    private const int ClockBootTime = 7;

    private readonly Func<HostTime> _now;

    /// <param name="time">The clock that is set; null: the system's.</param>
    /// <param name="bootMs">The one that goes on from the boot, in milliseconds; null: the kernel's.</param>
    public HostClock(TimeProvider? time = null, Func<long>? bootMs = null)
    {
        var (utc, boot) = (time ?? TimeProvider.System, bootMs ?? KernelBootMs);
        _now = () => new HostTime(Environment.MachineName, BootId, utc.GetUtcNow(), boot());
    }

    /// <param name="now">Both clocks of a host, which may be another than this one.</param>
    internal HostClock(Func<HostTime> now) => _now = now;

    internal HostTime Now => _now();

    private static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static long KernelBootMs()
    {
        if (ClockGetTime(ClockBootTime, out var time) != 0) throw new IOException("the kernel has no CLOCK_BOOTTIME");
        return (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
