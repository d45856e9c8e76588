using System.Text;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What is not in a copy as it was noted, and how it comes back.</summary>
internal sealed class CopyChanges
{
    private readonly TreeSnapshot _expected;
    private readonly List<string> _made = [];
    private readonly List<string> _changed = [];
    private readonly List<string> _madeFolders = [];
    private readonly List<string> _goneFolders = [];
    private readonly List<string> _otherModes = [];
    private readonly List<string> _touched = [];

    private CopyChanges(TreeSnapshot expected) => _expected = expected;

    /// <summary>Files that were made, changed or removed, and folders whose permissions are others.</summary>
    public IReadOnlyList<string> Files => [.. _made, .. _changed, .. _otherModes];

    /// <summary>Files that were put back, of which some may be gone.</summary>
    public IReadOnlyCollection<string> PutBackFiles => [.. _made, .. _changed, .. _touched];

    /// <summary>Whether a folder has something attached that is not taken away.</summary>
    public bool HasAttributes { get; private set; }

    /// <summary>
    /// Looks at every file, and reads those alone that may have changed: what is new counts whatever it holds, and however much.
    /// </summary>
    /// <exception cref="IOException">It cannot be seen to its end.</exception>
    public static CopyChanges Find(FolderHandle copy, TreeSnapshot expected, CancellationToken cancel)
    {
        var (changes, look) = (new CopyChanges(expected), TreeLook.At(copy, expected, [], cancel));
        foreach (var found in look.Files)
        {
            if (!expected.Entries.TryGetValue(found.Path, out var entry)) changes._made.Add(found.Path);
            else if (!IsSame(copy, found, entry, cancel)) changes._changed.Add(found.Path);
            else if (entry.Stamp != default) changes._touched.Add(found.Path);
        }

        // The copy's own repository is renewed; another one was made by the test.
        changes._made.AddRange(look.Repositories.Where(p => p != TreeSnapshot.Repository));
        changes._changed.AddRange(look.GoneFiles);
        changes._madeFolders.AddRange(look.Folders.Select(f => f.Path).Where(p => !expected.Folders.ContainsKey(p)));
        changes._goneFolders.AddRange(look.GoneFolders);
        foreach (var folder in look.Folders.Where(f => expected.Folders.ContainsKey(f.Path))) changes.AddFolder(copy, folder);
        return changes;
    }

    /// <summary>Puts back what was there, and takes away what was not.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="sources">
    /// Trees in which the content may lie; it is taken only when it is the one that is expected. They are disposed of.
    /// </param>
    /// <exception cref="IOException">It cannot be put back.</exception>
    public void PutBack(FolderHandle copy, IReadOnlyList<FolderHandle?> sources)
    {
        try
        {
            foreach (var path in _otherModes) SetMode(copy, path);
            foreach (var path in _made.Concat(_changed).Concat(_touched).Order(StringComparer.Ordinal)) FolderRemoval.Remove(copy, path, WalkBounds.OfTree);
            foreach (var path in _madeFolders) FolderRemoval.Remove(copy, path, WalkBounds.OfTree);
            foreach (var path in _goneFolders) copy.MakeFolder(path).Dispose();
            foreach (var path in _changed.Concat(_touched)) PutBack(copy, path, _expected.Entries[path].Version, sources);
        }
        finally
        {
            foreach (var source in sources) source?.Dispose();
        }
    }

    private static bool IsSame(FolderHandle copy, TreeEntryFound found, TreeEntry entry, CancellationToken cancel)
    {
        var stat = found.Stat;
        var isAlike = TreeEntry.KindOf(stat) == entry.Version.Kind && stat.Mode == entry.Version.Mode;
        var canBe = isAlike && (stat.Kind != FileKind.File || stat.SizeBytes == entry.Version.SizeBytes);
        return canBe && TreeEntry.Read(copy, found.Path, stat, cancel).Version == entry.Version;
    }

    private void AddFolder(FolderHandle copy, TreeEntryFound found)
    {
        if (_expected.Folders[found.Path] is var noted && noted != default && noted.Mode != found.Stat.Stamp.Mode) _otherModes.Add(found.Path);
        using var folder = copy.FindFolder(found.Path);
        HasAttributes |= folder?.HasAttributes() == true;
    }

    private void SetMode(FolderHandle copy, string path)
    {
        using var folder = copy.FindFolder(path);
        folder?.SetMode(_expected.Folders[path].Mode);
    }

    private static void PutBack(FolderHandle copy, string path, FileVersion version, IReadOnlyList<FolderHandle?> sources)
    {
        var content = sources.OfType<FolderHandle>().Select(s => Content(s, path, version)).FirstOrDefault(c => c is not null)
            ?? throw new IOException($"what {path} was before the test cannot be found any more");
        if (version.Kind == EntryKind.Link) copy.WriteLink(path, Encoding.UTF8.GetString(content), replaces: false);
        else copy.WriteNew(path, content, (uint)version.Mode);
    }

    private static byte[]? Content(FolderHandle source, string path, FileVersion version)
    {
        var isThere = source.Look(path) is { } found && TreeEntry.KindOf(found) == version.Kind && found.Kind != FileKind.Folder;
        var content = isThere ? TreeEntry.Bytes(source, path, version.Kind, version.SizeBytes) : null;
        return content is not null && Digest.Of(content) == version.Sha256 ? content : null;
    }
}
