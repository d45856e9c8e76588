using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// A file system in memory in place of a run's folder, so that the kernel itself refuses what is over the disk cap. It is mounted in the
/// run's view alone; the engine reaches it through its descriptor, and it is gone with the last that holds it.
/// </summary>
internal sealed unsafe class MemoryDisk : IDisposable
{
    private const long SetText = 1;
    private const long Create = 6;
    private const long CloseOnExec = 1;
    private const ulong Attributes = MountTree.NoSetUid | MountTree.NoDevices;
    private const long BytesAnEntry = 4096;
    private const long FewEntries = 1024;

    private readonly MountTree _tree;

    /// <param name="bytes">The most that it holds, rounded down to whole pages.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public MemoryDisk(long bytes)
    {
        var pages = Math.Max(1, bytes / Environment.SystemPageSize);
        using var words = new NativeStrings(
            ["tmpfs", "size", $"{pages * Environment.SystemPageSize}", "nr_inodes", $"{Math.Max(FewEntries, bytes / BytesAnEntry)}", "mode", "0700"]);
        var context = (int)Libc.Syscall(SyscallNumbers.FsOpen, (long)words.Array[0], CloseOnExec, 0, 0, 0, 0);
        if (context < 0) throw Failed();
        try
        {
            for (var i = 1; i < 7; i += 2)
            {
                if (Libc.Syscall(SyscallNumbers.FsConfig, context, SetText, (long)words.Array[i], (long)words.Array[i + 1], 0, 0) != 0)
                {
                    throw Failed();
                }
            }

            if (Libc.Syscall(SyscallNumbers.FsConfig, context, Create, 0, 0, 0, 0) != 0) throw Failed();
            var mount = (int)Libc.Syscall(SyscallNumbers.FsMount, context, CloseOnExec, (long)Attributes, 0, 0, 0);
            if (mount < 0) throw Failed();
            _tree = new MountTree(mount);
        }
        finally
        {
            _ = Libc.Close(context);
        }
    }

    /// <summary>Its descriptor here.</summary>
    public int Descriptor => _tree.Fd;

    /// <summary>Where this process finds it.</summary>
    public string Path => $"/proc/self/fd/{_tree.Fd}";

    public long UsedBytes => FileSystem.Of(Path) is { } room ? room.TotalBytes - room.FreeBytes : 0;

    /// <summary>Has the spawning thread put it at a path that is there.</summary>
    public void AttachAt(SyscallScript script, string path) => _tree.AttachAt(script, path);

    public void Dispose() => _tree.Dispose();

    private static IOException Failed() => new($"a file system in memory cannot be made: {Libc.LastError()}");
}
