using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>How a file and a stamp are written in a note.</summary>
internal static class SnapshotFormat
{
    public static void Write(BinaryWriter writer, TreeEntry entry)
    {
        writer.Write((byte)entry.Version.Kind);
        writer.Write(entry.Version.Mode);
        writer.Write(entry.Version.SizeBytes);
        writer.Write(entry.Version.Sha256.ToArray());
        writer.Write(entry.Version.Target ?? "");
        Write(writer, entry.Stamp);
    }

    public static void Write(BinaryWriter writer, in FileStamp stamp)
    {
        writer.Write(stamp.Inode);
        writer.Write(stamp.ModifiedNs);
        writer.Write(stamp.ChangedNs);
        writer.Write(stamp.SizeBytes);
        writer.Write(stamp.Mode);
    }

    public static TreeEntry ReadEntry(BinaryReader reader)
    {
        var (kind, mode, size) = ((EntryKind)reader.ReadByte(), reader.ReadInt32(), reader.ReadInt64());
        var version = new FileVersion(kind, mode, size, Digest.From(reader.ReadBytes(Digest.SizeBytes)));
        version = version with { Target = reader.ReadString() is { Length: > 0 } target ? target : null };
        return new TreeEntry(version, ReadStamp(reader));
    }

    public static FileStamp ReadStamp(BinaryReader reader) =>
        new(reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32());
}
