using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>What a file system says of its room (statvfs(3)).</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="FreeBytes">What this user may still write.</param>
/// <param name="TotalFiles">All inodes; 0 where they are not counted.</param>
/// <param name="FreeFiles">Inodes that this user may still use.</param>
internal readonly partial record struct FileSystem(long TotalBytes, long FreeBytes, long TotalFiles, long FreeFiles)
{
    /// <summary>The file system of a path; null when that cannot be told.</summary>
    public static unsafe FileSystem? Of(string path)
    {
        Room found;
        return StatVfs(path, &found) == 0
            ? new FileSystem(found.Blocks * found.FragmentBytes, found.AvailableBlocks * found.FragmentBytes, found.Files, found.AvailableFiles)
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatVfs(string path, Room* found);

    /// <summary>struct statvfs of glibc on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 112)]
    private readonly struct Room
    {
        public readonly long BlockBytes;
        public readonly long FragmentBytes;
        public readonly long Blocks;
        public readonly long FreeBlocks;
        public readonly long AvailableBlocks;
        public readonly long Files;
        public readonly long FreeFiles;
        public readonly long AvailableFiles;
    }
}
