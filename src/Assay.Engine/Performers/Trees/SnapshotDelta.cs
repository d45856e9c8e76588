using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What one note has otherwise than another one: by path, and null where there is nothing.</summary>
/// <param name="Files">Files.</param>
/// <param name="Folders">Folders.</param>
internal sealed record SnapshotDelta(IReadOnlyDictionary<string, TreeEntry?> Files, IReadOnlyDictionary<string, FileStamp?> Folders)
{
    /// <summary>How many.</summary>
    public int Count => Files.Count + Folders.Count;

    /// <summary>What has to be done to a snapshot so that it is another one.</summary>
    public static SnapshotDelta Between(TreeSnapshot from, TreeSnapshot to)
    {
        var files = from.Others(to).ToDictionary(o => o.Path, o => o.Now, StringComparer.Ordinal);
        var folders = to.Folders.Where(f => !from.Folders.TryGetValue(f.Key, out var was) || was != f.Value)
            .ToDictionary(f => f.Key, f => (FileStamp?)f.Value, StringComparer.Ordinal);
        foreach (var path in from.Folders.Keys.Where(p => !to.Folders.ContainsKey(p))) folders.Add(path, null);
        return new SnapshotDelta(files, folders);
    }

    /// <summary>The other snapshot.</summary>
    public TreeSnapshot Over(TreeSnapshot from)
    {
        var to = from.Copy();
        foreach (var (path, entry) in Files) to.Set(path, entry);
        foreach (var (path, stamp) in Folders) to.SetFolder(path, stamp);
        return to;
    }

    /// <summary>Writes it, behind the name of the note from which it differs.</summary>
    public void Write(BinaryWriter writer, string over)
    {
        writer.Write(over);
        writer.Write(Files.Count);
        foreach (var (path, entry) in Files)
        {
            writer.Write(path);
            writer.Write(entry is not null);
            if (entry is not null) SnapshotFormat.Write(writer, entry);
        }

        writer.Write(Folders.Count);
        foreach (var (path, stamp) in Folders)
        {
            writer.Write(path);
            writer.Write(stamp is not null);
            if (stamp is { } there) SnapshotFormat.Write(writer, there);
        }
    }

    /// <summary>Reads what stands behind that name.</summary>
    public static SnapshotDelta Read(BinaryReader reader)
    {
        var files = new Dictionary<string, TreeEntry?>(StringComparer.Ordinal);
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var path = reader.ReadString();
            files[path] = reader.ReadBoolean() ? SnapshotFormat.ReadEntry(reader) : null;
        }

        var folders = new Dictionary<string, FileStamp?>(StringComparer.Ordinal);
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var path = reader.ReadString();
            folders[path] = reader.ReadBoolean() ? SnapshotFormat.ReadStamp(reader) : null;
        }

        return new SnapshotDelta(files, folders);
    }
}
