using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>All files of a tree by path, but for repositories' own folders. Folders count only as the places of files.</summary>
internal sealed class TreeSnapshot
{
    /// <summary>A repository's own folder, or the file that points to it; at any depth no part of a tree's content.</summary>
    public const string Repository = ".git";

    private readonly SortedDictionary<string, TreeEntry> _entries = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, TreeEntry> Entries => _entries;

    /// <summary>The identity of the whole content.</summary>
    public Digest Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, entry) in _entries)
        {
            var version = entry.Version;
            hash.AppendData(Encoding.UTF8.GetBytes($"{version.Kind} {Convert.ToString(version.Mode, 8)} {version.Sha256} {path}\0"));
        }

        return Digest.From(hash.GetHashAndReset());
    }

    /// <summary>Looks at every file, and reads those that are not what they were in an earlier look at the same tree.</summary>
    /// <exception cref="IOException">Something cannot be read, or its name is no UTF-8.</exception>
    public static TreeSnapshot Take(string tree, TreeSnapshot? earlier = null)
    {
        var snapshot = new TreeSnapshot();
        foreach (var (path, found) in Walk(tree, []))
        {
            if (found.Kind is not { } kind) continue;
            var known = earlier?._entries.GetValueOrDefault(path);
            snapshot._entries.Add(path, known is not null && known.Stamp == found.Stamp ? known : TreeEntry.Read(tree, path, found, kind));
        }

        return snapshot;
    }

    /// <summary>The same content as it lies, untouched, in a copy of the tree.</summary>
    /// <exception cref="IOException">The copy does not hold the same files.</exception>
    public TreeSnapshot StampedAt(string copy)
    {
        var stamped = new TreeSnapshot();
        foreach (var (path, entry) in _entries)
        {
            if (FileStat.Of(Path.Combine(copy, path)) is not { } found || found.SizeBytes != entry.Stamp.SizeBytes) throw new IOException($"{path} was not copied");
            stamped._entries.Add(path, entry with { Stamp = found.Stamp });
        }

        return stamped;
    }

    /// <summary>Every file and folder of a tree, folders before what lies in them. Links are not followed.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    public static IEnumerable<(string Path, FileStat Found)> Walk(string tree, IReadOnlyCollection<string> exclude)
    {
        var open = new Stack<string>([""]);
        while (open.TryPop(out var folder))
        {
            foreach (var name in Names(Path.Combine(tree, folder)))
            {
                if (name == Repository) continue;
                var path = folder.Length == 0 ? name : $"{folder}/{name}";
                if (exclude.Contains(path)) continue;
                if (name.Contains('\uFFFD', StringComparison.Ordinal)) throw new IOException($"{path}: the name is no UTF-8");
                if (FileStat.Of(Path.Combine(tree, path)) is not { } found) continue;
                yield return (path, found);
                if (found.Kind is null) open.Push(path);
            }
        }
    }

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    public void Save(string file)
    {
        using var writer = new BinaryWriter(File.Create(file));
        writer.Write(_entries.Count);
        foreach (var (path, entry) in _entries)
        {
            writer.Write(path);
            writer.Write((byte)entry.Version.Kind);
            writer.Write(entry.Version.Mode);
            writer.Write(entry.Version.SizeBytes);
            writer.Write(entry.Version.Sha256.ToArray());
            writer.Write(entry.Version.Target ?? "");
            writer.Write(entry.Stamp.Inode);
            writer.Write(entry.Stamp.ModifiedNs);
            writer.Write(entry.Stamp.ChangedNs);
            writer.Write(entry.Stamp.SizeBytes);
            writer.Write(entry.Stamp.Mode);
        }
    }

    public static TreeSnapshot Load(string file)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        var snapshot = new TreeSnapshot();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var path = reader.ReadString();
            var version = new FileVersion((EntryKind)reader.ReadByte(), reader.ReadInt32(), reader.ReadInt64(), Digest.From(reader.ReadBytes(Digest.SizeBytes)));
            version = version with { Target = reader.ReadString() is { Length: > 0 } target ? target : null };
            var stamp = new FileStamp(reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32());
            snapshot._entries.Add(path, new TreeEntry(version, stamp));
        }

        return snapshot;
    }

    private static FileSystemEnumerable<string> Names(string folder) => new(
        folder, static (ref FileSystemEntry entry) => entry.FileName.ToString(), new EnumerationOptions { AttributesToSkip = FileAttributes.None });
}
