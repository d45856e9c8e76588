using System.Text;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Looks through whole trees, on all processors: a large one is looked at several times for every task. Links are not followed, and what is
/// a repository's own is left out.
/// </summary>
internal static class TreeWalk
{
    /// <summary>Parts for each processor, so that none waits long for the one that has the largest.</summary>
    private const int PartsPerProcessor = 8;

    private static readonly byte[] RepositoryBytes = Encoding.UTF8.GetBytes(TreeSnapshot.Repository);

    /// <summary>Every file and folder, folders before what lies in them.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<TreeEntryFound> List(FolderHandle tree, IReadOnlyCollection<string> exclude, CancellationToken cancel = default) =>
        Compare(tree, new TreeSnapshot(), exclude, cancel).Other;

    /// <summary>The same, of which only that is kept which is not as it was noted.</summary>
    public static TreeWalkFound Compare(FolderHandle tree, TreeSnapshot note, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        var walk = new Walk(tree, note, exclude, cancel);
        var waiting = new Queue<Part>([new Part("")]);
        List<Part> done = [];

        // The folders that lie highest are looked into one by one, until there are enough for all processors.
        while (waiting.Count is > 0 and var open && open < PartsPerProcessor * Environment.ProcessorCount)
        {
            var next = waiting.Dequeue();
            walk.Look(next, isDeep: false);
            done.Add(next);
            foreach (var path in next.Folders) waiting.Enqueue(new Part(path));
        }

        Part[] deep = [.. waiting];
        InParallel.For(deep.Length, i => walk.Look(deep[i], isDeep: true), cancel, few: 1);
        done.AddRange(deep);
        return new TreeWalkFound(
            [.. done.SelectMany(p => p.Other)], [.. done.SelectMany(p => p.Repositories)], done.Sum(p => p.NotedFiles), done.Sum(p => p.NotedFolders));
    }

    /// <summary>A folder, with what was found in it.</summary>
    private sealed class Part(string path)
    {
        public string Path => path;

        public List<TreeEntryFound> Other { get; } = [];

        public List<string> Repositories { get; } = [];

        /// <summary>What lies in it, when only that was looked at.</summary>
        public List<string> Folders { get; } = [];

        public int NotedFiles { get; set; }

        public int NotedFolders { get; set; }
    }

    private sealed class Walk(FolderHandle tree, TreeSnapshot note, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        private readonly HashSet<string> _exclude = new(exclude, StringComparer.Ordinal);
        private readonly Dictionary<string, TreeEntry>.AlternateLookup<ReadOnlySpan<char>> _files = note.FilesByPath;
        private readonly Dictionary<string, FileStamp>.AlternateLookup<ReadOnlySpan<char>> _folders = note.FoldersByPath;
        private long _entries;

        public void Look(Part part, bool isDeep)
        {
            using var folder = Open(part.Path);
            if (folder is null) return;
            var leftOut = _exclude.GetAlternateLookup<ReadOnlySpan<char>>();
            using var walk = new FolderWalk(folder, WalkBounds.OfTree, part.Path, cancel);
            while (walk.Next())
            {
                var path = walk.PathChars;
                var isRepository = walk.Name.SequenceEqual(RepositoryBytes);
                if (isRepository) part.Repositories.Add(walk.Path);
                if (isRepository || (_exclude.Count > 0 && leftOut.Contains(path)))
                {
                    walk.Skip();
                    continue;
                }

                if (!walk.IsText) throw new IOException($"{walk.Path}: the name is no UTF-8");
                if (!isDeep && walk.Found.Kind == FileKind.Folder)
                {
                    part.Folders.Add(walk.Path);
                    walk.Skip();
                }

                var found = FileStat.Of(walk.Found);
                if (!IsAsNoted(part, path, found)) part.Other.Add(new TreeEntryFound(walk.Path, found));
            }

            if (walk.Problem is { } problem) throw new IOException($"{folder.Name}: {problem}");
            if (Interlocked.Add(ref _entries, walk.Entries) > WalkBounds.OfTree.Entries)
            {
                throw new IOException($"{tree.Name}: it holds more than {WalkBounds.OfTree.Entries} files and folders");
            }
        }

        private bool IsAsNoted(Part part, ReadOnlySpan<char> path, in FileStat found)
        {
            if (found.Kind == FileKind.Folder)
            {
                if (!_folders.TryGetValue(path, out var stamp)) return false;
                part.NotedFolders++;
                return stamp == found.Stamp;
            }

            if (!_files.TryGetValue(path, out var entry)) return false;
            part.NotedFiles++;
            return entry.Stamp == found.Stamp;
        }

        /// <summary>A folder that was seen a moment before; null when it is none any more.</summary>
        private FolderHandle? Open(string path)
        {
            try
            {
                return tree.FindFolder(path);
            }
            catch (IOException) when (tree.Look(path) is not { Kind: FileKind.Folder })
            {
                return null;
            }
        }
    }
}

/// <summary>What a walk found.</summary>
/// <param name="Other">Files and folders that were not noted, or have another stamp; folders before what lies in them.</param>
/// <param name="Repositories">What is a repository's own.</param>
/// <param name="NotedFiles">How many of the noted files are there.</param>
/// <param name="NotedFolders">How many of the noted folders.</param>
internal sealed record TreeWalkFound(IReadOnlyList<TreeEntryFound> Other, IReadOnlyList<string> Repositories, int NotedFiles, int NotedFolders);

/// <summary>What stands in a tree.</summary>
/// <param name="Path">Its path below the tree, with <c>/</c>.</param>
/// <param name="Stat">What the file system says of it.</param>
internal readonly record struct TreeEntryFound(string Path, FileStat Stat);
