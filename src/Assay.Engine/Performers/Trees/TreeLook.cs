using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What may stand otherwise in a tree than it was noted, by what the file system says of it; nothing is read.</summary>
/// <param name="Files">Files that were not noted, or have another stamp.</param>
/// <param name="GoneFiles">Files that were noted and are there no more.</param>
/// <param name="Folders">Folders that were not noted, or have another stamp.</param>
/// <param name="GoneFolders">Folders that were noted and are there no more.</param>
/// <param name="Repositories">What is a repository's own.</param>
internal sealed record TreeLook(
    IReadOnlyList<TreeEntryFound> Files, IReadOnlyList<string> GoneFiles, IReadOnlyList<TreeEntryFound> Folders,
    IReadOnlyList<string> GoneFolders, IReadOnlyList<string> Repositories)
{
    /// <summary>Looks at every file and folder.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="note">How it was.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TreeLook At(FolderHandle tree, TreeSnapshot note, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        var found = TreeWalk.Compare(tree, note, exclude, cancel);
        var isWhole = found.NotedFiles == note.Entries.Count && found.NotedFolders == note.Folders.Count;

        if (isWhole) return new TreeLook([.. found.Other.Where(f => !IsFolder(f))], [], [.. found.Other.Where(IsFolder)], [], found.Repositories);

        // What is not there has not been met, so a tree that lacks something is looked through once more, and only what that finds counts.
        var all = TreeWalk.List(tree, exclude, cancel);
        var (files, folders) = (all.Where(f => !IsFolder(f)).ToList(), all.Where(IsFolder).ToList());
        return new TreeLook(
            [.. files.Where(f => note.Entries.GetValueOrDefault(f.Path)?.Stamp != f.Stat.Stamp)], Gone(note.Entries.Keys, files),
            [.. folders.Where(f => note.Folders.GetValueOrDefault(f.Path) != f.Stat.Stamp)], Gone(note.Folders.Keys, folders), found.Repositories);
    }

    private static bool IsFolder(TreeEntryFound found) => found.Stat.Kind == FileKind.Folder;

    private static List<string> Gone(IEnumerable<string> noted, IEnumerable<TreeEntryFound> there)
    {
        var paths = there.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return [.. noted.Where(p => !paths.Contains(p)).Order(StringComparer.Ordinal)];
    }
}
