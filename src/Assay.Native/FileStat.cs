using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>What the file system says of a path, without following a link.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permission bits; a link has all of them.</param>
/// <param name="SizeBytes">Its size, which says nothing of the room it takes: a file may have holes.</param>
/// <param name="Stamp">Changes whenever content, mode or place do, as far as the clock can tell.</param>
internal readonly record struct FileStat(FileKind Kind, int Mode, long SizeBytes, FileStamp Stamp)
{
    private const int PermissionBits = 0x1FF;

    /// <summary>What stands at an absolute path; null when nothing does.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static unsafe FileStat? Of(string path)
    {
        Statx found;
        if (Libc.StatX(Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW, Statx.Basic, &found) == 0) return Of(found);
        return Marshal.GetLastPInvokeError() is Libc.ENOENT or Libc.ENOTDIR ? null : throw new IOException($"{path}: {Libc.LastError()}");
    }

    /// <summary>The same for what was looked at already.</summary>
    public static FileStat Of(in Statx found)
    {
        var mode = found.Kind == FileKind.Link ? PermissionBits : found.Mode & PermissionBits;
        var stamp = new FileStamp(found.Inode, found.ModifyTime.Nanoseconds, found.ChangeTime.Nanoseconds, (long)found.Size, found.Mode);
        return new FileStat(found.Kind, mode, (long)found.Size, stamp);
    }
}

/// <summary>What tells that a file is the one that was looked at before. No program can set the time of its last change.</summary>
internal readonly record struct FileStamp(ulong Inode, long ModifiedNs, long ChangedNs, long SizeBytes, int Mode);
