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
    private ContentIdentity? _identity;

    /// <summary>One of an empty tree.</summary>
    public TreeSnapshot(int files = 0) => (_entries, _folders) = (new(files, StringComparer.Ordinal), new(StringComparer.Ordinal));

    private TreeSnapshot(TreeSnapshot other)
    {
        _entries = new(other._entries, StringComparer.Ordinal);
        _folders = new(other._folders, StringComparer.Ordinal);
        (_order, _identity) = (other._order, other._identity);
    }

    /// <summary>The files, in no order.</summary>
    public IReadOnlyDictionary<string, TreeEntry> Entries => _entries;

    /// <summary>The folders, which are no part of the content, but may be empty.</summary>
    public IReadOnlyDictionary<string, FileStamp> Folders => _folders;

    /// <summary>The files, to be found without a text for each path.</summary>
    public Dictionary<string, TreeEntry>.AlternateLookup<ReadOnlySpan<char>> FilesByPath =>
        _entries.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The folders, likewise.</summary>
    public Dictionary<string, FileStamp>.AlternateLookup<ReadOnlySpan<char>> FoldersByPath =>
        _folders.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The identity of the whole content.</summary>
    public Digest Sha256()
    {
        if (_identity is { } known) return known.Sha256;

        // Several may ask at once: nobody sees an order that is not one yet.
        var order = _order;
        if (order is null)
        {
            order = [.. _entries.Keys];
            Array.Sort(order, StringComparer.Ordinal);
            _order = order;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new ArrayBufferWriter<byte>();
        foreach (var path in order)
        {
            var version = _entries[path].Version;
            line.ResetWrittenCount();
            line.Write(KindName(version.Kind));
            Encoding.UTF8.GetBytes(Convert.ToString(version.Mode, 8), line);
            line.Write(" "u8);
            version.Sha256.WriteHex(line.GetSpan(Digest.SizeBytes * 2));
            line.Advance(Digest.SizeBytes * 2);
            line.Write(" "u8);
            Encoding.UTF8.GetBytes(path, line);
            line.Write("\0"u8);
            hash.AppendData(line.WrittenSpan);
        }

        _identity = new ContentIdentity(Digest.From(hash.GetHashAndReset()));
        return _identity.Sha256;
    }

    /// <summary>Looks at every file, and reads it.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Paths that are left out with all below them; null: none.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">Something cannot be read, or its name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TreeSnapshot Take(FolderHandle tree, IReadOnlyCollection<string>? exclude = null, CancellationToken cancel = default) =>
        new TreeSnapshot().Now(tree, exclude, cancel);

    /// <summary>The same tree as it lies there now. Only files whose stamp is another one are read.</summary>
    /// <exception cref="IOException">Something cannot be read, or its name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TreeSnapshot Now(FolderHandle tree, IReadOnlyCollection<string>? exclude = null, CancellationToken cancel = default)
    {
        var look = TreeLook.At(tree, this, exclude ?? [], cancel);
        var next = new TreeSnapshot(this);
        foreach (var path in look.GoneFiles) next.Set(path, null);
        foreach (var (path, entry) in Read(tree, look.Files, cancel)) next.Set(path, entry);
        foreach (var path in look.GoneFolders) next._folders.Remove(path);
        foreach (var folder in look.Folders) next._folders[folder.Path] = folder.Stat.Stamp;
        return next;
    }

    /// <summary>
    /// What is not there any more as it was noted: by path, and null where nothing is. Only files whose stamp is another one are read.
    /// </summary>
    /// <param name="tree">The tree.</param>
    /// <param name="maxBytes">The most that may have to be read, by what the files say of their sizes.</param>
    /// <param name="exclude">Paths that are left out with all below them; null: none.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">Something cannot be read, its name is no UTF-8, or there is too much.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyDictionary<string, TreeEntry?> Changes(
        FolderHandle tree, long maxBytes = long.MaxValue, IReadOnlyCollection<string>? exclude = null, CancellationToken cancel = default)
    {
        var look = TreeLook.At(tree, this, exclude ?? [], cancel);
        var left = maxBytes;
        foreach (var file in look.Files.Where(f => f.Stat.Kind == FileKind.File))
        {
            if ((left -= file.Stat.SizeBytes) < 0) throw new IOException($"the changed files hold more than {maxBytes} bytes");
        }

        return Changes(tree, look, cancel);
    }

    /// <summary>The same for a tree that was looked at already.</summary>
    public IReadOnlyDictionary<string, TreeEntry?> Changes(FolderHandle tree, TreeLook look, CancellationToken cancel)
    {
        var changes = new SortedDictionary<string, TreeEntry?>(StringComparer.Ordinal);
        foreach (var path in look.GoneFiles) changes.Add(path, null);
        foreach (var (path, entry) in Read(tree, look.Files, cancel))
        {
            if (_entries.GetValueOrDefault(path)?.Version != entry.Version) changes.Add(path, entry);
        }

        return changes;
    }

    /// <summary>The same content as it lies, untouched, in a copy of the tree.</summary>
    /// <exception cref="IOException">The copy does not hold the same files.</exception>
    public TreeSnapshot StampedAt(FolderHandle copy)
    {
        var found = TreeWalk.List(copy, []).ToDictionary(f => f.Path, f => f.Stat, StringComparer.Ordinal);
        var stamped = Stamped((path, entry) => found.TryGetValue(path, out var there) && there.SizeBytes == entry.Version.SizeBytes
            ? there.Stamp
            : throw new IOException($"{path} was not copied"));
        stamped._folders.Clear();
        foreach (var (path, folder) in found.Where(f => f.Value.Kind == FileKind.Folder)) stamped._folders.Add(path, folder.Stamp);
        var isSame = stamped._entries.Count + stamped._folders.Count == found.Count;
        return isSame ? stamped : throw new IOException($"{copy.Name} holds more than was copied");
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
    /// The same, but that a later look reads these files whatever their stamps say: they may be changed again in this very tick of the
    /// clock.
    /// </summary>
    public TreeSnapshot ToBeRead(IReadOnlyCollection<string> paths)
    {
        var next = new TreeSnapshot(this);
        foreach (var path in paths)
        {
            if (_entries.TryGetValue(path, out var entry)) next._entries[path] = entry with { Stamp = default };
        }

        return next;
    }

    /// <summary>
    /// The same, but that a later look reads the files that were changed after a time: they may be changed again in the same tick of
    /// the clock.
    /// </summary>
    /// <param name="time">The time (see <see cref="TreeFiles.Settled"/>).</param>
    public TreeSnapshot SettledBy(long time)
    {
        var fresh = _entries.Where(e => e.Value.Stamp.ChangedNs >= time).Select(e => e.Key).ToList();
        return fresh.Count == 0 ? this : ToBeRead(fresh);
    }

    /// <summary>
    /// The same, in which files that had to be read, and were found as noted, have the stamps that they have now, unless they were
    /// changed after a time.
    /// </summary>
    /// <param name="tree">The tree.</param>
    /// <param name="time">A time before they were read (see <see cref="TreeFiles.Settled"/>).</param>
    public TreeSnapshot Found(FolderHandle tree, long time)
    {
        var read = _entries.Where(e => e.Value.Stamp == default).ToList();
        if (read.Count == 0) return this;
        var next = new TreeSnapshot(this);
        foreach (var (path, entry) in read)
        {
            if (tree.Look(path) is { } found && found.Stamp.ChangedNs < time) next._entries[path] = entry with { Stamp = found.Stamp };
        }

        return next;
    }

    /// <summary>The same without pipes, sockets and devices, of which no copies are made.</summary>
    public TreeSnapshot WithoutSpecial()
    {
        var special = _entries.Where(e => e.Value.Version.Kind == EntryKind.Special).Select(e => e.Key).ToList();
        if (special.Count == 0) return this;
        var next = new TreeSnapshot(this);
        foreach (var path in special) next.Set(path, null);
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

        // What stands above comes first: behind a link that has taken the place of a folder there is nothing of the tree's.
        foreach (var path in files.Order(StringComparer.Ordinal)) next.Set(path, next.IsBelowFile(path) ? null : TreeEntry.Read(tree, path));
        foreach (var place in places)
        {
            var found = next._entries.ContainsKey(place) || next.IsBelowFile(place) ? null : tree.Look(place);
            next.SetFolder(place, found is { Kind: FileKind.Folder } folder ? folder.Stamp : null);
        }

        return next;
    }

    /// <summary>The paths at which this one and a later one are not the same.</summary>
    public IEnumerable<string> Differences(TreeSnapshot later) =>
        Others(later).Where(o => o.Was?.Version != o.Now?.Version).Select(o => o.Path);

    /// <summary>
    /// Files of which the two do not have the very same note. Where one was made of the other that is found out in a moment.
    /// </summary>
    public IEnumerable<(string Path, TreeEntry? Was, TreeEntry? Now)> Others(TreeSnapshot later)
    {
        using var these = _entries.GetEnumerator();
        using var those = later._entries.GetEnumerator();
        var (isThis, isThat) = (these.MoveNext(), those.MoveNext());
        while (isThis && isThat && ReferenceEquals(these.Current.Key, those.Current.Key))
        {
            var ((path, was), now) = (these.Current, those.Current.Value);
            if (!ReferenceEquals(was, now) && was != now) yield return (path, was, now);
            (isThis, isThat) = (these.MoveNext(), those.MoveNext());
        }

        for (; isThis; isThis = these.MoveNext())
        {
            var (path, was) = these.Current;
            var now = later._entries.GetValueOrDefault(path);
            if (!ReferenceEquals(was, now) && was != now) yield return (path, was, now);
        }

        for (; isThat; isThat = those.MoveNext())
        {
            if (!_entries.ContainsKey(those.Current.Key)) yield return (those.Current.Key, null, those.Current.Value);
        }
    }

    /// <summary>One of its own, to be changed.</summary>
    public TreeSnapshot Copy() => new(this);

    /// <summary>Notes a file; null: there is none.</summary>
    public void Set(string path, TreeEntry? entry)
    {
        var count = _entries.Count;
        if (_entries.GetValueOrDefault(path)?.Version != entry?.Version) _identity = null;
        if (entry is null) _entries.Remove(path);
        else _entries[path] = entry;
        if (_entries.Count != count) _order = null;
    }

    /// <summary>Notes a folder; null: there is none.</summary>
    public void SetFolder(string path, FileStamp? stamp)
    {
        if (stamp is { } there) _folders[path] = there;
        else _folders.Remove(path);
    }

    /// <summary>Adds the folders in which the files lie.</summary>
    public void AddFoldersOfFiles()
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in _entries.Keys) AddPlaces(path, places);
        foreach (var place in places) _folders.TryAdd(place, default);
    }

    private static ReadOnlySpan<byte> KindName(EntryKind kind) => kind switch
    {
        EntryKind.File => "File "u8,
        EntryKind.Link => "Link "u8,
        _ => "Special "u8,
    };

    private bool IsBelowFile(string path)
    {
        for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1))
        {
            if (_entries.ContainsKey(path[..cut])) return true;
        }

        return false;
    }

    private static void AddPlaces(string path, HashSet<string> places)
    {
        for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1)) places.Add(path[..cut]);
    }

    private static IEnumerable<(string Path, TreeEntry Entry)> Read(
        FolderHandle tree, IReadOnlyList<TreeEntryFound> files, CancellationToken cancel)
    {
        var read = new TreeEntry[files.Count];
        InParallel.For(read.Length, i => read[i] = TreeEntry.Read(tree, files[i].Path, files[i].Stat, cancel), cancel);
        return read.Select((entry, i) => (files[i].Path, entry));
    }

    /// <summary>
    /// The same, of which it is known that it has the content of another one: what was found out of that need not be again.
    /// </summary>
    public TreeSnapshot Like(TreeSnapshot same)
    {
        (_order, _identity) = (same._order, same._identity);
        return this;
    }

    private sealed record ContentIdentity(Digest Sha256);
}
