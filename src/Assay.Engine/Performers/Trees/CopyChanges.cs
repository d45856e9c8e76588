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
    /// Whether something was touched that is no content: times or attributes of a file, permissions or attributes of a folder. That is not put back.
    /// </summary>
    public bool HasTouched { get; private set; }

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
            else if (entry.Stamp != default) changes.HasTouched = true;
        }

        // The copy's own repository is renewed; another one was made by the test.
        changes._made.AddRange(look.Repositories.Where(p => p != TreeSnapshot.Repository));
        changes._changed.AddRange(look.GoneFiles);
        changes._madeFolders.AddRange(look.Folders.Select(f => f.Path).Where(p => !expected.Folders.ContainsKey(p)));
        changes._goneFolders.AddRange(look.GoneFolders);
        changes.HasTouched |= look.Folders.Any(f => expected.Folders.ContainsKey(f.Path) && !IsPlain(copy, f));
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
        var isAlike = TreeEntry.KindOf(stat) == entry.Version.Kind && stat.Mode == entry.Version.Mode;
        var canBe = isAlike && (stat.Kind != FileKind.File || stat.SizeBytes == entry.Version.SizeBytes);
        return canBe && TreeEntry.Read(copy, found.Path, stat, cancel).Version == entry.Version;
    }

    private static bool IsPlain(FolderHandle copy, TreeEntryFound found)
    {
        using var folder = copy.FindFolder(found.Path);
        return folder?.IsPlain(copy.Itself().Stamp.Mode) ?? true;
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
