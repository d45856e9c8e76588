using System.Globalization;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>Files that lie in memory and have no name (memfd_create). What is written to them is in no process's size until it is mapped.</summary>
internal static class MemoryFiles
{
    private const string Prefix = "/memfd:";
    private const int AtFdCwd = -100;
    private const uint BasicStats = 0x7FF;
    private const long BlockBytes = 512;

    /// <summary>The memory that open files of some processes hold, each file once. What cannot be looked at counts nothing.</summary>
    public static unsafe long Bytes(IEnumerable<int> processes)
    {
        var seen = new HashSet<ulong>();
        var bytes = 0L;
        foreach (var path in processes.SelectMany(Open))
        {
            Statx found;
            if (new FileInfo(path).LinkTarget?.StartsWith(Prefix, StringComparison.Ordinal) != true) continue;
            if (Libc.StatX(AtFdCwd, path, 0, BasicStats, &found) == 0 && seen.Add(found.Inode)) bytes += (long)found.Blocks * BlockBytes;
        }

        return bytes;
    }

    private static string[] Open(int pid)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
