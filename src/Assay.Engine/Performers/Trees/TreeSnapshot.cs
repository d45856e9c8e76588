using System.Security.Cryptography;
using System.Text;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>All files of a tree by path, but for repositories' own folders. Folders count only as the places of files.</summary>
internal sealed class TreeSnapshot
{
    /// <summary>A repository's own folder, or the file that points to it; at any depth no part of a tree's content.</summary>
    public const string Repository = ".git";

    /// <summary>Of some millions of files.</summary>
    private const long MaxBytes = 1L << 30;

    private static readonly byte[] RepositoryBytes = Encoding.UTF8.GetBytes(Repository);

    private readonly SortedDictionary<string, TreeEntry> _entries = new(StringComparer.Ordinal);

    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, TreeEntry> Entries => _entries;

    /// <summary>The folders, which are no part of the content, but may be empty.</summary>
    public IReadOnlySet<string> Folders => _folders;

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
    /// <param name="tree">The tree.</param>
    /// <param name="earlier">The earlier look.</param>
    /// <param name="maxBytes">The most that may have to be read, by what the files say of their sizes.</param>
    /// <param name="exclude">Paths that are left out with all below them; null: none.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">Something cannot be read, its name is no UTF-8, or there is too much.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TreeSnapshot Take(
        FolderHandle tree, TreeSnapshot? earlier = null, long maxBytes = long.MaxValue, IReadOnlyCollection<string>? exclude = null,
        CancellationToken cancel = default)
    {
        var snapshot = new TreeSnapshot();
        var left = maxBytes;
        foreach (var (path, found) in Walk(tree, exclude ?? [], cancel: cancel))
        {
            if (found.Kind == FileKind.Folder)
            {
                snapshot._folders.Add(path);
                continue;
            }

            var known = earlier?._entries.GetValueOrDefault(path);
            if (known?.Stamp != found.Stamp)
            {
                if (found.Kind == FileKind.File && (left -= found.SizeBytes) < 0)
                {
                    throw new IOException($"the changed files hold more than {maxBytes} bytes");
                }

                known = TreeEntry.Read(tree, path, found, cancel);
            }

            snapshot._entries.Add(path, known);
        }

        return snapshot;
    }

    /// <summary>The same content as it lies, untouched, in a copy of the tree.</summary>
    /// <exception cref="IOException">The copy does not hold the same files.</exception>
    public TreeSnapshot StampedAt(FolderHandle copy) => Stamped((path, entry) =>
        copy.Look(path) is { } found && found.SizeBytes == entry.Version.SizeBytes ? found.Stamp : throw new IOException($"{path} was not copied"));

    /// <summary>The same content with other stamps. One that is the default makes a later look read the file.</summary>
    public TreeSnapshot Stamped(Func<string, TreeEntry, FileStamp> stamp)
    {
        var stamped = new TreeSnapshot();
        foreach (var (path, entry) in _entries) stamped._entries.Add(path, entry with { Stamp = stamp(path, entry) });
        stamped._folders.UnionWith(_folders);
        return stamped;
    }

    /// <summary>Every file and folder of a tree, folders before what lies in them. Links are not followed.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="repository">Is told of what is a repository's own, which is left out.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IEnumerable<(string Path, FileStat Found)> Walk(
        FolderHandle tree, IReadOnlyCollection<string> exclude, Action<string>? repository = null, CancellationToken cancel = default)
    {
        using var walk = new FolderWalk(tree, WalkBounds.OfTree, cancel);
        while (walk.Next())
        {
            var path = walk.Path;
            if (walk.Name.SequenceEqual(RepositoryBytes) || exclude.Contains(path))
            {
                if (walk.Name.SequenceEqual(RepositoryBytes)) repository?.Invoke(path);
                walk.Skip();
                continue;
            }

            if (!walk.IsText) throw new IOException($"{path}: the name is no UTF-8");
            yield return (path, FileStat.Of(walk.Found));
        }

        if (walk.Problem is { } problem) throw new IOException($"{tree.Name}: {problem}");
    }

    /// <summary>
    /// The same, but that a later look reads these files whatever their stamps say: they may be changed again in this very tick of the clock.
    /// </summary>
    public TreeSnapshot ToBeRead(IReadOnlyCollection<string> paths) =>
        Stamped((path, entry) => paths.Contains(path) ? default : entry.Stamp);

    /// <summary>The same with some paths as they lie there now, of which some may be there no more.</summary>
    /// <exception cref="IOException">One cannot be read.</exception>
    public TreeSnapshot With(FolderHandle tree, IEnumerable<string> paths)
    {
        var next = new TreeSnapshot();
        foreach (var (path, entry) in _entries) next._entries.Add(path, entry);
        next._folders.UnionWith(_folders);
        foreach (var path in paths)
        {
            next._entries.Remove(path);
            if (TreeEntry.Read(tree, path) is not { } entry) continue;
            next._entries.Add(path, entry);
            next.AddFoldersOf(path);
        }

        next._folders.RemoveWhere(f => tree.Look(f) is not { Kind: FileKind.Folder });

        return next;
    }

    /// <summary>The paths at which this one and a later one are not the same.</summary>
    public IEnumerable<string> Differences(TreeSnapshot later)
    {
        foreach (var (path, was) in _entries)
        {
            var now = later._entries.GetValueOrDefault(path);
            if (now is null || (!ReferenceEquals(now, was) && now.Version != was.Version)) yield return path;
        }

        foreach (var path in later._entries.Keys.Where(p => !_entries.ContainsKey(p))) yield return path;
    }

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    /// <param name="place">The folder of the copies, in which nobody has been yet.</param>
    /// <param name="name">Of which tree it is.</param>
    public void Save(FolderHandle place, string name)
    {
        place.Unlink(FileName(name));
        using var writer = new BinaryWriter(new FileStream(place.Create(FileName(name)), FileAccess.Write));
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

        writer.Write(_folders.Count);
        foreach (var folder in _folders) writer.Write(folder);
    }

    /// <summary>Reads what was kept beside the copies.</summary>
    /// <exception cref="IOException">It is not there any more, or is nothing that was written so.</exception>
    public static TreeSnapshot Load(FolderHandle place, string name)
    {
        using var file = place.OpenFile(FileName(name));

        // Before tests had trees of their own (ADR 30) the work copy alone was noted; what was copied is the same in all of them.
        if (file.IsMissing && name is TreeNames.Base or TreeNames.Origin) return Load(place, TreeNames.Work).Stamped((_, _) => default);
        if (file.Problem is { } problem) throw new IOException($"{place.Name}/{FileName(name)} {problem}");
        try
        {
            return Parse(file.ReadAll(MaxBytes));
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new IOException($"{place.Name}/{FileName(name)} is not what was kept there", e);
        }
    }

    private static string FileName(string name) => $"{name}.snapshot";

    private static TreeSnapshot Parse(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var snapshot = new TreeSnapshot();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var path = reader.ReadString();
            var version = new FileVersion((EntryKind)reader.ReadByte(), reader.ReadInt32(), reader.ReadInt64(), Digest.From(reader.ReadBytes(Digest.SizeBytes)));
            version = version with { Target = reader.ReadString() is { Length: > 0 } target ? target : null };
            var stamp = new FileStamp(reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32());
            snapshot._entries.Add(path, new TreeEntry(version, stamp));
        }

        // Before ADR 30 a note ended here.
        if (reader.BaseStream.Position == bytes.Length) foreach (var path in snapshot._entries.Keys) snapshot.AddFoldersOf(path);
        else for (var left = reader.ReadInt32(); left > 0; left--) snapshot._folders.Add(reader.ReadString());
        return snapshot;
    }

    private void AddFoldersOf(string path)
    {
        for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1)) _folders.Add(path[..cut]);
    }
}
