using System.Text;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// The notes beside copies of how each of them lies there: one file with all, and beside it, once that is there, one with what has changed
/// since. What this process noted it remembers, so that nobody else's note is taken for it; that of a process before is read.
/// </summary>
internal static class SnapshotFile
{
    /// <summary>Of some millions of files.</summary>
    private const long MaxBytes = 1L << 30;

    private const int BufferBytes = 1 << 20;

    /// <summary>Marks a note that names folders; before ADR 30 one began with how many files there are.</summary>
    private const int WithFolders = -2;

    /// <summary>One part of a note in so many is written as what has changed.</summary>
    private const int FewChanges = 10;

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    /// <param name="place">The folder of the copies.</param>
    /// <param name="name">Of which tree it is.</param>
    /// <param name="snapshot">How it lies there.</param>
    /// <param name="over">The tree of which a note is there, from which this one differs little; null: its own.</param>
    public static void Save(FolderHandle place, string name, TreeSnapshot snapshot, string? over = null)
    {
        over ??= name;
        var known = SnapshotMemory.Find(place.Name, over);
        var all = over == name ? known?.All : known?.Snapshot;
        var delta = all is null ? null : SnapshotDelta.Between(all, snapshot);
        var isShort = delta is not null && delta.Count < snapshot.Entries.Count / FewChanges;
        if (isShort) Write(place, Changes(name), writer => delta!.Write(writer, over));
        else
        {
            // Changes to another note than the one that comes would make one that nobody wrote.
            place.Unlink(Changes(name));
            Write(place, All(name), writer => Write(writer, snapshot));
        }

        SnapshotMemory.Keep(place.Name, name, new Noted(isShort ? all : snapshot, snapshot, Stamps(place, name)));
    }

    /// <summary>Reads what was kept beside the copies.</summary>
    /// <exception cref="IOException">It is not there any more, is nothing that was written so, or not what this process wrote.</exception>
    public static TreeSnapshot Load(FolderHandle place, string name)
    {
        if (SnapshotMemory.Find(place.Name, name) is { } own)
        {
            return Stamps(place, name) == own.Stamps
                ? own.Snapshot
                : throw new IOException($"{place.Name}/{All(name)} was changed by somebody");
        }

        try
        {
            var snapshot = Read(place, name);
            SnapshotMemory.Keep(place.Name, name, new Noted(null, snapshot, Stamps(place, name)));
            return snapshot;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or OverflowException)
        {
            throw new IOException($"{place.Name}/{All(name)} is not what was kept there", e);
        }
    }

    /// <summary>Whether there is a note.</summary>
    public static bool Exists(FolderHandle place, string name) => FilesOf(name).Any(f => place.Look(f) is not null);

    /// <summary>Removes a note.</summary>
    public static void Remove(FolderHandle place, string name)
    {
        foreach (var file in FilesOf(name)) place.Unlink(file);
        SnapshotMemory.Forget(place.Name, name);
    }

    /// <summary>The names of all files of a note.</summary>
    public static IReadOnlyList<string> FilesOf(string name) => [All(name), Changes(name)];

    private static string All(string name) => $"{name}.snapshot";

    private static string Changes(string name) => $"{name}.changes";

    private static (FileStamp? All, FileStamp? Changes) Stamps(FolderHandle place, string name) =>
        (place.Look(All(name))?.Stamp, place.Look(Changes(name))?.Stamp);

    private static void Write(FolderHandle place, string file, Action<BinaryWriter> write)
    {
        var content = new MemoryStream(BufferBytes);
        using (var writer = new BinaryWriter(content, Encoding.UTF8, leaveOpen: true)) write(writer);
        place.Write(file, content.GetBuffer().AsSpan(0, (int)content.Length), replaces: true);
    }

    private static TreeSnapshot Read(FolderHandle place, string name)
    {
        using (var changes = place.OpenFile(Changes(name)))
        {
            if (changes.Problem is null)
            {
                using var reader = new BinaryReader(new MemoryStream(changes.ReadAll(MaxBytes)));
                var over = reader.ReadString();
                if (over != name && over != TreeNames.Base) throw new FormatException();
                return SnapshotDelta.Read(reader).Over(over == name ? ReadAll(place, name) : Load(place, over));
            }

            if (!changes.IsMissing) throw new IOException($"{place.Name}/{Changes(name)} {changes.Problem}");
        }

        return ReadAll(place, name);
    }

    private static TreeSnapshot ReadAll(FolderHandle place, string name)
    {
        using var file = place.OpenFile(All(name));

        // Before tests had trees of their own (ADR 30) the work copy alone was noted; what was copied is the same in all of them.
        if (file.IsMissing && name is TreeNames.Base or TreeNames.Origin) return Load(place, TreeNames.Work).Stamped((_, _) => default);
        if (file.Problem is { } problem) throw new IOException($"{place.Name}/{All(name)} {problem}");
        using var reader = new BinaryReader(new MemoryStream(file.ReadAll(MaxBytes)));
        var first = reader.ReadInt32();
        var snapshot = new TreeSnapshot();
        for (var left = first == WithFolders ? reader.ReadInt32() : first; left > 0; left--)
        {
            snapshot.Set(reader.ReadString(), SnapshotFormat.ReadEntry(reader));
        }

        if (first != WithFolders)
        {
            snapshot.AddFoldersOfFiles();
            return snapshot;
        }

        for (var left = reader.ReadInt32(); left > 0; left--) snapshot.SetFolder(reader.ReadString(), SnapshotFormat.ReadStamp(reader));
        return snapshot;
    }

    private static void Write(BinaryWriter writer, TreeSnapshot snapshot)
    {
        writer.Write(WithFolders);
        writer.Write(snapshot.Entries.Count);
        foreach (var (path, entry) in snapshot.Entries)
        {
            writer.Write(path);
            SnapshotFormat.Write(writer, entry);
        }

        writer.Write(snapshot.Folders.Count);
        foreach (var (path, stamp) in snapshot.Folders)
        {
            writer.Write(path);
            SnapshotFormat.Write(writer, stamp);
        }
    }
}
