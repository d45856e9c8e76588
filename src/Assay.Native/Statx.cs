using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>struct statx of the kernel, the same on every architecture (statx(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct Statx
{
    /// <summary>STATX_BASIC_STATS: all that is asked for here.</summary>
    public const uint Basic = 0x7FF;

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

    /// <summary>What it is, by the format bits of its mode (inode(7)).</summary>
    public readonly FileKind Kind => (FileKind)(Mode & 0xF000);

    /// <summary>Names the file whatever its path.</summary>
    public readonly FileIdentity Identity => new(DeviceMajor, DeviceMinor, Inode);

    [StructLayout(LayoutKind.Sequential)]
    internal struct Timestamp
    {
        public long Seconds;
        public uint Fraction;
        public int Reserved;

        public readonly long Nanoseconds => (Seconds * 1_000_000_000) + Fraction;
    }
}

/// <summary>What a path leads to; the values are the format bits of a mode (inode(7)).</summary>
internal enum FileKind
{
    Unknown = 0,
    Pipe = 0x1000,
    CharacterDevice = 0x2000,
    Folder = 0x4000,
    BlockDevice = 0x6000,
    File = 0x8000,
    Link = 0xA000,
    Socket = 0xC000,
}

/// <summary>A file of this host, whatever its path.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);
