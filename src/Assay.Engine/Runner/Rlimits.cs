using Assay.Engine.Native;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>
/// A second line behind the polled caps: one process alone cannot pass them even between two looks. They are inherited, so they must be
/// there before a process can start others.
/// </summary>
/// <param name="caps">The caps.</param>
/// <param name="isPolled">Whether memory and processes are polled as well.</param>
internal sealed unsafe class Rlimits(ProcessCaps caps, bool isPolled)
{
    private const long OtherThreads = 1024;

    /// <summary>Whether there is anything to limit.</summary>
    public bool AreNeeded => caps is { DiskBytes: not null } or { CpuTimeMs: not null }
        || (isPolled && caps is { MemoryBytes: not null } or { Processes: not null });

    /// <summary>Sets them for a process that waits.</summary>
    public void Set(int pid)
    {
        if (caps.CpuTimeMs is { } cpu) Limit(pid, Libc.RLIMIT_CPU, (ulong)((cpu + 999) / 1000), 1);
        if (caps.DiskBytes is { } disk) Limit(pid, Libc.RLIMIT_FSIZE, (ulong)disk, 0);
        if (caps.MemoryBytes is { } memory && isPolled) Limit(pid, Libc.RLIMIT_DATA, (ulong)memory, 0);

        // Counts all threads of the user, other runs' and those to come among them, so it only bounds what can grow between two looks. It
        // does not bind root (ruling 6).
        if (caps.Processes is { } processes && isPolled)
        {
            Limit(pid, Libc.RLIMIT_NPROC, (ulong)(processes + ProcFs.ThreadsOfUser() + OtherThreads), 0);
        }

        Limit(pid, Libc.RLIMIT_CORE, 0, 0);
    }

    private static void Limit(int pid, int resource, ulong soft, ulong slack)
    {
        var limit = new Libc.RLimit { Soft = soft, Hard = soft + slack };
        _ = Libc.PRLimit(pid, resource, &limit, null);
    }
}
