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

    private CopyChanges(TreeSnapshot expected) => _expected = expected;

    /// <summary>Files that were made, changed or removed.</summary>
    public IReadOnlyList<string> Files => [.. _made, .. _changed];

    /// <summary>
    /// Looks at every file, and reads those alone that may have changed: what is new counts whatever it holds, and however much.
    /// </summary>
    /// <exception cref="IOException">It cannot be seen to its end.</exception>
    public static CopyChanges Find(FolderHandle copy, TreeSnapshot expected, CancellationToken cancel)
    {
        var (changes, left) = (new CopyChanges(expected), expected.Entries.Keys.ToHashSet(StringComparer.Ordinal));
        var folders = expected.Folders.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var found in TreeWalk.List(copy, [], changes.FindRepository, cancel))
        {
            if (found.Stat.Kind == FileKind.Folder)
            {
                if (!folders.Remove(found.Path)) changes._madeFolders.Add(found.Path);
            }
            else if (!left.Remove(found.Path)) changes._made.Add(found.Path);
            else if (!IsSame(copy, found, expected.Entries[found.Path], cancel)) changes._changed.Add(found.Path);
        }

        changes._changed.AddRange(left.Order(StringComparer.Ordinal));
        changes._goneFolders.AddRange(folders.Order(StringComparer.Ordinal));
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
            foreach (var path in _made.Concat(_changed)) FolderRemoval.Remove(copy, path, WalkBounds.OfTree);
            foreach (var path in _madeFolders) FolderRemoval.Remove(copy, path, WalkBounds.OfTree);
            foreach (var path in _goneFolders) copy.MakeFolder(path).Dispose();
            foreach (var path in _changed) PutBack(copy, path, _expected.Entries[path].Version, sources);
        }
        finally
        {
            foreach (var source in sources) source?.Dispose();
        }
    }

    private static bool IsSame(FolderHandle copy, TreeEntryFound found, TreeEntry entry, CancellationToken cancel)
    {
        var stat = found.Stat;
        if (stat.Stamp == entry.Stamp) return true;
        var isAlike = TreeEntry.KindOf(stat) == entry.Version.Kind && stat.Mode == entry.Version.Mode;
        var canBe = isAlike && (stat.Kind != FileKind.File || stat.SizeBytes == entry.Version.SizeBytes);
        return canBe && TreeEntry.Read(copy, found.Path, stat, cancel).Version == entry.Version;
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

    /// <summary>The copy's own repository is renewed; another one was made by the test.</summary>
    private void FindRepository(string path)
    {
        if (path != TreeSnapshot.Repository) _made.Add(path);
    }
}
