using System.Buffers;
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

    private readonly Dictionary<string, TreeEntry> _entries;
    private readonly Dictionary<string, FileStamp> _folders;
    private string[]? _order;
    private Digest? _sha256;

    public TreeSnapshot(int files = 0) => (_entries, _folders) = (new(files, StringComparer.Ordinal), new(StringComparer.Ordinal));

    private TreeSnapshot(TreeSnapshot other)
    {
        _entries = new(other._entries, StringComparer.Ordinal);
        _folders = new(other._folders, StringComparer.Ordinal);
    }

    /// <summary>The files, in no order.</summary>
    public IReadOnlyDictionary<string, TreeEntry> Entries => _entries;

    /// <summary>The folders, which are no part of the content, but may be empty.</summary>
    public IReadOnlyDictionary<string, FileStamp> Folders => _folders;

    /// <summary>The identity of the whole content.</summary>
    public Digest Sha256()
    {
        if (_sha256 is { } known) return known;
        if (_order is null)
        {
            _order = [.. _entries.Keys];
            Array.Sort(_order, StringComparer.Ordinal);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new ArrayBufferWriter<byte>();
        foreach (var path in _order)
        {
            var version = _entries[path].Version;
            line.ResetWrittenCount();
            Encoding.UTF8.GetBytes($"{version.Kind} {Convert.ToString(version.Mode, 8)} {version.Sha256} ", line);
            Encoding.UTF8.GetBytes(path, line);
            line.Write("\0"u8);
            hash.AppendData(line.WrittenSpan);
        }

        return (_sha256 = Digest.From(hash.GetHashAndReset())).Value;
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
        var snapshot = new TreeSnapshot(earlier?._entries.Count ?? 0);
        var (left, changed) = (maxBytes, new List<TreeEntryFound>());
        foreach (var found in TreeWalk.List(tree, exclude ?? [], cancel: cancel))
        {
            if (found.Stat.Kind == FileKind.Folder) snapshot._folders.Add(found.Path, found.Stat.Stamp);
            else if (earlier?._entries.GetValueOrDefault(found.Path) is { } known && known.Stamp == found.Stat.Stamp) snapshot._entries.Add(found.Path, known);
            else if (found.Stat.Kind == FileKind.File && (left -= found.Stat.SizeBytes) < 0)
            {
                throw new IOException($"the changed files hold more than {maxBytes} bytes");
            }
            else changed.Add(found);
        }

        var read = new TreeEntry[changed.Count];
        InParallel.For(changed.Count, i => read[i] = TreeEntry.Read(tree, changed[i].Path, changed[i].Stat, cancel), cancel);
        for (var i = 0; i < read.Length; i++) snapshot._entries.Add(changed[i].Path, read[i]);
        if (earlier is not null && snapshot.HasPathsOf(earlier)) snapshot._order = earlier._order;
        return snapshot;
    }

    /// <summary>The same content as it lies, untouched, in a copy of the tree.</summary>
    /// <exception cref="IOException">The copy does not hold the same files.</exception>
    public TreeSnapshot StampedAt(FolderHandle copy)
    {
        var stamped = new TreeSnapshot(_entries.Count);
        foreach (var (path, found) in TreeWalk.List(copy, []))
        {
            if (found.Kind == FileKind.Folder) stamped._folders.Add(path, found.Stamp);
            else if (_entries.GetValueOrDefault(path) is not { } entry || entry.Version.SizeBytes != found.SizeBytes) throw new IOException($"{path} was not copied");
            else stamped._entries.Add(path, entry with { Stamp = found.Stamp });
        }

        if (stamped._entries.Count != _entries.Count) throw new IOException($"{_entries.Keys.First(p => !stamped._entries.ContainsKey(p))} was not copied");
        return stamped.Like(this);
    }

    /// <summary>The same content with other stamps of the files. One that is the default makes a later look read the file.</summary>
    public TreeSnapshot Stamped(Func<string, TreeEntry, FileStamp> stamp)
    {
        var stamped = new TreeSnapshot(_entries.Count);
        foreach (var (path, entry) in _entries) stamped._entries.Add(path, entry with { Stamp = stamp(path, entry) });
        foreach (var (path, found) in _folders) stamped._folders.Add(path, found);
        return stamped.Like(this);
    }

    /// <summary>
    /// The same, but that a later look reads these files whatever their stamps say: they may be changed again in this very tick of the clock.
    /// </summary>
    public TreeSnapshot ToBeRead(IReadOnlyCollection<string> paths)
    {
        var next = new TreeSnapshot(this);
        foreach (var path in paths)
        {
            if (_entries.TryGetValue(path, out var entry)) next._entries[path] = entry with { Stamp = default };
        }

        return next.Like(this);
    }

    /// <summary>The same, but that a later look reads the files that were changed after a time: they may be changed again in the same tick of the clock.</summary>
    /// <param name="time">The time (see <see cref="TreeFiles.Settled"/>).</param>
    public TreeSnapshot SettledBy(long time)
    {
        var fresh = _entries.Where(e => e.Value.Stamp.ChangedNs >= time).Select(e => e.Key).ToList();
        return fresh.Count == 0 ? this : ToBeRead(fresh);
    }

    /// <summary>The same without pipes, sockets and devices, of which no copies are made.</summary>
    public TreeSnapshot WithoutSpecial()
    {
        var special = _entries.Where(e => e.Value.Version.Kind == EntryKind.Special).Select(e => e.Key).ToList();
        if (special.Count == 0) return this;
        var next = new TreeSnapshot(this);
        foreach (var path in special) next._entries.Remove(path);
        return next;
    }

    /// <summary>The same with some paths as they lie there now, of which some may be there no more.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="files">Files that are there, or were.</param>
    /// <param name="folders">Folders that are there, or were, beside those in which the files lie.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    public TreeSnapshot With(FolderHandle tree, IReadOnlyCollection<string> files, IReadOnlyCollection<string>? folders = null)
    {
        var next = new TreeSnapshot(this);
        var places = new HashSet<string>(folders ?? [], StringComparer.Ordinal);
        foreach (var path in files.Concat(folders ?? [])) AddPlaces(path, places);
        foreach (var path in files)
        {
            next._entries.Remove(path);
            if (TreeEntry.Read(tree, path) is { } entry) next._entries.Add(path, entry);
        }

        foreach (var place in places) next.SetFolder(tree, place);
        if (next.HasPathsOf(this)) next._order = _order;
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

    /// <summary>Adds a file that was noted.</summary>
    public void Add(string path, TreeEntry entry) => _entries.Add(path, entry);

    /// <summary>Adds a folder that was noted.</summary>
    public void AddFolder(string path, FileStamp stamp) => _folders[path] = stamp;

    /// <summary>Adds the folders in which the files lie.</summary>
    public void AddFoldersOfFiles()
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in _entries.Keys) AddPlaces(path, places);
        foreach (var place in places) _folders.TryAdd(place, default);
    }

    private static void AddPlaces(string path, HashSet<string> places)
    {
        for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1)) places.Add(path[..cut]);
    }

    private void SetFolder(FolderHandle tree, string path)
    {
        if (tree.Look(path) is { Kind: FileKind.Folder } found) _folders[path] = found.Stamp;
        else _folders.Remove(path);
    }

    private bool HasPathsOf(TreeSnapshot other) => _entries.Count == other._entries.Count && _entries.Keys.All(other._entries.ContainsKey);

    private TreeSnapshot Like(TreeSnapshot same)
    {
        (_order, _sha256) = (same._order, same._sha256);
        return this;
    }
}
