using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// The notes beside copies of how each of them lies there. What this process noted it remembers, so that nobody else's note is taken for it;
/// that of a process before is read.
/// </summary>
internal static class SnapshotFile
{
    /// <summary>Of some millions of files.</summary>
    private const long MaxBytes = 1L << 30;

    private const int BufferBytes = 1 << 20;

    /// <summary>Marks the note as one that names folders; before ADR 30 it began with how many files there are.</summary>
    private const int WithFolders = -2;

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    /// <param name="place">The folder of the copies, in which nobody has been yet.</param>
    /// <param name="name">Of which tree it is.</param>
    /// <param name="snapshot">How it lies there.</param>
    public static void Save(FolderHandle place, string name, TreeSnapshot snapshot)
    {
        place.Unlink(FileName(name));
        using (var writer = new BinaryWriter(new FileStream(place.Create(FileName(name)), FileAccess.Write, BufferBytes)))
        {
            writer.Write(WithFolders);
            writer.Write(snapshot.Entries.Count);
            foreach (var (path, entry) in snapshot.Entries)
            {
                writer.Write(path);
                Write(writer, entry);
            }

            writer.Write(snapshot.Folders.Count);
            foreach (var (path, stamp) in snapshot.Folders)
            {
                writer.Write(path);
                Write(writer, stamp);
            }
        }

        SnapshotMemory.Keep(place.Name, name, place.Look(FileName(name))!.Value.Stamp, snapshot);
    }

    /// <summary>Whether there is a note.</summary>
    public static bool Exists(FolderHandle place, string name) => place.Look(FileName(name)) is { Kind: FileKind.File };

    /// <summary>Removes the note.</summary>
    public static void Remove(FolderHandle place, string name) => place.Unlink(FileName(name));

    /// <summary>Reads what was kept beside the copies.</summary>
    /// <exception cref="IOException">It is not there any more, is nothing that was written so, or not what this process wrote.</exception>
    public static TreeSnapshot Load(FolderHandle place, string name)
    {
        using var file = place.OpenFile(FileName(name));

        // Before tests had trees of their own (ADR 30) the work copy alone was noted; what was copied is the same in all of them.
        if (file.IsMissing && name is TreeNames.Base or TreeNames.Origin) return Load(place, TreeNames.Work).Stamped((_, _) => default);
        if (file.Problem is { } problem) throw new IOException($"{place.Name}/{FileName(name)} {problem}");
        if (SnapshotMemory.Find(place.Name, name) is { } own)
        {
            return place.Look(FileName(name))?.Stamp == own.Stamp ? own.Snapshot : throw new IOException($"{place.Name}/{FileName(name)} was changed by somebody");
        }

        try
        {
            return Parse(file.ReadAll(MaxBytes));
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or OverflowException)
        {
            throw new IOException($"{place.Name}/{FileName(name)} is not what was kept there", e);
        }
    }

    private static string FileName(string name) => $"{name}.snapshot";

    private static TreeSnapshot Parse(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var first = reader.ReadInt32();
        var left = first == WithFolders ? reader.ReadInt32() : first;
        var snapshot = new TreeSnapshot();
        for (; left > 0; left--)
        {
            var path = reader.ReadString();
            var version = new FileVersion((EntryKind)reader.ReadByte(), reader.ReadInt32(), reader.ReadInt64(), Digest.From(reader.ReadBytes(Digest.SizeBytes)));
            version = version with { Target = reader.ReadString() is { Length: > 0 } target ? target : null };
            snapshot.Add(path, new TreeEntry(version, ReadStamp(reader)));
        }

        if (first != WithFolders) snapshot.AddFoldersOfFiles();
        else for (left = reader.ReadInt32(); left > 0; left--) snapshot.AddFolder(reader.ReadString(), ReadStamp(reader));
        return snapshot;
    }

    private static void Write(BinaryWriter writer, TreeEntry entry)
    {
        writer.Write((byte)entry.Version.Kind);
        writer.Write(entry.Version.Mode);
        writer.Write(entry.Version.SizeBytes);
        writer.Write(entry.Version.Sha256.ToArray());
        writer.Write(entry.Version.Target ?? "");
        Write(writer, entry.Stamp);
    }

    private static void Write(BinaryWriter writer, in FileStamp stamp)
    {
        writer.Write(stamp.Inode);
        writer.Write(stamp.ModifiedNs);
        writer.Write(stamp.ChangedNs);
        writer.Write(stamp.SizeBytes);
        writer.Write(stamp.Mode);
    }

    private static FileStamp ReadStamp(BinaryReader reader) =>
        new(reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32());
}
