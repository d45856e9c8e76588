using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What may stand otherwise in a tree than it was noted, by what the file system says of it; nothing is read.</summary>
internal sealed class TreeLook
{
    private readonly List<TreeEntryFound> _files = [];
    private readonly List<TreeEntryFound> _folders = [];
    private readonly List<string> _repositories = [];

    /// <summary>Files that were not noted, or have another stamp.</summary>
    public IReadOnlyList<TreeEntryFound> Files => _files;

    /// <summary>Files that were noted and are there no more.</summary>
    public IReadOnlyList<string> GoneFiles { get; private init; } = [];

    /// <summary>Folders that were not noted, or have another stamp.</summary>
    public IReadOnlyList<TreeEntryFound> Folders => _folders;

    /// <summary>Folders that were noted and are there no more.</summary>
    public IReadOnlyList<string> GoneFolders { get; private init; } = [];

    /// <summary>What is a repository's own.</summary>
    public IReadOnlyList<string> Repositories => _repositories;

    /// <summary>Looks at every file and folder.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="note">How it was.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TreeLook At(FolderHandle tree, TreeSnapshot note, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        var first = new TreeLook();
        var (files, folders) = (0, 0);
        var all = TreeWalk.List(tree, exclude, first._repositories.Add, cancel);
        foreach (var found in all)
        {
            if (found.Stat.Kind == FileKind.Folder)
            {
                if (note.Folders.TryGetValue(found.Path, out var stamp)) folders++;
                if (stamp != found.Stat.Stamp) first._folders.Add(found);
            }
            else
            {
                if (note.Entries.TryGetValue(found.Path, out var entry)) files++;
                if (entry?.Stamp != found.Stat.Stamp) first._files.Add(found);
            }
        }

        return new TreeLook(first)
        {
            GoneFiles = files == note.Entries.Count ? [] : Gone(note.Entries.Keys, all, isFolder: false),
            GoneFolders = folders == note.Folders.Count ? [] : Gone(note.Folders.Keys, all, isFolder: true),
        };
    }

    private TreeLook()
    {
    }

    private TreeLook(TreeLook other) => (_files, _folders, _repositories) = (other._files, other._folders, other._repositories);

    private static List<string> Gone(IEnumerable<string> noted, IEnumerable<TreeEntryFound> all, bool isFolder)
    {
        var there = all.Where(f => f.Stat.Kind == FileKind.Folder == isFolder).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return [.. noted.Where(p => !there.Contains(p)).Order(StringComparer.Ordinal)];
    }
}
