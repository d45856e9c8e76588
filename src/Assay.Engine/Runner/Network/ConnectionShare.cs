using Assay.Native;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// Connections of all runs of this process together: each takes two of its descriptors, and the engine needs some to measure and to record,
/// whatever runs do.
/// </summary>
internal static class ConnectionShare
{
    private const long Reserve = 256;
    private const int DescriptorsOfEach = 2;

    private static readonly long Most = Math.Max(8, (OpenFilesAllowed() - Reserve) / DescriptorsOfEach / 2);

    private static long _taken;

    /// <summary>Takes room for one; false: there is none.</summary>
    public static bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Most) return true;
        Release();
        return false;
    }

    public static void Release() => Interlocked.Decrement(ref _taken);

    private static unsafe long OpenFilesAllowed()
    {
        Libc.RLimit limit;
        return Libc.PRLimit(0, Libc.RLIMIT_NOFILE, null, &limit) == 0 ? (long)Math.Min((ulong)limit.Soft, int.MaxValue) : Reserve;
    }
}
