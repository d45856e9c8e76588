using System.Text;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Lists whole trees, on all processors: a large one is looked at several times for every task. Links are not followed, and what is a
/// repository's own is left out.
/// </summary>
internal static class TreeWalk
{
    /// <summary>Parts for each processor, so that none waits long for the one that has the largest.</summary>
    private const int PartsPerProcessor = 8;

    private static readonly byte[] RepositoryBytes = Encoding.UTF8.GetBytes(TreeSnapshot.Repository);

    /// <summary>Every file and folder, folders before what lies in them.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="repository">Is told of what is a repository's own; by one thread at a time.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a name is no UTF-8.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IEnumerable<TreeEntryFound> List(
        FolderHandle tree, IReadOnlyCollection<string> exclude, Action<string>? repository = null, CancellationToken cancel = default)
    {
        var shallow = new Part("");
        var parts = new Queue<Part>([shallow]);
        var walk = new Walk(tree, exclude, cancel);
        List<Part> done = [];

        // The folders that lie highest are looked into one by one, until there are enough for all processors.
        while (parts.Count is > 0 and var open && open < PartsPerProcessor * Environment.ProcessorCount)
        {
            var next = parts.Dequeue();
            walk.Look(next, isDeep: false);
            done.Add(next);
            foreach (var found in next.Found.Where(f => f.Stat.Kind == FileKind.Folder)) parts.Enqueue(new Part(found.Path));
        }

        Part[] deep = [.. parts];
        InParallel.For(deep.Length, i => walk.Look(deep[i], isDeep: true), cancel, few: 1);
        if (repository is not null)
        {
            foreach (var path in done.Concat(deep).SelectMany(p => p.Repositories)) repository(path);
        }

        return done.Concat(deep).SelectMany(p => p.Found);
    }

    /// <summary>A folder, with what was found in it.</summary>
    private sealed class Part(string path)
    {
        public string Path => path;

        public List<TreeEntryFound> Found { get; } = [];

        public List<string> Repositories { get; } = [];
    }

    private sealed class Walk(FolderHandle tree, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        private long _entries;

        public void Look(Part part, bool isDeep)
        {
            using var folder = Open(part.Path);
            if (folder is null) return;
            using var walk = new FolderWalk(folder, WalkBounds.OfTree, part.Path, cancel);
            while (walk.Next())
            {
                var path = walk.Path;
                var isRepository = walk.Name.SequenceEqual(RepositoryBytes);
                var isLeftOut = isRepository || exclude.Contains(path);
                if (isRepository) part.Repositories.Add(path);
                if (isLeftOut || (!isDeep && walk.Found.Kind == FileKind.Folder)) walk.Skip();
                if (isLeftOut) continue;
                if (!walk.IsText) throw new IOException($"{path}: the name is no UTF-8");
                part.Found.Add(new TreeEntryFound(path, FileStat.Of(walk.Found)));
            }

            if (walk.Problem is { } problem) throw new IOException($"{folder.Name}: {problem}");
            if (Interlocked.Add(ref _entries, walk.Entries) > WalkBounds.OfTree.Entries)
            {
                throw new IOException($"{tree.Name}: it holds more than {WalkBounds.OfTree.Entries} files and folders");
            }
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

/// <summary>What stands in a tree.</summary>
/// <param name="Path">Its path below the tree, with <c>/</c>.</param>
/// <param name="Stat">What the file system says of it.</param>
internal readonly record struct TreeEntryFound(string Path, FileStat Stat);
