using System.Runtime.InteropServices;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>What the file system says of a path, without following a link.</summary>
/// <param name="Kind">What it is; a folder is null.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Stamp">Changes whenever content, mode or place do, as far as the clock can tell.</param>
internal readonly record struct FileStat(EntryKind? Kind, int Mode, long SizeBytes, FileStamp Stamp)
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int FormatBits = 0xF000;
    private const int FormatFolder = 0x4000;
    private const int FormatFile = 0x8000;
    private const int FormatLink = 0xA000;

    /// <summary>Null when nothing is there.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static unsafe FileStat? Of(string path)
    {
        Statx found;
        if (Libc.StatX(AtFdCwd, path, AtSymlinkNoFollow, BasicStats, &found) != 0)
        {
            return Marshal.GetLastPInvokeError() is Libc.ENOENT or Libc.ENOTDIR ? null : throw new IOException($"{path}: {Libc.LastError()}");
        }

        EntryKind? kind = (found.Mode & FormatBits) switch
        {
            FormatFolder => null,
            FormatFile => EntryKind.File,
            FormatLink => EntryKind.Link,
            _ => EntryKind.Special,
        };
        var mode = kind == EntryKind.Link ? 0x1FF : found.Mode & 0x1FF;
        return new FileStat(kind, mode, (long)found.Size, new FileStamp(found.Inode, found.ModifyTime.Nanoseconds, found.ChangeTime.Nanoseconds, (long)found.Size, found.Mode));
    }

    /// <summary>struct statx of the kernel, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct Statx
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint User;
        public uint Group;
        public ushort Mode;
        public ushort Spare;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public Timestamp AccessTime;
        public Timestamp BirthTime;
        public Timestamp ChangeTime;
        public Timestamp ModifyTime;
        public uint SpecialMajor;
        public uint SpecialMinor;
        public uint DeviceMajor;
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Timestamp
    {
        public long Seconds;
        public uint Fraction;
        public int Reserved;

        public readonly long Nanoseconds => (Seconds * 1_000_000_000) + Fraction;
    }
}

/// <summary>What tells that a file is the one that was looked at before. No program can set the time of its last change.</summary>
internal readonly record struct FileStamp(ulong Inode, long ModifiedNs, long ChangedNs, long SizeBytes, int Mode);
